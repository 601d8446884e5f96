/* encoder.1: conv2d 32, kernel 4, stride 2, pad 1   (test.lathe:6)
 * winograd_inverse_adjoint: dy[n, 512], dm[n, 25, 32] */
static void encoder_1_winograd_inverse_adjoint(int n, int task, float *restrict scratch,
    const float *restrict dy, float *restrict dm)
{
  const int begin = task * 2;
  const int end = begin + 2 < n ? begin + 2 : n;
  float *const tile = scratch;
  for (int i = begin; i < end; i++) {
    const float *const image = dy + i * 4 * 4 * 32;
    for (int ty = 0; ty < 1; ty++) {
      for (int tx = 0; tx < 1; tx++) {
        const int down = 5, along = 5; /* points of the tile */
        for (int ox = 0; ox < along - 1; ox++) { /* down the columns of outputs */
          const float *from[5];
          float *to[5];
          for (int oy = 0; oy < down - 1; oy++)
            from[oy] = image + ((ty * 4 + oy) * 4 + tx * 4 + ox) * 32;
          for (int p = 0; p < down; p++)
            to[p] = tile + (p * 5 + ox) * 32;
          winograd_inverse_adjoint_4_2(from, to, 32);
        }
        for (int p = 0; p < down; p++) { /* along the rows of points */
          const float *from[5];
          float *to[5];
          for (int ox = 0; ox < along - 1; ox++)
            from[ox] = tile + (p * 5 + ox) * 32;
          for (int q = 0; q < along; q++)
            to[q] = dm + winograd_row_4x4_2(n, p, q, i, ty, tx) * 32;
          winograd_inverse_adjoint_4_2(from, to, 32);
        }
      }
    }
  }
}
