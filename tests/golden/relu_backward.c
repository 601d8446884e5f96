/* encoder.1: relu   (test.lathe:6)
 * relu_grad: dy[n, 20], act[n, 20] */
static void encoder_1_relu_grad(int n, int task, float *restrict dy,
    const float *restrict act)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const dy_row = dy + r * 20;
    const float *const act_row = act + r * 20;
    for (int c = 0; c < 20; c++) {
      const float dy_value = dy_row[c];
      dy_row[c] = act_row[c] > 0.0F ? dy_value : 0.0F;
    }
  }
}
