/* decoder.1: conv_transpose2d 3, kernel 2, stride 2   (test.lathe:9)
 * channel_sum: dy[n, 6, 6, 3], db[3] */
static void decoder_1_channel_sum(int n, const float *restrict dy, float *restrict db)
{
  double sum[3] = {0};
  for (int r = 0; r < n * 36; r++)
    for (int c = 0; c < 3; c++)
      sum[c] += dy[r * 3 + c];
  for (int c = 0; c < 3; c++) {
    db[c] = (float)sum[c];
  }
}

/* decoder.1: conv_transpose2d 3, kernel 2, stride 2   (test.lathe:9)
 * conv: x[n, 6, 6, 3], w[2, 2, 3, 4], y[n, 3, 3, 4] */
static void decoder_1_conv(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  float *column = scratch;
  for (int i = begin; i < end; i++) {
    const float *const image = x + i * 108;
    for (int oy = 0; oy < 3; oy++) {
      for (int ox = 0; ox < 3; ox++) {
        for (int ky = 0; ky < 2; ky++) {
          memcpy(column, image + (oy * 2 + ky) * 18 + ox * 6, 6 * sizeof *column);
          column += 6;
        }
      }
    }
  }
  const struct lathe_panels panels = lathe_pack(12, 4, w, 4, scratch + 864);
  lathe_product((end - begin) * 9, 4, 12, (struct lathe_rows){scratch, 12, 1},
      panels, 0, y + begin * 9 * 4, 4);
}
