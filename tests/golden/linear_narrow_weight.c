/* decoder.0: linear 24   (test.lathe:10)
 * linear_weight: dy[n, 24], x[n, 3], dw[72] */
static void decoder_0_linear_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw,
    const struct tiny_update *update)
{
  const int begin = task * 14;
  const int end = begin + 14 < 24 ? begin + 14 : 24;
  const int at_once = update != NULL && n <= 128;
  float *const tile = scratch + 4096;
  for (int i = 0; i < n; i += 128) {
    const int count = n - i < 128 ? n - i : 128;
    const struct lathe_panels panels =
        lathe_pack(count, 3, x + i * 3, 3, scratch);
    for (int row = begin; row < end; row += 14) {
      const int rows = end - row < 14 ? end - row : 14;
      const struct lathe_rows left = {dy + i * 24 + row, 1, 24};
      float *const to = at_once ? tile : dw + row * 3;
      lathe_product(rows, 3, count, left, panels, i > 0, to, 3);
      if (update != NULL && i + count == n)
        tiny_update(update, DECODER_0_WEIGHT + row * 3, rows * 3, to);
    }
  }
}
