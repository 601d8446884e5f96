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
static void decoder_0_linear_weight(int n, float *restrict scratch, const float *restrict dy,
    const float *restrict x, float *restrict dw)
{
  for (int i = 0; i < n; i += 128) {
    const int count = i + 128 < n ? 128 : n - i;
    const struct lathe_panels panels = lathe_pack(count, 3, x + i * 3, 3, scratch);
    lathe_product(24, 3, count, (struct lathe_rows){dy + i * 24, 1, 24}, panels,
        i > 0, dw, 3);
  }
}

/* decoder.0: linear 24   (test.lathe:10)
 * linear_input: dy[n, 24], w[24, 3], dx[n, 3] */
static void decoder_0_linear_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, float *restrict dx)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  const struct lathe_panels w_panels =
          lathe_pack(24, 3, w, 3, scratch);
  lathe_product(end - begin, 3, 24, (struct lathe_rows){dy + begin * 24, 24, 1}, w_panels, 0,
      dx + begin * 3, 3);
}
