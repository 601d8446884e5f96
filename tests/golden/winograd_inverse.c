/* encoder.1: conv2d 32, kernel 4, stride 2, pad 1   (test.lathe:6)
 * winograd_inverse + bias: m[n, 25, 32], b[32], y[n, 4, 4, 32] */
static void encoder_1_winograd_inverse(int n, int task, float *restrict scratch,
    const float *restrict m, const float *restrict b, float *restrict y)
{
  const int begin = task * 2;
  const int end = begin + 2 < n ? begin + 2 : n;
  float *const tile = scratch;
  for (int i = begin; i < end; i++) {
    float *const image = y + i * 4 * 4 * 32;
    for (int ty = 0; ty < 1; ty++) {
      for (int tx = 0; tx < 1; tx++) {
        const int down = 5, along = 5; /* points of the tile */
        for (int q = 0; q < along; q++) { /* down the columns of points */
          const float *from[5];
          float *to[5];
          for (int p = 0; p < down; p++)
            from[p] = m + winograd_row_4x4_2(n, p, q, i, ty, tx) * 32;
          for (int oy = 0; oy < down - 1; oy++)
            to[oy] = tile + (oy * 5 + q) * 32;
          winograd_inverse_4_2(from, to, 32);
        }
        for (int oy = 0; oy < down - 1; oy++) { /* along the rows of outputs */
          const float *from[5];
          float *to[5];
          for (int q = 0; q < along; q++)
            from[q] = tile + (oy * 5 + q) * 32;
          for (int ox = 0; ox < along - 1; ox++)
            to[ox] = image + ((ty * 4 + oy) * 4 + tx * 4 + ox) * 32;
          winograd_inverse_4_2(from, to, 32);
        }
      }
    }
  }
  for (int r = begin * 16; r < end * 16; r++) {
    float *const y_row = y + r * 32;
    for (int c = 0; c < 32; c++) {
      y_row[c] = y_row[c] + b[c];
    }
  }
}
