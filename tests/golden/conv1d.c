/* encoder.0: conv1d 4, kernel 3, stride 2, pad 1   (test.lathe:5)
 * relayout: x[n, 2, 12], y[n, 12, 2] */
static void encoder_0_relayout(int n, int task, const float *restrict x,
    float *restrict y)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int i = begin; i < end; i++) {
    for (int p = 0; p < 12; p++) {
      for (int c = 0; c < 2; c++)
        y[i * 24 + p * 2 + c] = x[i * 24 + c * 12 + p];
    }
  }
}

/* encoder.0: conv1d 4, kernel 3, stride 2, pad 1; relu   (test.lathe:5)
 * conv + bias + relu: x[n, 12, 2], w[3, 2, 4], b[4], y[n, 6, 4] */
static void encoder_0_conv(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  float *const padded = scratch + 288; /* an image amid its margins */
  memset(padded, 0, 26 * sizeof *padded);
  float *column = scratch;
  for (int i = begin; i < end; i++) {
    const float *const image = x + i * 24;
    memcpy(padded + 2, image, 24 * sizeof *padded);
    for (int ox = 0; ox < 6; ox++) {
      memcpy(column, padded + ox * 4, 6 * sizeof *column);
      column += 6;
    }
  }
  const struct lathe_panels panels = lathe_pack(6, 4, w, 4, scratch + 314);
  lathe_product((end - begin) * 6, 4, 6, (struct lathe_rows){scratch, 6, 1},
      panels, 0, y + begin * 6 * 4, 4);
  for (int r = begin * 6; r < end * 6; r++) {
    float *const y_row = y + r * 4;
    for (int c = 0; c < 4; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}
