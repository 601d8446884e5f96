/* encoder.2: avg_pool 2, stride 1   (test.lathe:7)
 * window_spread: x[n, 2, 2, 4], y[n, 3, 3, 4] */
static void encoder_2_window_spread(int n, int task, const float *restrict x,
    float *restrict y)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    memset(y + i * 36, 0, 36 * sizeof *y);
    for (int oy = 0; oy < 2; oy++) {
      const int top = oy;
      for (int ox = 0; ox < 2; ox++) {
        const int left = ox;
        const int out = ((i * 2 + oy) * 2 + ox) * 4;
        for (int iy = top; iy < top + 2; iy++) {
          for (int ix = left; ix < left + 2; ix++) {
            const int in = ((i * 3 + iy) * 3 + ix) * 4;
            for (int c = 0; c < 4; c++)
              y[in + c] += x[out + c] * 0.25F;
          }
        }
      }
    }
  }
}
