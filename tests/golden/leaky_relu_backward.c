/* encoder.1: leaky_relu, slope 0.2   (test.lathe:6)
 * leaky_relu_grad: dy[n, 3], act[n, 3] */
static void encoder_1_leaky_relu_grad(int n, int task, float *restrict dy,
    const float *restrict act)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const dy_row = dy + r * 3;
    const float *const act_row = act + r * 3;
    for (int c = 0; c < 3; c++) {
      const float dy_value = dy_row[c];
      dy_row[c] = act_row[c] > 0.0F ? dy_value : 0.2F * dy_value;
    }
  }
}
