/* encoder.0: conv2d 6, kernel 3, dilation 2, groups 2   (test.lathe:5)
 * conv + bias: x[n, 6, 6, 4], w[3, 3, 2, 6], b[6], y[n, 2, 2, 6] */
static void encoder_0_conv(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  for (int g = 0; g < 2; g++) {
    float *column = scratch;
    for (int i = begin; i < end; i++) {
      const float *const image = x + i * 144;
      for (int oy = 0; oy < 2; oy++) {
        for (int ox = 0; ox < 2; ox++) {
          for (int ky = 0; ky < 3; ky++) {
            for (int kx = 0; kx < 3; kx++) {
              memcpy(column, image + (oy + ky * 2) * 24 + ox * 4 + kx * 8 + g * 2, 2 * sizeof
                  *column);
              column += 2;
            }
          }
        }
      }
    }
    const struct lathe_panels panels = lathe_pack(18, 3, w + g * 3, 6, scratch + 576);
    lathe_product((end - begin) * 4, 3, 18, (struct lathe_rows){scratch, 18, 1},
        panels, 0, y + begin * 4 * 6 + g * 3, 6);
  }
  for (int r = begin * 4; r < end * 4; r++) {
    float *const y_row = y + r * 6;
    for (int c = 0; c < 6; c++) {
      y_row[c] = y_row[c] + b[c];
    }
  }
}
