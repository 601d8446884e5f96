/* reconstruction
 * gaussian: mu[n, 6], x[n, 6], nll[n, 1] */
static void gaussian(int n, int task, const float *restrict mu,
    const float *restrict x, double *restrict nll)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int i = begin; i < end; i++) {
    double sum = 0;
    for (int j = 0; j < 6; j++) {
      const float d = mu[i * 6 + j] - x[i * 6 + j];
      const float term = d * d;
      sum += term;
    }
    nll[i] = 1.0 * sum + 3.4341896575482007;
  }
}
