/* decoder.0: linear [6, 2, 2]   (test.lathe:8)
 * categorical_mean: logits[n, 24], y[n, 2, 2, 2] */
static void decoder_0_categorical_mean(int n, int task, const float *restrict logits,
    float *restrict y)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int v = begin * 8; v < end * 8; v++) {
    const float *const l = logits + v / 2 * 6 + v % 2;
    float most = l[0], total = 0;
    for (int k = 1; k < 3; k++)
      most = l[k * 2] > most ? l[k * 2] : most;
    for (int k = 0; k < 3; k++)
      total += lathe_expf(l[k * 2] - most);
    float mean = 0;
    for (int k = 0; k < 3; k++)
      mean += (float)k * lathe_expf(l[k * 2] - most);
    y[v] = 0.0F + 0.5F * (mean / total);
  }
}
