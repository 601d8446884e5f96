/* reconstruction
 * bernoulli: logits[n, 24], x[n, 24], nll[n, 1] */
static void bernoulli(int n, int task, const float *restrict logits,
    const float *restrict x, double *restrict nll)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int i = begin; i < end; i++) {
    double sum[8] = {0};
    for (int j = 0; j < 24; j += 8) {
      for (int lane = 0; lane < 8; lane++) {
        const float l = logits[i * 24 + j + lane];
        const float most = l > 0 ? l : 0;
        const float term = most - l * x[i * 24 + j + lane] + lathe_log1p_expf(most - (l - most));
        sum[lane] += term;
      }
    }
    for (int lane = 1; lane < 8; lane++)
      sum[0] += sum[lane];
    nll[i] = sum[0];
  }
}
