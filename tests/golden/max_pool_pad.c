/* encoder.0: max_pool 3, stride 2, pad 1   (test.lathe:5)
 * max_pool: x[n, 6, 6, 3], y[n, 3, 3, 3] */
static void encoder_0_max_pool(int n, int task, const float *restrict x,
    float *restrict y)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    for (int oy = 0; oy < 3; oy++) {
      const int top = oy * 2 - 1 > 0 ? oy * 2 - 1 : 0;
      const int bottom = oy * 2 - 1 + 3 < 6 ? oy * 2 - 1 + 3 : 6;
      for (int ox = 0; ox < 3; ox++) {
        const int left = ox * 2 - 1 > 0 ? ox * 2 - 1 : 0;
        const int right = ox * 2 - 1 + 3 < 6 ? ox * 2 - 1 + 3 : 6;
        const int out = ((i * 3 + oy) * 3 + ox) * 3;
        memcpy(y + out, x + ((i * 6 + top) * 6 + left) * 3, 3 * sizeof *y);
        for (int iy = top; iy < bottom; iy++) {
          for (int ix = left; ix < right; ix++) {
            const int in = ((i * 6 + iy) * 6 + ix) * 3;
            for (int c = 0; c < 3; c++) {
              const float v = x[in + c];
              y[out + c] = v > y[out + c] || isnan(v) ? v : y[out + c];
            }
          }
        }
      }
    }
  }
}
