/* encoder.3: upsample 3, mode bilinear   (test.lathe:8)
 * bilinear_adjoint: from[n, 144], to[n, 2, 2, 4] */
static void encoder_3_bilinear_adjoint(int n, int task, const float *restrict from,
    float *restrict to)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    memset(to + i * 16, 0, 16 * sizeof *to);
    for (int py = 0; py < 6; py++) {
      const int from_y = 2 * py > 2 ? 2 * py - 2 : 0;
      const int y0 = from_y / 6;
      const int y1 = y0 + 1 < 2 ? y0 + 1 : y0;
      const float near_y = y1 > y0 ? (float)(from_y % 6) * 0.16666667F : 0;
      for (int px = 0; px < 6; px++) {
        const int from_x = 2 * px > 2 ? 2 * px - 2 : 0;
        const int x0 = from_x / 6;
        const int x1 = x0 + 1 < 2 ? x0 + 1 : x0;
        const float near_x = x1 > x0 ? (float)(from_x % 6) * 0.16666667F : 0;
        const int large = ((i * 6 + py) * 6 + px) * 4;
        for (int near = 0; near < 4; near++) {
          const int small = ((i * 2 + (near < 2 ? y0 : y1)) * 2 + (near % 2 ? x1 : x0)) * 4;
          const float weight = (near < 2 ? 1 - near_y : near_y) * (near % 2 ? near_x : 1 - near_x);
          for (int c = 0; c < 4; c++)
            to[small + c] += weight * from[large + c];
        }
      }
    }
  }
}
