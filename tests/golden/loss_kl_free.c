/* kl_open
 * free_bits: mean[n, 2], logvar[n, 2], open[2] */
static void free_bits(int n, const float *restrict mean,
    const float *restrict logvar, float *restrict open)
{
  double sum[2] = {0};
  for (int r = 0; r < n; r++)
    for (int c = 0; c < 2; c++)
      sum[c] += (double)mean[r * 2 + c] * mean[r * 2 + c] +
          (expm1(logvar[r * 2 + c]) - logvar[r * 2 + c]);
  for (int c = 0; c < 2; c++) {
    open[c] = sum[c] <= n * 1.0 ? 0.0F : 1.0F;
  }
}

/* kl
 * kl_free: mean[n, 2], logvar[n, 2], open[2], kl[n, 1] */
static void kl_free(int n, int task, const float *restrict mean,
    const float *restrict logvar, const float *restrict open, double *restrict kl)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int i = begin; i < end; i++) {
    double sum = 0;
    for (int j = 0; j < 2; j++) {
      const double m = mean[i * 2 + j];
      const double l = logvar[i * 2 + j];
      const double held = 1.0;
      const double all = m * m + (expm1(l) - l);
      const double term = open[j] > 0 ? all : held;
      sum += term;
    }
    kl[i] = 0.5 * sum;
  }
}
