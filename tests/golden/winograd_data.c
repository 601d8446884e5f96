/* encoder.1: conv2d 32, kernel 4, stride 2, pad 1   (test.lathe:6)
 * winograd_data: x[n, 8, 8, 16], v[n, 25, 64] */
static void encoder_1_winograd_data(int n, int task, float *restrict scratch,
    const float *restrict x, float *restrict v)
{
  const int begin = task * 2;
  const int end = begin + 2 < n ? begin + 2 : n;
  float *const outside = scratch, *const tile = scratch + 16;
  memset(outside, 0, 16 * sizeof *outside);
  for (int i = begin; i < end; i++) {
    const float *const image = x + i * 8 * 8 * 16;
    for (int ty = 0; ty < 1; ty++) {
      for (int tx = 0; tx < 1; tx++) {
        const int down = 5, along = 5; /* points of the tile */
        for (int phase = 0; phase < 4; phase++) {
          const int oy = (ty * 4) * 2 + phase / 2 - 1, ox = (tx * 4) * 2 + phase % 2 - 1;
          for (int q = 0; q < along; q++) { /* down the columns of pixels */
            const float *from[5];
            float *to[5];
            const int ix = ox + q * 2;
            for (int p = 0; p < down; p++) {
              const int iy = oy + p * 2;
              const int inside = iy >= 0 && iy < 8 && ix >= 0 && ix < 8;
              from[p] = inside ? image + (iy * 8 + ix) * 16 : outside;
              to[p] = tile + (p * 5 + q) * 16;
            }
            winograd_data_4_2(from, to, 16);
          }
          for (int p = 0; p < down; p++) { /* along the rows of points */
            const float *from[5];
            float *to[5];
            for (int q = 0; q < along; q++) {
              from[q] = tile + (p * 5 + q) * 16;
              to[q] = v + (winograd_row_4x4_2(n, p, q, i, ty, tx) * 4 + phase) * 16;
            }
            winograd_data_4_2(from, to, 16);
          }
        }
      }
    }
  }
}
