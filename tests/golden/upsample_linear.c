/* encoder.3: upsample 2, mode linear   (test.lathe:8)
 * bilinear: from[n, 3, 4], to[n, 6, 4] */
static void encoder_3_bilinear(int n, int task, const float *restrict from,
    float *restrict to)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    for (int px = 0; px < 6; px++) {
      const int from_x = 2 * px > 1 ? 2 * px - 1 : 0;
      const int x0 = from_x / 4;
      const int x1 = x0 + 1 < 3 ? x0 + 1 : x0;
      const float near_x = x1 > x0 ? (float)(from_x % 4) * 0.25F : 0;
      const int large = (i * 6 + px) * 4;
      memset(to + large, 0, 4 * sizeof *to);
      for (int near = 0; near < 2; near++) {
        const int small = (i * 3 + (near == 0 ? x0 : x1)) * 4;
        const float weight = near == 0 ? 1 - near_x : near_x;
        for (int c = 0; c < 4; c++)
          to[large + c] += weight * from[small + c];
      }
    }
  }
}
