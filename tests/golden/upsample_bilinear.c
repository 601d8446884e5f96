/* encoder.0: upsample 2, mode bilinear   (test.lathe:5)
 * bilinear: from[n, 6, 6, 3], to[n, 12, 12, 3]; 3.5 kFLOP an image */
static void encoder_0_bilinear(int n, int task, const float *restrict from,
    float *restrict to)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    for (int py = 0; py < 12; py++) {
      const int from_y = 2 * py > 1 ? 2 * py - 1 : 0;
      const int y0 = from_y / 4;
      const int y1 = y0 + 1 < 6 ? y0 + 1 : y0;
      const float near_y = y1 > y0 ? (float)(from_y % 4) * 0.25F : 0;
      for (int px = 0; px < 12; px++) {
        const int from_x = 2 * px > 1 ? 2 * px - 1 : 0;
        const int x0 = from_x / 4;
        const int x1 = x0 + 1 < 6 ? x0 + 1 : x0;
        const float near_x = x1 > x0 ? (float)(from_x % 4) * 0.25F : 0;
        const int large = ((i * 12 + py) * 12 + px) * 3;
        memset(to + large, 0, 3 * sizeof *to);
        for (int near = 0; near < 4; near++) {
          const int small = ((i * 6 + (near < 2 ? y0 : y1)) * 6 + (near % 2 ? x1 : x0)) * 3;
          const float weight = (near < 2 ? 1 - near_y : near_y) * (near % 2 ? near_x : 1 - near_x);
          for (int c = 0; c < 3; c++)
            to[large + c] += weight * from[small + c];
        }
      }
    }
  }
}
