/* d.decoder.0
 * gaussian_predicted_grad: y[n, 16], x[n, 2, 2, 2], dy[n, 2, 2, 4] */
static void gaussian_predicted_grad(int n, int task, const float *restrict y,
    const float *restrict x, float seed, float *restrict dy)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int v = begin * 8; v < end * 8; v++) {
    const float *const p = y + v / 2 * 4 + v % 2;
    float *const dp = dy + v / 2 * 4 + v % 2;
    const float d = p[0] - x[v];
    const float precision = 1 / (1e-06F + lathe_expf(p[2]));
    const float share = lathe_sigmoidf(p[2] - -13.815511F);
    dp[0] = d * precision * seed;
    dp[2] = 0.5F * share * (1 - d * d * precision) * seed;
  }
}
