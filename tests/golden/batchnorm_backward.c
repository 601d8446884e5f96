/* encoder.1: batchnorm   (test.lathe:6)
 * channel_dot: dy[n, 36], x[n, 3, 3, 4], moments[3, 4], dgamma[4] */
static void encoder_1_channel_dot(int n, const float *restrict dy, const float *restrict x,
    const float *restrict moments, float *restrict dgamma)
{
  double dot[4] = {0};
  for (int r = 0; r < n * 9; r++)
    for (int c = 0; c < 4; c++)
      dot[c] += (double)dy[r * 4 + c] * (x[r * 4 + c] - moments[c]);
  for (int c = 0; c < 4; c++) {
    dgamma[c] = (float)(dot[c] * moments[8 + c]);
  }
}

/* encoder.1: batchnorm   (test.lathe:6)
 * channel_sum: dy[n, 36], db[4] */
static void encoder_1_channel_sum(int n, const float *restrict dy, float *restrict db)
{
  double sum[4] = {0};
  for (int r = 0; r < n * 9; r++)
    for (int c = 0; c < 4; c++)
      sum[c] += dy[r * 4 + c];
  for (int c = 0; c < 4; c++) {
    db[c] = (float)sum[c];
  }
}

/* encoder.1: batchnorm   (test.lathe:6)
 * normalise_grad: dy[n, 36], x[n, 3, 3, 4], moments[3, 4], gamma[4], dgamma[4], dbeta[4] */
static void encoder_1_normalise_grad(int n, int task, float *restrict dy,
    const float *restrict x, const float *restrict moments, const float *restrict gamma,
    const float *restrict dgamma, const float *restrict dbeta)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin * 9; r < end * 9; r++) {
    float *const dy_row = dy + r * 4;
    const float *const x_row = x + r * 4;
    for (int c = 0; c < 4; c++) {
      dy_row[c] = gamma[c] * moments[8 + c] * (dy_row[c] - (dbeta[c] + (x_row[c] - moments[c]) *
          moments[8 + c] * dgamma[c]) / (float)(n * 9));
    }
  }
}
