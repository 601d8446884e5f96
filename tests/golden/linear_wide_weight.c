/* decoder.0: linear 400   (test.lathe:10)
 * linear_weight: dy[n, 400], x[n, 2], dw[800]; 1.6 kFLOP an image */
static void decoder_0_linear_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw,
    const struct tiny_update *update)
{
  const int begin = task * 32;
  const int end = begin + 32 < 400 ? begin + 32 : 400;
  const int to_row = update != NULL ? 32 : 400;
  const struct lathe_panels panels = {dy + begin, LATHE_PANEL, 400};
  for (int row = 0; row < 2; row += 14) {
    const int rows = 2 - row < 14 ? 2 - row : 14;
    const struct lathe_rows left = {x + row, 1, 2};
    float *const to = update != NULL ? scratch : dw + row * 400 + begin;
    lathe_product(rows, (end - begin), n, left, panels, 0, to, to_row);
    for (int r = 0; update != NULL && r < rows; r++)
      tiny_update(update, DECODER_0_WEIGHT + row * 400 + begin + r * 400, (end - begin), to + r *
          32);
  }
}
