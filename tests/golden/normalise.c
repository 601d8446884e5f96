/* input
 * standardise: x[n, 4], shift[4], scale[4], y[n, 4] */
static void standardise(int n, int task, const float *restrict x,
    const float *restrict shift, const float *restrict scale, float *restrict y)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    const float *const x_row = x + r * 4;
    float *const y_row = y + r * 4;
    for (int c = 0; c < 4; c++) {
      y_row[c] = (x_row[c] - shift[c]) / scale[c];
    }
  }
}

/* decoder.0: linear 4   (test.lathe:6)
 * linear + bias + restore: x[n, 2], w[2, 4], b[4], shift[4], scale[4], restored[n, 4] */
static void decoder_0_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, const float *restrict shift,
    const float *restrict scale, float *restrict restored)
{
  const int begin = task * 14;
  const int end = begin + 14 < n ? begin + 14 : n;
  lathe_sum_rows(end - begin, 4, 2, x + begin * 2, 2, w, 4, restored + begin * 4, 4);
  for (int r = begin; r < end; r++) {
    float *const restored_row = restored + r * 4;
    for (int c = 0; c < 4; c++) {
      const float bias1 = restored_row[c] + b[c];
      restored_row[c] = bias1 * scale[c] + shift[c];
    }
  }
}
