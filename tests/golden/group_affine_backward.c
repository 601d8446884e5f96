/* encoder.1: groupnorm 2   (test.lathe:6)
 * channel_product: dy[n, 64], x[n, 4, 4, 4], dgamma[4] */
static void encoder_1_channel_product(int n, const float *restrict dy, const float *restrict x,
    float *restrict dgamma)
{
  double sum[4] = {0};
  for (int r = 0; r < n * 16; r++)
    for (int c = 0; c < 4; c++)
      sum[c] += (double)dy[r * 4 + c] * x[r * 4 + c];
  for (int c = 0; c < 4; c++) {
    dgamma[c] = (float)sum[c];
  }
}

/* encoder.1: groupnorm 2   (test.lathe:6)
 * scale: dy[n, 64], gamma[4] */
static void encoder_1_scale(int n, int task, float *restrict dy,
    const float *restrict gamma)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin * 16; r < end * 16; r++) {
    float *const dy_row = dy + r * 4;
    for (int c = 0; c < 4; c++) {
      dy_row[c] = dy_row[c] * gamma[c];
    }
  }
}
