/* The level that is nearest to a value of the input. */
static inline int level_of(float x)
{
  const float level = (x - 0.0F) * 2.0F + 0.5F;
  return level >= 2 ? 2 : level > 0 ? (int)level : 0;
}

/* reconstruction
 * categorical: logits[n, 24], x[n, 2, 2, 2], nll[n, 1] */
static void categorical(int n, int task, const float *restrict logits,
    const float *restrict x, double *restrict nll)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    double sum = 0;
    for (int v = i * 8; v < (i + 1) * 8; v++) {
      const float *const l = logits + v / 2 * 6 + v % 2;
      float most = l[0], total = 0;
      for (int k = 1; k < 3; k++)
        most = l[k * 2] > most ? l[k * 2] : most;
      for (int k = 0; k < 3; k++)
        total += lathe_expf(l[k * 2] - most);
      sum += log((double)total) + (double)(most - l[level_of(x[v]) * 2]);
    }
    nll[i] = sum;
  }
}
