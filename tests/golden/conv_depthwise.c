/* encoder.1: conv2d 6, kernel 3, pad 1, groups 6   (test.lathe:6)
 * conv + bias: x[n, 5, 5, 6], w[3, 3, 1, 6], b[6], y[n, 5, 5, 6]; 2.9 kFLOP an image */
static void encoder_1_conv(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    const float *const image = x + i * 150;
    for (int oy = 0; oy < 5; oy++) {
      for (int ox = 0; ox < 5; ox++) {
        float *const pixel = y + ((i * 5 + oy) * 5 + ox) * 6;
        int c = 0;
        for (; c + LATHE_LANES <= 6; c += LATHE_LANES) {
          lathe_vector sum = {0};
          for (int ky = 0; ky < 3; ky++) {
            for (int kx = 0; kx < 3; kx++) {
              const int iy = oy + ky - 1;
              const int ix = ox + kx - 1;
              if (iy < 0 || iy >= 5 || ix < 0 || ix >= 5)
                continue;
              const float *const from = image + (iy * 5 + ix) * 6 + c;
              sum += lathe_load(from) * lathe_load(w + (ky * 3 + kx) * 6 + c);
            }
          }
          lathe_store(pixel + c, sum);
        }
        for (; c < 6; c++) {
          float sum = 0;
          for (int ky = 0; ky < 3; ky++) {
            for (int kx = 0; kx < 3; kx++) {
              const int iy = oy + ky - 1;
              const int ix = ox + kx - 1;
              if (iy < 0 || iy >= 5 || ix < 0 || ix >= 5)
                continue;
              sum += image[(iy * 5 + ix) * 6 + c] * w[(ky * 3 + kx) * 6 + c];
            }
          }
          pixel[c] = sum;
        }
      }
    }
  }
  for (int r = begin * 25; r < end * 25; r++) {
    float *const y_row = y + r * 6;
    for (int c = 0; c < 6; c++) {
      y_row[c] = y_row[c] + b[c];
    }
  }
}
