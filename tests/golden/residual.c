/* encoder.1.0: conv2d 2, kernel 1; residual { 1 layer }   (test.lathe:6)
 * conv + bias + add: x[n, 4, 4, 2], w[1, 1, 2, 2], b[2], y[n, 4, 4, 2] */
static void encoder_1_0_conv(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  float *column = scratch;
  for (int i = begin; i < end; i++) {
    const float *const image = x + i * 32;
    for (int oy = 0; oy < 4; oy++) {
      for (int ox = 0; ox < 4; ox++) {
        for (int ky = 0; ky < 1; ky++) {
          memcpy(column, image + (oy + ky) * 8 + ox * 2, 2 * sizeof *column);
          column += 2;
        }
      }
    }
  }
  const struct lathe_panels panels = lathe_pack(2, 2, w, 2, scratch + 256);
  lathe_product((end - begin) * 16, 2, 2, (struct lathe_rows){scratch, 2, 1},
      panels, 0, y + begin * 16 * 2, 2);
  for (int r = begin * 16; r < end * 16; r++) {
    const float *const x_row = x + r * 2;
    float *const y_row = y + r * 2;
    for (int c = 0; c < 2; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 + x_row[c];
    }
  }
}
