/* decoder.0: linear 24; sigmoid   (test.lathe:10)
 * linear + bias + sigmoid: x[n, 3], w[3, 24], b[24], y[n, 24] */
static void decoder_0_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 14;
  const int end = begin + 14 < n ? begin + 14 : n;
  lathe_sum_rows(end - begin, 24, 3, x + begin * 3, 3, w, 24, y + begin * 24, 24);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 24;
    for (int c = 0; c < 24; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = lathe_sigmoidf(bias1);
    }
  }
}
