/* decoder.0: linear 24   (test.lathe:10)
 * linear_weight: dy[n, 24], x[n, 3], dw[72] */
static void decoder_0_linear_weight(int n, float *restrict scratch, const float *restrict dy,
    const float *restrict x, float *restrict dw, const struct tiny_update *update)
{
  float *const made = update != NULL ? scratch + 4096 : dw;
  for (int i = 0; i < n; i += 128) {
    const int count = n - i < 128 ? n - i : 128;
    const struct lathe_panels panels =
        lathe_pack(count, 24, dy + i * 24, 24, scratch);
    for (int row = 0; row < 3; row += 14) {
      const int rows = 3 - row < 14 ? 3 - row : 14;
      const struct lathe_rows left = {x + i * 3 + row, 1, 3};
      lathe_product(rows, 24, count, left, panels, i > 0, made + row * 24, 24);
    }
  }
  if (update != NULL)
    tiny_update(update, DECODER_0_WEIGHT, 3 * 24, made);
}
