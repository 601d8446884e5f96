/* encoder.1: elu, alpha 0.5   (test.lathe:6)
 * elu_grad: dy[n, 3], act[n, 3] */
static void encoder_1_elu_grad(int n, int task, float *restrict dy,
    const float *restrict act)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const dy_row = dy + r * 3;
    const float *const act_row = act + r * 3;
    for (int c = 0; c < 3; c++) {
      const float dy_value = dy_row[c];
      dy_row[c] = act_row[c] > 0.0F ? dy_value : dy_value * (act_row[c] + 0.5F);
    }
  }
}
