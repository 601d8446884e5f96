/* The filter's value u [64, 32] at point (p, q): of each phase, the taps' polynomial. */
static void winograd_filter_4_2_16x32(int p, int q, const float *restrict w, float *restrict u)
{
  static const float g[5][2] = {{1.0F, 0.0F}, {0.0F, 1.0F}, {1.0F, 1.0F}, {1.0F, -1.0F}, {1.0F,
      2.0F}};
  for (int phase = 0; phase < 4; phase++) {
    const float *tap = w + (phase / 2 * 4 + phase % 2) * 16 * 32;
    for (int i = 0; i < 16 * 32; i += LATHE_LANES, tap += LATHE_LANES, u += LATHE_LANES)
      lathe_store(u, g[p][0] * (g[q][0] * lathe_load(tap + (0 * 4 + 0) * 2 * 16 * 32) + g[q][1] *
          lathe_load(tap + (0 * 4 + 1) * 2 * 16 * 32)) +
        g[p][1] * (g[q][0] * lathe_load(tap + (1 * 4 + 0) * 2 * 16 * 32) + g[q][1] * lathe_load(tap
            + (1 * 4 + 1) * 2 * 16 * 32)));
  }
}

/* encoder.1: conv2d 32, kernel 4, stride 2, pad 1   (test.lathe:6)
 * winograd_product: v[n, 25, 64], w[4, 4, 16, 32], m[n, 25, 32]; 262.1 kFLOP an image */
static void encoder_1_winograd_product(int n, int task, float *restrict scratch,
    const float *restrict v, const float *restrict w, float *restrict m)
{
  const int begin = task;
  const int p = begin / 5, q = begin % 5; /* this task's point */
  const int first = winograd_row_4x4_2(n, p, q, 0, 0, 0), rows = winograd_row_4x4_2(n, p, q, n, 0,
      0) - first;
  float *const u = scratch, *const packed = scratch + 64 * 32;
  winograd_filter_4_2_16x32(p, q, w, u);
  lathe_product(rows, 32, 64, (struct lathe_rows){v + first * 64, 64, 1},
      lathe_pack(64, 32, u, 32, packed), 0, m + first * 32, 32);
}
