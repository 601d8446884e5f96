/* encoder.2: conv2d 8, kernel 2, stride 2   (test.lathe:7)
 * conv_weight: dy[n, 3, 3, 8], x[n, 6, 6, 4], dw[128]; 2.3 kFLOP an image */
static void encoder_2_conv_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw)
{
  const int begin = task;
  const int ky = begin; /* this task's row of the kernel */
  for (int from = 0; from < n; from += 8) {
    const int to = from + 8 < n ? from + 8 : n;
    float *column = scratch;
    for (int i = from; i < to; i++) {
      const float *const image = x + i * 144;
      for (int oy = 0; oy < 3; oy++) {
        for (int ox = 0; ox < 3; ox++) {
          memcpy(column, image + (oy * 2 + ky) * 24 + ox * 8, 8 * sizeof *column);
          column += 8;
        }
      }
    }
    const struct lathe_panels panels = lathe_pack((to - from) * 9, 8,
        dy + from * 9 * 8, 8, scratch + 576);
    lathe_product(8, 8, (to - from) * 9, (struct lathe_rows){scratch, 1, 8}, panels,
        from > 0, dw + ky * 8 * 8, 8);
  }
}
