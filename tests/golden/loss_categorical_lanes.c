/* d.decoder.0
 * categorical_grad: logits[n, 64], x[n, 1, 2, 2], dlogits[n, 2, 2, 16] */
static void categorical_grad(int n, int task, const float *restrict logits,
    const float *restrict x, float seed, float *restrict dlogits)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int v = begin * 4; v < end * 4; v++) {
    const float *const l = logits + v * 16;
    float *const d = dlogits + v * 16;
    float highest[8], sums[8] = {0};
    for (int k = 0; k < 8; k++)
      highest[k] = l[k];
    for (int k = 8; k < 16; k += 8)
      for (int lane = 0; lane < 8; lane++)
        highest[lane] = l[k + lane] > highest[lane] ? l[k + lane] : highest[lane];
    for (int lane = 1; lane < 8; lane++)
      highest[0] = highest[lane] > highest[0] ? highest[lane] : highest[0];
    const float most = highest[0];
    for (int k = 0; k < 16; k += 8)
      for (int lane = 0; lane < 8; lane++)
        sums[lane] += lathe_expf(l[k + lane] - most);
    for (int lane = 1; lane < 8; lane++)
      sums[0] += sums[lane];
    const float total = sums[0];
    const float share = seed / total;
    for (int k = 0; k < 16; k++)
      d[k] = lathe_expf(l[k] - most) * share;
    d[level_of(x[v])] -= seed;
  }
}
