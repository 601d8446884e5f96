/* encoder.0: conv1d 4, kernel 3, stride 2, pad 1   (test.lathe:5)
 * conv_weight: dy[n, 6, 4], x[n, 12, 2], dw[24] */
static void encoder_0_conv_weight(int n, float *restrict scratch, const float *restrict dy,
    const float *restrict x, float *restrict dw)
{
  for (int from = 0; from < n; from += 8) {
    const int to = from + 8 < n ? from + 8 : n;
    float *column = scratch;
    for (int i = from; i < to; i++) {
      const float *const image = x + i * 24;
      for (int ox = 0; ox < 6; ox++) {
        for (int kx = 0; kx < 3; kx++) {
          const int ix = ox * 2 + kx - 1;
          if (ix >= 0 && ix < 12)
            memcpy(column, image + ix * 2, 2 * sizeof *column);
          else
            memset(column, 0, 2 * sizeof *column);
          column += 2;
        }
      }
    }
    const struct lathe_panels panels = lathe_pack((to - from) * 6, 4,
        dy + from * 6 * 4, 4, scratch + 288);
    lathe_product(6, 4, (to - from) * 6, (struct lathe_rows){scratch, 1, 6}, panels,
        from > 0, dw, 4);
  }
}
