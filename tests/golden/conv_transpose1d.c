/* decoder.1: conv_transpose1d 2, kernel 3, stride 2, pad 1, output_pad 1   (test.lathe:13)
 * conv_input + bias: dy[n, 24], w[3, 2, 4], b[2], y[n, 12, 2] */
static void decoder_1_conv_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, const float *restrict b,
    float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  float *const padded = scratch + 288; /* an image amid its margins */
  lathe_product((end - begin) * 6, 6, 4,
      (struct lathe_rows){dy + begin * 6 * 4, 4, 1},
      lathe_pack_transposed(4, 6, w, 4, scratch + 314), 0, scratch, 6);
  const float *column = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = y + i * 24;
    memset(padded, 0, 26 * sizeof *padded);
    for (int ox = 0; ox < 6; ox++) {
      float *const run = padded + ox * 4;
      for (int k = 0; k < 6; k++)
        run[k] += column[k];
      column += 6;
    }
    memcpy(image, padded + 2, 24 * sizeof *padded);
  }
  for (int r = begin * 12; r < end * 12; r++) {
    float *const y_row = y + r * 2;
    for (int c = 0; c < 2; c++) {
      y_row[c] = y_row[c] + b[c];
    }
  }
}

/* decoder.1: conv_transpose1d 2, kernel 3, stride 2, pad 1, output_pad 1   (test.lathe:13)
 * relayout: x[n, 12, 2], y[n, 2, 12] */
static void decoder_1_relayout(int n, int task, const float *restrict x,
    float *restrict y)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int i = begin; i < end; i++) {
    for (int p = 0; p < 12; p++) {
      for (int c = 0; c < 2; c++)
        y[i * 24 + c * 12 + p] = x[i * 24 + p * 2 + c];
    }
  }
}
