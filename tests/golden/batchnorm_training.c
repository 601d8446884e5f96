/* encoder.1: batchnorm   (test.lathe:6)
 * moments: x[n, 3, 3, 4], moments[3, 4] */
static void encoder_1_moments(int n, const float *restrict x, float *restrict moments)
{
  const double count = (double)n * 9;
  double mean[4] = {0};
  for (int r = 0; r < n * 9; r++)
    for (int c = 0; c < 4; c++)
      mean[c] += x[r * 4 + c];
  for (int c = 0; c < 4; c++) {
    mean[c] /= count;
  }
  double square[4] = {0};
  for (int r = 0; r < n * 9; r++)
    for (int c = 0; c < 4; c++)
      square[c] += (x[r * 4 + c] - mean[c]) * (x[r * 4 + c] - mean[c]);
  for (int c = 0; c < 4; c++) {
    const double variance = square[c] / count;
    moments[c] = (float)mean[c];
    moments[4 + c] = (float)variance;
    moments[8 + c] = (float)(1 / sqrt(variance + 1e-05));
  }
}

/* encoder.1: batchnorm   (test.lathe:6)
 * running_update: moments[3, 4], running_mean[4], running_var[4] */
static void encoder_1_running_update(int n, const float *restrict moments,
    float *restrict running_mean, float *restrict running_var)
{
  const double count = (double)n * 9;
  const float unbiased = (float)(count > 1 ? count / (count - 1) : 1);
  for (int c = 0; c < 4; c++) {
    running_mean[c] += 0.1F * (moments[c] - running_mean[c]);
    running_var[c] += 0.1F * (unbiased * moments[4 + c] - running_var[c]);
  }
}

/* encoder.1: batchnorm   (test.lathe:6)
 * normalise: x[n, 3, 3, 4], moments[3, 4], gamma[4], beta[4], y[n, 3, 3, 4] */
static void encoder_1_normalise(int n, int task, const float *restrict x,
    const float *restrict moments, const float *restrict gamma, const float *restrict beta,
    float *restrict y)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin * 9; r < end * 9; r++) {
    const float *const x_row = x + r * 4;
    float *const y_row = y + r * 4;
    for (int c = 0; c < 4; c++) {
      y_row[c] = (x_row[c] - moments[c]) * moments[8 + c] * gamma[c] + beta[c];
    }
  }
}
