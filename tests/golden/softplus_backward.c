/* encoder.1: softplus   (test.lathe:6)
 * softplus_grad: dy[n, 3], act[n, 3] */
static void encoder_1_softplus_grad(int n, int task, float *restrict dy,
    const float *restrict act)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const dy_row = dy + r * 3;
    const float *const act_row = act + r * 3;
    for (int c = 0; c < 3; c++) {
      dy_row[c] = dy_row[c] * -lathe_expm1f(-act_row[c]);
    }
  }
}
