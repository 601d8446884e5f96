/* encoder.2: max_pool 2   (test.lathe:7)
 * max_pool: x[n, 6, 4], y[n, 3, 4] */
static void encoder_2_max_pool(int n, int task, const float *restrict x,
    float *restrict y)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    for (int ox = 0; ox < 3; ox++) {
      const int left = ox * 2;
      const int out = (i * 3 + ox) * 4;
      memcpy(y + out, x + (i * 6 + left) * 4, 4 * sizeof *y);
      for (int ix = left; ix < left + 2; ix++) {
        const int in = (i * 6 + ix) * 4;
        for (int c = 0; c < 4; c++) {
          const float v = x[in + c];
          y[out + c] = v > y[out + c] || isnan(v) ? v : y[out + c];
        }
      }
    }
  }
}
