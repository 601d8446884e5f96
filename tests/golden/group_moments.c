/* encoder.1: groupnorm 2   (test.lathe:6)
 * group_moments: x[n, 4, 4, 4], moments[n, 2, 2] */
static void encoder_1_group_moments(int n, int task, const float *restrict x,
    float *restrict moments)
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
            sum[lane] += x[c + lane];
        }
      }
      for (int lane = 1; lane < 2; lane++)
        sum[0] += sum[lane];
      const double mean = sum[0] / 32;
      double square[2] = {0};
      for (int r = 0; r < 16; r++) {
        for (int c = first + r * 4; c < first + r * 4 + 2; c += 2) {
          for (int lane = 0; lane < 2; lane++)
            square[lane] += (x[c + lane] - mean) * (x[c + lane] - mean);
        }
      }
      for (int lane = 1; lane < 2; lane++)
        square[0] += square[lane];
      moments[i * 4 + g] = (float)mean;
      moments[i * 4 + 2 + g] = (float)(1 / sqrt(square[0] / 32 + 1e-05));
    }
  }
}
