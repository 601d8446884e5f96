/* encoder.1: conv2d 32, kernel 4, stride 2, pad 1   (test.lathe:6)
 * winograd_product_adjoint: dm[n, 25, 32], w[4, 4, 16, 32], dv[n, 25, 64]; 262.1 kFLOP an image */
static void encoder_1_winograd_product_adjoint(int n, int task, float *restrict scratch,
    const float *restrict dm, const float *restrict w, float *restrict dv)
{
  const int begin = task;
  const int p = begin / 5, q = begin % 5; /* this task's point */
  const int first = winograd_row_4x4_2(n, p, q, 0, 0, 0), rows = winograd_row_4x4_2(n, p, q, n, 0,
      0) - first;
  float *const u = scratch, *const packed = scratch + 64 * 32;
  winograd_filter_4_2_16x32(p, q, w, u);
  lathe_product(rows, 64, 32, (struct lathe_rows){dm + first * 32, 32, 1},
      lathe_pack_transposed(32, 64, u, 32, packed), 0, dv + first * 64, 64);
}
