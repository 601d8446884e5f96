/* encoder.1: max_pool 2   (test.lathe:6)
 * max_pool_grad: dy[n, 3, 3, 4], x[n, 6, 6, 4], act[n, 3, 3, 4], dx[n, 6, 6, 4] */
static void encoder_1_max_pool_grad(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict x, const float *restrict act,
    float *restrict dx)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    memset(dx + i * 144, 0, 144 * sizeof *dx);
    for (int oy = 0; oy < 3; oy++) {
      const int top = oy * 2;
      for (int ox = 0; ox < 3; ox++) {
        const int left = ox * 2;
        const int out = ((i * 3 + oy) * 3 + ox) * 4;
        memcpy(scratch, dy + out, 4 * sizeof *scratch);
        for (int iy = top; iy < top + 2; iy++) {
          for (int ix = left; ix < left + 2; ix++) {
            const int in = ((i * 6 + iy) * 6 + ix) * 4;
            for (int c = 0; c < 4; c++) {
              const float hit = x[in + c] == act[out + c] ? scratch[c] : 0;
              dx[in + c] += hit;
              scratch[c] -= hit;
            }
          }
        }
      }
    }
  }
}
