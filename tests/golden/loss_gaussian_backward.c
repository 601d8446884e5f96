/* d.decoder.0
 * gaussian_grad: mu[n, 6], x[n, 6] */
static void gaussian_grad(int n, int task, float *restrict mu,
    const float *restrict x, float seed)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const mu_row = mu + r * 6;
    const float *const x_row = x + r * 6;
    for (int c = 0; c < 6; c++) {
      mu_row[c] = (mu_row[c] - x_row[c]) / 0.5F * seed;
    }
  }
}
