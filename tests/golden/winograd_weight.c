/* encoder.1: conv2d 32, kernel 4, stride 2, pad 1   (test.lathe:6)
 * winograd_weight: dm[n, 25, 32], v[n, 25, 64], dw[8192]; 262.1 kFLOP an image */
static void encoder_1_winograd_weight(int n, int task, float *restrict scratch,
    const float *restrict dm, const float *restrict v, float *restrict dw)
{
  const int begin = task;
  static const float g[5][2] = {{1.0F, 0.0F}, {0.0F, 1.0F}, {1.0F, 1.0F}, {1.0F, -1.0F}, {1.0F,
      2.0F}};
  const int phase = begin, channel = 0; /* this task's filters */
  float *const taps = dw + ((phase / 2 * 4 + phase % 2) * 16 + channel) * 32;
  float *const du = scratch;
  for (int y = 0; y < 2; y++)
    for (int x = 0; x < 2; x++)
      memset(taps + (y * 4 + x) * 2 * 16 * 32, 0, 16 * 32 * sizeof *taps);
  for (int p = 0; p < 5; p++) {
    for (int q = 0; q < 5; q++) {
      const int first = winograd_row_4x4_2(n, p, q, 0, 0, 0), rows = winograd_row_4x4_2(n, p, q, n,
          0, 0) - first;
      const float *const left = v + first * 64 + phase * 16 + channel;
      lathe_product(16, 32, rows, (struct lathe_rows){left, 1, 64},
          (struct lathe_panels){dm + first * 32, LATHE_PANEL, 32}, 0, du, 32);
      for (int y = 0; y < 2; y++) {
        for (int x = 0; x < 2; x++) {
          const float factor = g[p][y] * g[q][x];
          float *const tap = taps + (y * 4 + x) * 2 * 16 * 32;
          if (factor == 0)
            continue;
          for (int i = 0; i < 16 * 32; i++)
            tap[i] += factor * du[i];
        }
      }
    }
  }
}
