/* reconstruction
 * gaussian_predicted: y[n, 16], x[n, 2, 2, 2], nll[n, 1] */
static void gaussian_predicted(int n, int task, const float *restrict y,
    const float *restrict x, double *restrict nll)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int i = begin; i < end; i++) {
    double sum = 0;
    for (int v = i * 8; v < (i + 1) * 8; v++) {
      const float *const p = y + v / 2 * 4 + v % 2;
      const float d = p[0] - x[v];
      const float s = -13.815511F + lathe_softplusf(p[2] - -13.815511F);
      sum += d * d * lathe_expf(-s) + s;
    }
    nll[i] = 0.5 * sum + 7.351508265637382;
  }
}
