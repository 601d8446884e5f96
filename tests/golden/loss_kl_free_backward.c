/* d.mean.part
 * kl_free_grad_mean: mean[n, 2], open[2] */
static void kl_free_grad_mean(int n, int task, float *restrict mean,
    const float *restrict open, float seed)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const mean_row = mean + r * 2;
    for (int c = 0; c < 2; c++) {
      mean_row[c] = mean_row[c] * open[c] * seed;
    }
  }
}

/* d.logvar.part
 * kl_free_grad_logvar: logvar[n, 2], open[2], dlogvar[n, 2] */
static void kl_free_grad_logvar(int n, int task, const float *restrict logvar,
    const float *restrict open, float seed, float *restrict dlogvar)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    const float *const logvar_row = logvar + r * 2;
    float *const dlogvar_row = dlogvar + r * 2;
    for (int c = 0; c < 2; c++) {
      dlogvar_row[c] = 0.5F * (lathe_expf(logvar_row[c]) - 1.0F) * open[c] * seed;
    }
  }
}
