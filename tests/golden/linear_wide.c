/* encoder.0: linear 300; relu   (test.lathe:5)
 * linear + bias + relu: x[n, 400], w[300, 400], b[300], y[n, 300]; 240.6 kFLOP an image */
static void encoder_0_linear(int n, int task, const float *restrict x,
    const float *restrict w, const float *restrict b, float *restrict y)
{
  const int begin = task * 160;
  const int end = begin + 160 < 300 ? begin + 160 : 300;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, (end - begin), 400, 1, x, 400,
      w + begin * 400, 400, 0, y + begin, 300);
  for (int r = 0; r < n; r++) {
    float *const y_row = y + r * 300;
    for (int c = begin; c < end; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = bias1 > 0.0F ? bias1 : 0.0F;
    }
  }
}
