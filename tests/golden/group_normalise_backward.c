/* encoder.1: groupnorm 2   (test.lathe:6)
 * group_normalise_grad: dy[n, 4, 4, 4], act[n, 4, 4, 4], moments[n, 2, 2], dx[n, 4, 4, 4] */
static void encoder_1_group_normalise_grad(int n, int task, const float *restrict dy,
    const float *restrict act, const float *restrict moments, float *restrict dx)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    for (int g = 0; g < 2; g++) {
      const int first = i * 64 + g * 2;
      double sum[2] = {0};
      for (int r = 0; r < 16; r++) {
        for (int c = first + r * 4; c < first + r * 4 + 2; c += 2) {
          for (int lane = 0; lane < 2; lane++)
            sum[lane] += dy[c + lane];
        }
      }
      for (int lane = 1; lane < 2; lane++)
        sum[0] += sum[lane];
      double dot[2] = {0};
      for (int r = 0; r < 16; r++) {
        for (int c = first + r * 4; c < first + r * 4 + 2; c += 2) {
          for (int lane = 0; lane < 2; lane++)
            dot[lane] += (double)dy[c + lane] * act[c + lane];
        }
      }
      for (int lane = 1; lane < 2; lane++)
        dot[0] += dot[lane];
      const float scale = moments[i * 4 + 2 + g];
      const float mean = (float)(sum[0] / 32);
      const float slope = (float)(dot[0] / 32);
      for (int r = 0; r < 16; r++) {
        for (int c = first + r * 4; c < first + r * 4 + 2; c++)
          dx[c] = scale * (dy[c] - mean - act[c] * slope);
      }
    }
  }
}
