/* decoder.0: linear 24   (test.lathe:10)
 * channel_sum: dy[n, 24], db[24] */
static void decoder_0_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 16;
  const int end = begin + 16 < 24 ? begin + 16 : 24;
  double sum[16] = {0};
  for (int r = 0; r < n; r++)
    for (int c = begin; c < end; c++)
      sum[c - begin] += dy[r * 24 + c];
  for (int c = begin; c < end; c++) {
    db[c] = (float)sum[c - begin];
  }
}

/* decoder.0: linear 24   (test.lathe:10)
 * linear_weight: dy[n, 24], x[n, 3], dw[72] */
static void decoder_0_linear_weight(int n, const float *restrict dy, const float *restrict x,
    float *restrict dw)
{
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, 24, 3, n, 1,
      dy, 24, x, 3, 0, dw, 3);
}

/* decoder.0: linear 24   (test.lathe:10)
 * linear_input: dy[n, 24], w[24, 3], dx[n, 3] */
static void decoder_0_linear_input(int n, int task, const float *restrict dy,
    const float *restrict w, float *restrict dx)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, end - begin, 3, 24, 1,
      dy + begin * 24, 24, w, 3, 0, dx + begin * 3, 3);
}
