/* The row of tile (ty, tx) of image i among the products of point (p, q): the points
 * come one after the other, each with a row for every tile that uses it. */
static int winograd_row_4x4_2(int n, int p, int q, int i, int ty, int tx)
{
  static const int first[5][5] = {
    {0, 1, 2, 3, 4},
    {5, 6, 7, 8, 9},
    {10, 11, 12, 13, 14},
    {15, 16, 17, 18, 19},
    {20, 21, 22, 23, 24},
  };
  static const int down[5] = {1, 1, 1, 1, 1}, along[5] = {1, 1, 1, 1, 1};
  return first[p][q] * n + (i * down[p] + ty) * along[q] + tx;
}

/* F(4, 2): pixels of a tile to their values at the points, each of `count` channels. */
static void winograd_data_4_2(const float *const d[5], float *const to[5], int count)
{
  for (int c = 0; c < count; c += LATHE_LANES) {
    const lathe_vector d0 = lathe_load(d[0] + c);
    const lathe_vector d1 = lathe_load(d[1] + c);
    const lathe_vector d2 = lathe_load(d[2] + c);
    const lathe_vector d3 = lathe_load(d[3] + c);
    const lathe_vector d4 = lathe_load(d[4] + c);
    lathe_store(to[0] + c, d0 - 0.5F * d1 - d2 + 0.5F * d3);
    lathe_store(to[1] + c, 2.0F * d1 - d2 - 2.0F * d3 + d4);
    lathe_store(to[2] + c, d1 + 0.5F * d2 - 0.5F * d3);
    lathe_store(to[3] + c, -0.33333334F * d1 + 0.5F * d2 - 0.16666667F * d3);
    lathe_store(to[4] + c, -0.16666667F * d1 + 0.16666667F * d3);
  }
}

/* F(4, 2): products at the points to outputs, each of `count` channels. */
static void winograd_inverse_4_2(const float *const d[5], float *const to[4], int count)
{
  for (int c = 0; c < count; c += LATHE_LANES) {
    const lathe_vector d0 = lathe_load(d[0] + c);
    const lathe_vector d1 = lathe_load(d[1] + c);
    const lathe_vector d2 = lathe_load(d[2] + c);
    const lathe_vector d3 = lathe_load(d[3] + c);
    const lathe_vector d4 = lathe_load(d[4] + c);
    lathe_store(to[0] + c, d0 + d2 + d3 + d4);
    lathe_store(to[1] + c, d2 - d3 + 2.0F * d4);
    lathe_store(to[2] + c, d2 + d3 + 4.0F * d4);
    lathe_store(to[3] + c, d1 + d2 - d3 + 8.0F * d4);
  }
}
