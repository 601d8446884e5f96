/* encoder.2: conv2d 8, kernel 2, stride 2; relu   (test.lathe:7)
 * conv + bias + relu: x[n, 6, 6, 4], w[2, 2, 4, 8], b[8], y[n, 3, 3, 8]; 2.4 kFLOP an image */
static void encoder_2_conv(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  float *column = scratch;
  for (int i = begin; i < end; i++) {
    const float *const image = x + i * 144;
    for (int oy = 0; oy < 3; oy++) {
      for (int ox = 0; ox < 3; ox++) {
        for (int ky = 0; ky < 2; ky++) {
          memcpy(column, image + (oy * 2 + ky) * 24 + ox * 8, 8 * sizeof *column);
          column += 8;
        }
      }
    }
  }
  const struct lathe_panels panels = lathe_pack(16, 8, w, 8, scratch + 1152);
  lathe_product((end - begin) * 9, 8, 16, (struct lathe_rows){scratch, 16, 1},
      panels, 0, y + begin * 9 * 8, 8);
  for (int r = begin * 9; r < end * 9; r++) {
    float *const y_row = y + r * 8;
    for (int c = 0; c < 8; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}
