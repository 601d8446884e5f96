/* encoder.0: conv2d 6, kernel 3, dilation 2, groups 2   (test.lathe:5)
 * conv_weight: dy[n, 24], x[n, 6, 6, 4], dw[108] */
static void encoder_0_conv_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw)
{
  const int begin = task;
  const int ky = begin / 2; /* this task's row of the kernel, */
  const int g = begin % 2; /* and its group */
  for (int from = 0; from < n; from += 8) {
    const int to = from + 8 < n ? from + 8 : n;
    float *column = scratch;
    for (int i = from; i < to; i++) {
      const float *const image = x + i * 144;
      for (int oy = 0; oy < 2; oy++) {
        for (int ox = 0; ox < 2; ox++) {
          for (int kx = 0; kx < 3; kx++) {
            memcpy(column, image + (oy + ky * 2) * 24 + ox * 4 + kx * 8 + g * 2, 2 * sizeof
                *column);
            column += 2;
          }
        }
      }
    }
    const struct lathe_panels panels = lathe_pack((to - from) * 4, 3,
        dy + from * 4 * 6 + g * 3, 6, scratch + 192);
    lathe_product(6, 3, (to - from) * 4, (struct lathe_rows){scratch, 1, 6}, panels,
        from > 0, dw + ky * 6 * 6 + g * 3, 6);
  }
}
