/* d.decoder.0
 * bernoulli_grad: logits[n, 24], x[n, 24] */
static void bernoulli_grad(int n, int task, float *restrict logits,
    const float *restrict x, float seed)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const logits_row = logits + r * 24;
    const float *const x_row = x + r * 24;
    for (int c = 0; c < 24; c++) {
      logits_row[c] = (lathe_sigmoidf(logits_row[c]) - x_row[c]) * seed;
    }
  }
}
