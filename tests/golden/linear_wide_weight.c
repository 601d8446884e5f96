/* decoder.0: linear 400   (test.lathe:10)
 * linear_weight: dy[n, 400], x[n, 2], dw[800]; 1.6 kFLOP an image */
static void decoder_0_linear_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw,
    const struct tiny_update *update)
{
  const int begin = task * 28;
  const int end = begin + 28 < 400 ? begin + 28 : 400;
  const int at_once = update != NULL && n <= 128;
  float *const tile = scratch + 4096;
  for (int i = 0; i < n; i += 128) {
    const int count = n - i < 128 ? n - i : 128;
    const struct lathe_panels panels =
        lathe_pack(count, 2, x + i * 2, 2, scratch);
    for (int row = begin; row < end; row += 14) {
      const int rows = end - row < 14 ? end - row : 14;
      const struct lathe_rows left = {dy + i * 400 + row, 1, 400};
      float *const to = at_once ? tile : dw + row * 2;
      lathe_product(rows, 2, count, left, panels, i > 0, to, 2);
      if (update != NULL && i + count == n)
        tiny_update(update, DECODER_0_WEIGHT + row * 2, rows * 2, to);
    }
  }
}
