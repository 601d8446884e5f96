/* encoder.1: conv2d 6, kernel 3, pad 1, groups 6   (test.lathe:6)
 * conv_input: dy[n, 150], w[3, 3, 1, 6], dx[n, 5, 5, 6]; 2.7 kFLOP an image */
static void encoder_1_conv_input(int n, int task, const float *restrict dy,
    const float *restrict w, float *restrict dx)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    float *const image = dx + i * 150;
    memset(image, 0, 150 * sizeof *image);
    for (int oy = 0; oy < 5; oy++) {
      for (int ox = 0; ox < 5; ox++) {
        const float *const from = dy + ((i * 5 + oy) * 5 + ox) * 6;
        for (int ky = 0; ky < 3; ky++) {
          for (int kx = 0; kx < 3; kx++) {
            const int iy = oy + ky - 1;
            const int ix = ox + kx - 1;
            if (iy < 0 || iy >= 5 || ix < 0 || ix >= 5)
              continue;
            for (int c = 0; c < 6; c++)
              image[(iy * 5 + ix) * 6 + c] += from[c] * w[(ky * 3 + kx) * 6 + c];
          }
        }
      }
    }
  }
}
