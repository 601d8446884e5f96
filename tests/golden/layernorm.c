/* encoder.1: layernorm   (test.lathe:6)
 * group_moments: x[n, 4, 4, 4], moments[n, 2, 1] */
static void encoder_1_group_moments(int n, int task, const float *restrict x,
    float *restrict moments)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    const int first = i * 64;
    double sum[16] = {0};
    for (int c = first; c < first + 64; c += 16) {
      for (int lane = 0; lane < 16; lane++)
        sum[lane] += x[c + lane];
    }
    for (int lane = 1; lane < 16; lane++)
      sum[0] += sum[lane];
    const double mean = sum[0] / 64;
    double square[16] = {0};
    for (int c = first; c < first + 64; c += 16) {
      for (int lane = 0; lane < 16; lane++)
        square[lane] += (x[c + lane] - mean) * (x[c + lane] - mean);
    }
    for (int lane = 1; lane < 16; lane++)
      square[0] += square[lane];
    moments[i * 2] = (float)mean;
    moments[i * 2 + 1] = (float)(1 / sqrt(square[0] / 64 + 1e-05));
  }
}
