/* encoder.0: conv1d 4, kernel 3, stride 2, pad 1   (test.lathe:5)
 * conv_weight: dy[n, 6, 4], x[n, 12, 2], dw[24] */
static void encoder_0_conv_weight(int n, float *restrict scratch, const float *restrict dy,
    const float *restrict x, float *restrict dw)
{
  float *const padded = scratch + 288; /* an image amid its margins */
  memset(padded, 0, 26 * sizeof *padded);
  for (int from = 0; from < n; from += 8) {
    const int to = from + 8 < n ? from + 8 : n;
    float *column = scratch;
    for (int i = from; i < to; i++) {
      const float *const image = x + i * 24;
      memcpy(padded + 2, image, 24 * sizeof *padded);
      for (int ox = 0; ox < 6; ox++) {
        memcpy(column, padded + ox * 4, 6 * sizeof *column);
        column += 6;
      }
    }
    const struct lathe_panels panels = lathe_pack((to - from) * 6, 4,
        dy + from * 6 * 4, 4, scratch + 314);
    lathe_product(6, 4, (to - from) * 6, (struct lathe_rows){scratch, 1, 6}, panels,
        from > 0, dw, 4);
  }
}
