/* decoder.0: linear 400   (test.lathe:10)
 * channel_sum: dy[n, 400], db[400] */
static void decoder_0_channel_sum(int n, int task, const float *restrict dy,
    float *restrict db)
{
  const int begin = task * 64;
  const int end = begin + 64 < 400 ? begin + 64 : 400;
  double sum[64] = {0};
  for (int r = 0; r < n; r++)
    for (int c = begin; c < end; c++)
      sum[c - begin] += dy[r * 400 + c];
  for (int c = begin; c < end; c++) {
    db[c] = (float)sum[c - begin];
  }
}

/* decoder.0: linear 400   (test.lathe:10)
 * linear_weight: dy[n, 400], x[n, 2], dw[800]; 1.6 kFLOP an image */
static void decoder_0_linear_weight(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, float *restrict dw)
{
  const int begin = task * 160;
  const int end = begin + 160 < 400 ? begin + 160 : 400;
  for (int i = 0; i < n; i += 128) {
    const int count = i + 128 < n ? 128 : n - i;
    const struct lathe_panels panels = lathe_pack(count, 2, x + i * 2, 2, scratch);
    lathe_product((end - begin), 2, count, (struct lathe_rows){dy + begin + i * 400, 1, 400},
        panels,
        i > 0, dw + begin * 2, 2);
  }
}

/* decoder.0: linear 400   (test.lathe:10)
 * linear_input: dy[n, 400], w[400, 2], dx[n, 2]; 1.6 kFLOP an image */
static void decoder_0_linear_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, float *restrict dx)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  const struct lathe_panels w_panels =
          lathe_pack(400, 2, w, 2, scratch);
  lathe_product(end - begin, 2, 400, (struct lathe_rows){dy + begin * 400, 400, 1}, w_panels, 0,
      dx + begin * 2, 2);
}
