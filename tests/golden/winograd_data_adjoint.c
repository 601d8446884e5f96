/* encoder.1: conv2d 32, kernel 4, stride 2, pad 1   (test.lathe:6)
 * winograd_data_adjoint: dv[n, 25, 64], dx[n, 8, 8, 16] */
static void encoder_1_winograd_data_adjoint(int n, int task, float *restrict scratch,
    const float *restrict dv, float *restrict dx)
{
  const int begin = task * 2;
  const int end = begin + 2 < n ? begin + 2 : n;
  float *const tile = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = dx + i * 8 * 8 * 16;
    memset(image, 0, 8 * 8 * 16 * sizeof *image); /* tiles overlap */
    for (int ty = 0; ty < 1; ty++) {
      for (int tx = 0; tx < 1; tx++) {
        const int down = 5, along = 5; /* points of the tile */
        for (int phase = 0; phase < 4; phase++) {
          const int oy = (ty * 4) * 2 + phase / 2 - 1, ox = (tx * 4) * 2 + phase % 2 - 1;
          for (int p = 0; p < down; p++) { /* along the rows of points */
            const float *from[5];
            float *to[5];
            for (int q = 0; q < along; q++) {
              to[q] = tile + (p * 5 + q) * 16;
              from[q] = dv + (winograd_row_4x4_2(n, p, q, i, ty, tx) * 4 + phase) * 16;
            }
            winograd_data_adjoint_4_2(from, to, 16);
          }
          for (int q = 0; q < along; q++) { /* down the columns of pixels */
            const float *from[5];
            float *to[5];
            for (int p = 0; p < down; p++) {
              from[p] = tile + (p * 5 + q) * 16;
              to[p] = tile + (p * 5 + q) * 16;
            }
            winograd_data_adjoint_4_2(from, to, 16);
            const int ix = ox + q * 2;
            for (int p = 0; p < down; p++) {
              const int iy = oy + p * 2;
              if (iy < 0 || iy >= 8 || ix < 0 || ix >= 8)
                continue;
              float *const pixel = image + (iy * 8 + ix) * 16;
              for (int c = 0; c < 16; c++)
                pixel[c] += to[p][c];
            }
          }
        }
      }
    }
  }
}
