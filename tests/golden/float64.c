/* encoder.0: linear 20; relu   (test.lathe:5)
 * linear + bias + relu: x[n, 24], w[20, 24], b[20], y[n, 20]; 1.0 kFLOP an image */
static void encoder_0_linear(int n, int task, double *restrict scratch,
    const double *restrict x, const double *restrict w, const double *restrict b,
    double *restrict y)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  const struct lathe_panels w_panels =
          lathe_pack_transposed(24, 20, w, 24, scratch);
  lathe_product(end - begin, 20, 24, (struct lathe_rows){x + begin * 24, 24, 1}, w_panels, 0,
      y + begin * 20, 20);
  for (int r = begin; r < end; r++) {
    double *const y_row = y + r * 20;
    for (int c = 0; c < 20; c++) {
      const double bias1 = y_row[c] + b[c];
      y_row[c] = bias1 < 0.0 ? 0.0 : bias1;
    }
  }
}

/* reconstruction
 * bernoulli: logits[n, 24], x[n, 24], nll[n, 1] */
static void bernoulli(int n, int task, const double *restrict logits,
    const double *restrict x, double *restrict nll)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int i = begin; i < end; i++) {
    double sum[8] = {0};
    for (int j = 0; j < 24; j += 8) {
      for (int lane = 0; lane < 8; lane++) {
        const double l = logits[i * 24 + j + lane];
        const double most = l > 0 ? l : 0;
        const double term = most - l * x[i * 24 + j + lane] + lathe_log1p_exp(most - (l - most));
        sum[lane] += term;
      }
    }
    for (int lane = 1; lane < 8; lane++)
      sum[0] += sum[lane];
    nll[i] = sum[0];
  }
}
