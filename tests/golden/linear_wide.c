/* encoder.0: linear 300; relu   (test.lathe:5)
 * linear + bias + relu: x[n, 400], w[300, 400], b[300], y[n, 300]; 240.6 kFLOP an image */
static void encoder_0_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 128;
  const int end = begin + 128 < 300 ? begin + 128 : 300;
  lathe_dots(n, (end - begin), 400, x, 400, w + begin * 400, 400, y + begin, 300);
  for (int r = 0; r < n; r++) {
    float *const y_row = y + r * 300;
    for (int c = begin; c < end; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}

/* encoder.0: linear 300; relu   (test.lathe:5)
 * linear + bias + relu: x[n, 400], w[300, 400], b[300], y[n, 300]; 240.6 kFLOP an image */
static void encoder_0_linear_2(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 128;
  const int end = begin + 128 < 300 ? begin + 128 : 300;
  const struct lathe_panels w_panels =
          lathe_pack_transposed(400, (end - begin), w + begin * 400, 400, scratch);
  lathe_product(n, (end - begin), 400, (struct lathe_rows){x, 400, 1}, w_panels, 0,
      y + begin, 300);
  for (int r = 0; r < n; r++) {
    float *const y_row = y + r * 300;
    for (int c = begin; c < end; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0F ? 0.0F : bias1;
    }
  }
}
