/* encoder.1: gelu   (test.lathe:6)
 * gelu_grad: dy[n, 3], x[n, 3] */
static void encoder_1_gelu_grad(int n, int task, float *restrict dy,
    const float *restrict x)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const dy_row = dy + r * 3;
    const float *const x_row = x + r * 3;
    for (int c = 0; c < 3; c++) {
      dy_row[c] = dy_row[c] * lathe_gelu_slopef(x_row[c]);
    }
  }
}
