/* decoder.0
 * gaussian_learned_grad: mu[n, 8], x[n, 2, 2, 2], logvar[4, 2], dlogvar[n, 8] */
static void gaussian_learned_grad(int n, int task, const float *restrict mu,
    const float *restrict x, const float *restrict logvar, float seed, float *restrict dlogvar)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    const float *const mu_row = mu + r * 8;
    const float *const x_row = x + r * 8;
    float *const dlogvar_row = dlogvar + r * 8;
    for (int c = 0; c < 8; c++) {
      dlogvar_row[c] = 0.5F * lathe_sigmoidf(logvar[c] - -13.815511F) * (1.0F - (mu_row[c] -
          x_row[c]) * (mu_row[c] - x_row[c]) / (1e-06F + lathe_expf(logvar[c]))) * seed;
    }
  }
}

/* d.decoder.0
 * gaussian_learned_mean_grad: mu[n, 8], x[n, 2, 2, 2], logvar[4, 2] */
static void gaussian_learned_mean_grad(int n, int task, float *restrict mu,
    const float *restrict x, const float *restrict logvar, float seed)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const mu_row = mu + r * 8;
    const float *const x_row = x + r * 8;
    for (int c = 0; c < 8; c++) {
      mu_row[c] = (mu_row[c] - x_row[c]) / (1e-06F + lathe_expf(logvar[c])) * seed;
    }
  }
}
