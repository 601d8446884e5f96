/* encoder.1: conv2d 6, kernel 3, pad 1, groups 6   (test.lathe:6)
 * conv_weight: dy[n, 150], x[n, 5, 5, 6], dw[54]; 2.7 kFLOP an image */
static void encoder_1_conv_weight(int n, float *restrict scratch, const float *restrict dy,
    const float *restrict x, float *restrict dw)
{
  for (int tap = 0; tap < 9; tap++)
    memset(dw + tap * 6, 0, (size_t)6 * sizeof *dw);
  for (int i = 0; i < n; i++) {
    const float *const image = x + i * 150;
    memset(scratch, 0, 9 * 6 * sizeof *scratch);
    for (int oy = 0; oy < 5; oy++) {
      for (int ox = 0; ox < 5; ox++) {
        const float *const from = dy + ((i * 5 + oy) * 5 + ox) * 6;
        for (int ky = 0; ky < 3; ky++) {
          for (int kx = 0; kx < 3; kx++) {
            const int iy = oy + ky - 1;
            const int ix = ox + kx - 1;
            if (iy < 0 || iy >= 5 || ix < 0 || ix >= 5)
              continue;
            float *const sum = scratch + (ky * 3 + kx) * 6;
            for (int c = 0; c < 6; c++)
              sum[c] += from[c] * image[(iy * 5 + ix) * 6 + c];
          }
        }
      }
    }
    for (int tap = 0; tap < 9; tap++)
      for (int c = 0; c < 6; c++)
        dw[tap * 6 + c] += scratch[tap * 6 + c];
  }
}
