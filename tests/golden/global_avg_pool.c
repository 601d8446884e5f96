/* encoder.0: global_avg_pool   (test.lathe:5)
 * window_sum: x[n, 6, 6, 3], y[n, 3, 1, 1] */
static void encoder_0_window_sum(int n, int task, const float *restrict x,
    float *restrict y)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    for (int oy = 0; oy < 1; oy++) {
      const int top = 0;
      for (int ox = 0; ox < 1; ox++) {
        const int left = 0;
        const int out = ((i * 1 + oy) * 1 + ox) * 3;
        memset(y + out, 0, 3 * sizeof *y);
        for (int iy = top; iy < top + 6; iy++) {
          for (int ix = left; ix < left + 6; ix++) {
            const int in = ((i * 6 + iy) * 6 + ix) * 3;
            for (int c = 0; c < 3; c++)
              y[out + c] += x[in + c];
          }
        }
        for (int c = 0; c < 3; c++)
          y[out + c] = y[out + c] * 0.027777778F;
      }
    }
  }
}
