/* encoder.3: linear 8, bias off; relu   (test.lathe:8)
 * linear + relu: x[n, 6, 6, 4], w[8, 36, 4], y[n, 8]; 2.3 kFLOP an image */
static void encoder_3_linear(int n, int task, const float *restrict x,
    const float *restrict w, float *restrict y)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  lathe_dots(end - begin, 8, 144, x + begin * 144, 144, w, 144, y + begin * 8, 8);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 8;
    for (int c = 0; c < 8; c++) {
      const float x_value = y_row[c];
      y_row[c] = x_value < 0.0F ? 0.0F : x_value;
    }
  }
}
