/* kl
 * kl: mean[n, 2], logvar[n, 2], kl[n, 1] */
static void kl(int n, int task, const float *restrict mean,
    const float *restrict logvar, double *restrict kl)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int i = begin; i < end; i++) {
    double sum = 0;
    for (int j = 0; j < 2; j++) {
      const double m = mean[i * 2 + j];
      const double l = logvar[i * 2 + j];
      const double term = m * m + (expm1(l) - l);
      sum += term;
    }
    kl[i] = 0.5 * sum;
  }
}
