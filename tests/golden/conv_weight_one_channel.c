/* encoder.0: conv2d 4, kernel 3, pad 1   (test.lathe:5)
 * conv_weight: dy[n, 6, 6, 4], x[n, 1, 6, 6], dw[36]; 2.6 kFLOP an image */
static void encoder_0_conv_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw)
{
  const int begin = task;
  const int ky = begin; /* this task's row of the kernel */
  for (int from = 0; from < n; from += 8) {
    const int to = from + 8 < n ? from + 8 : n;
    float *column = scratch;
    for (int i = from; i < to; i++) {
      const float *const image = x + i * 36;
      for (int oy = 0; oy < 6; oy++) {
        const int iy = oy + ky - 1;
        for (int ox = 0; ox < 6; ox++) {
          for (int kx = 0; kx < 3; kx++) {
            const int ix = ox + kx - 1;
            if (iy >= 0 && iy < 6 && ix >= 0 && ix < 6)
              *column = image[iy * 6 + ix];
            else
              *column = 0;
            column++;
          }
        }
      }
    }
    const struct lathe_panels panels = lathe_pack((to - from) * 36, 4,
        dy + from * 36 * 4, 4, scratch + 864);
    lathe_product(3, 4, (to - from) * 36, (struct lathe_rows){scratch, 1, 3}, panels,
        from > 0, dw + ky * 3 * 4, 4);
  }
}
