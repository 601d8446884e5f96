/* encoder.0: conv2d 4, kernel 3, pad 1   (test.lathe:5)
 * conv_weight: dy[n, 6, 6, 4], x[n, 1, 6, 6], dw[36]; 2.6 kFLOP an image */
static void encoder_0_conv_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw)
{
  const int begin = task;
  const int ky = begin; /* this task's row of the kernel */
  float *const padded = scratch + 864; /* an image amid its margins */
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
          memcpy(column, padded + (oy + ky) * 8 + ox, 3 * sizeof *column);
          column += 3;
        }
      }
    }
    const struct lathe_panels panels = lathe_pack((to - from) * 36, 4,
        dy + from * 36 * 4, 4, scratch + 928);
    lathe_product(3, 4, (to - from) * 36, (struct lathe_rows){scratch, 1, 3}, panels,
        from > 0, dw + ky * 3 * 4, 4);
  }
}
