/* encoder.0: upsample 2   (test.lathe:5)
 * window_spread: x[n, 6, 6, 3], y[n, 12, 12, 3] */
static void encoder_0_window_spread(int n, int task, const float *restrict x,
    float *restrict y)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    for (int oy = 0; oy < 6; oy++) {
      const int top = oy * 2;
      for (int ox = 0; ox < 6; ox++) {
        const int left = ox * 2;
        const int out = ((i * 6 + oy) * 6 + ox) * 3;
        for (int iy = top; iy < top + 2; iy++) {
          for (int ix = left; ix < left + 2; ix++) {
            const int in = ((i * 12 + iy) * 12 + ix) * 3;
            for (int c = 0; c < 3; c++)
              y[in + c] = x[out + c];
          }
        }
      }
    }
  }
}
