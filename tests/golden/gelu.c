/* encoder.1: gelu   (test.lathe:6)
 * gelu: x[n, 3], y[n, 3] */
static void encoder_1_gelu(int n, int task, const float *restrict x,
    float *restrict y)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    const float *const x_row = x + r * 3;
    float *const y_row = y + r * 3;
    for (int c = 0; c < 3; c++) {
      y_row[c] = lathe_geluf(x_row[c]);
    }
  }
}
