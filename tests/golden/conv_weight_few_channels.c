/* encoder.0: conv2d 64, kernel 3, pad 1   (test.lathe:5)
 * channel_sum: dy[n, 6, 6, 64], db[64]; 2.3 kFLOP an image */
static void encoder_0_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 16;
  double sum[16] = {0};
  for (int r = 0; r < n * 36; r++) {
    lathe_fetch(dy + begin, (r + 32) * 64);
    for (int c = 0; c < 16; c++)
      sum[c] += dy[r * 64 + begin + c];
  }
  for (int c = 0; c < 16; c++) {
    db[begin + c] = (float)sum[c];
  }
}

/* encoder.0: conv2d 64, kernel 3, pad 1   (test.lathe:5)
 * conv_weight: dy[n, 6, 6, 64], x[n, 1, 6, 6], dw[576]; 41.5 kFLOP an image */
static void encoder_0_conv_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw)
{
  const int begin = task * 32;
  float *const padded = scratch + 2592; /* an image amid its margins */
  memset(padded, 0, 64 * sizeof *padded);
  for (int from = 0; from < n; from += 8) {
    const int to = from + 8 < n ? from + 8 : n;
    float *column = scratch;
    for (int i = from; i < to; i++) {
      const float *const image = x + i * 36;
      for (int iy = 0; iy < 6; iy++)
        memcpy(padded + (iy + 1) * 8 + 1, image + iy * 6, 6 * sizeof *padded);
      for (int oy = 0; oy < 6; oy++) {
        for (int ox = 0; ox < 6; ox++) {
          for (int ky = 0; ky < 3; ky++) {
            memcpy(column, padded + (oy + ky) * 8 + ox, 3 * sizeof *column);
            column += 3;
          }
        }
      }
    }
    const struct lathe_panels panels = {dy + from * 36 * 64 + begin, LATHE_PANEL, 64};
    lathe_product(9, 32, (to - from) * 36, (struct lathe_rows){scratch, 1, 9}, panels,
        from > 0, dw + begin, 64);
  }
}
