/* reconstruction
 * gaussian_learned: mu[n, 8], x[n, 2, 2, 2], logvar[1], nll[n, 1] */
static void gaussian_learned(int n, int task, const float *restrict mu,
    const float *restrict x, const float *restrict logvar, double *restrict nll)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int i = begin; i < end; i++) {
    double sum[8] = {0};
    for (int j = 0; j < 8; j += 8) {
      for (int lane = 0; lane < 8; lane++) {
        const float d = mu[i * 8 + j + lane] - x[i * 8 + j + lane];
        const float s = -13.815511F + lathe_softplusf(logvar[0] - -13.815511F);
        const float term = d * d * lathe_expf(-s) + s;
        sum[lane] += term;
      }
    }
    for (int lane = 1; lane < 8; lane++)
      sum[0] += sum[lane];
    nll[i] = 0.5 * sum[0] + 7.351508265637382;
  }
}
