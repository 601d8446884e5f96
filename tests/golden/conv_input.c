/* encoder.2: conv2d 8, kernel 2, stride 2; relu   (test.lathe:7)
 * conv_input + relu_grad: dy[n, 3, 3, 8], w[2, 2, 4, 8], act[n, 6, 6, 4], dx[n, 6, 6, 4];
 * 2.4 kFLOP an image */
static void encoder_2_conv_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, const float *restrict act,
    float *restrict dx)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  lathe_product((end - begin) * 9, 16, 8,
      (struct lathe_rows){dy + begin * 9 * 8, 8, 1},
      lathe_pack_transposed(8, 16, w, 8, scratch + 1152), 0, scratch, 16);
  const float *column = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = dx + i * 144;
    memset(image, 0, 144 * sizeof *image);
    for (int oy = 0; oy < 3; oy++) {
      for (int ox = 0; ox < 3; ox++) {
        for (int ky = 0; ky < 2; ky++) {
          float *const run = image + (oy * 2 + ky) * 24 + ox * 8;
          for (int k = 0; k < 8; k++)
            run[k] += column[k];
          column += 8;
        }
      }
    }
  }
  for (int r = begin; r < end; r++) {
    const float *const act_row = act + r * 144;
    float *const dx_row = dx + r * 144;
    for (int c = 0; c < 144; c++) {
      const float dy_value = dx_row[c];
      dx_row[c] = act_row[c] > 0.0F ? dy_value : 0.0F;
    }
  }
}
