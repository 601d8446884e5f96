/* decoder.1: conv_transpose2d 3, kernel 2, stride 2; relu   (test.lathe:9)
 * conv_input + bias + relu: dy[n, 36], w[2, 2, 3, 4], b[3], y[n, 6, 6, 3]; 1.1 kFLOP an image */
static void decoder_1_conv_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, const float *restrict b,
    float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  lathe_product((end - begin) * 9, 12, 4,
      (struct lathe_rows){dy + begin * 9 * 4, 4, 1},
      lathe_pack_transposed(4, 12, w, 4, scratch + 864), 0, scratch, 12);
  const float *column = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = y + i * 108;
    memset(image, 0, 108 * sizeof *image);
    for (int oy = 0; oy < 3; oy++) {
      for (int ox = 0; ox < 3; ox++) {
        for (int ky = 0; ky < 2; ky++) {
          float *const run = image + (oy * 2 + ky) * 18 + ox * 6;
          for (int k = 0; k < 6; k++)
            run[k] += column[k];
          column += 6;
        }
      }
    }
  }
  for (int r = begin * 36; r < end * 36; r++) {
    float *const y_row = y + r * 3;
    for (int c = 0; c < 3; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}
