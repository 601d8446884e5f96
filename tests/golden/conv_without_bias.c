/* encoder.0: conv2d 4, kernel 3, pad 1, bias off; relu   (test.lathe:5)
 * conv + relu: x[n, 1, 6, 6], w[3, 3, 1, 4], y[n, 6, 6, 4]; 2.7 kFLOP an image */
static void encoder_0_conv(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  float *const padded = scratch + 2592; /* an image amid its margins */
  memset(padded, 0, 64 * sizeof *padded);
  float *column = scratch;
  for (int i = begin; i < end; i++) {
    const float *const image = x + i * 36;
    for (int iy = 0; iy < 6; iy++)
      memcpy(padded + (iy + 1) * 8 + 1, image + iy * 6, 6 * sizeof *padded);
    for (int oy = 0; oy < 6; oy++) {
      for (int ox = 0; ox < 6; ox++) {
        for (int ky = 0; ky < 3; ky++) {
          memcpy(column, padded + (oy + ky) * 8 + ox, 3 * sizeof *column);
          column += 3;
        }
      }
    }
  }
  const struct lathe_panels panels = lathe_pack(9, 4, w, 4, scratch + 2656);
  lathe_product((end - begin) * 36, 4, 9, (struct lathe_rows){scratch, 9, 1},
      panels, 0, y + begin * 36 * 4, 4);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 144;
    for (int c = 0; c < 144; c++) {
      const float x_value = y_row[c];
      y_row[c] = x_value < 0.0F ? 0.0F : x_value;
    }
  }
}
