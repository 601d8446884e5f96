/* encoder.0: linear 20; relu   (test.lathe:5)
 * linear + bias + relu: x[n, 24], w[20, 24], b[20], y[n, 20]; 1.0 kFLOP an image */
static void encoder_0_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  lathe_dots(end - begin, 20, 24, x + begin * 24, 24, w, 24, y + begin * 20, 20);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 20;
    for (int c = 0; c < 20; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}

/* encoder.0: linear 20; relu   (test.lathe:5)
 * linear + bias + relu: x[n, 24], w[20, 24], b[20], y[n, 20]; 1.0 kFLOP an image */
static void encoder_0_linear_2(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  const struct lathe_panels w_panels =
          lathe_pack_transposed(24, 20, w, 24, scratch);
  lathe_product(end - begin, 20, 24, (struct lathe_rows){x + begin * 24, 24, 1}, w_panels, 0,
      y + begin * 20, 20);
  for (int r = begin; r < end; r++) {
    float *const y_row = y + r * 20;
    for (int c = 0; c < 20; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}
