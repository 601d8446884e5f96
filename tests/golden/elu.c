/* encoder.0: linear 3; elu, alpha 0.5   (test.lathe:5)
 * linear + bias + elu: x[n, 4], w[3, 4], b[3], y[n, 3] */
static void encoder_0_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  lathe_dots(end - begin, 3, 4, x + begin * 4, 4, w, 4, y + begin * 3, 3);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 3;
    for (int c = 0; c < 3; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 > 0.0F ? bias1 : 0.5F * lathe_expm1f(bias1);
    }
  }
}
