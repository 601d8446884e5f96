/* decoder.0: linear [6, 2, 2]   (test.lathe:8)
 * categorical_mode: logits[n, 24], y[n, 2, 2, 2] */
static void decoder_0_categorical_mode(int n, int task, const float *restrict logits,
    float *restrict y)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int v = begin * 8; v < end * 8; v++) {
    const float *const l = logits + v / 2 * 6 + v % 2;
    int best = 0;
    for (int k = 1; k < 3; k++)
      best = l[k * 2] > l[best * 2] ? k : best;
    y[v] = 0.0F + 0.5F * (float)best;
  }
}
