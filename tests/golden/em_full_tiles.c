/* Rows `down` to `down` + 3 and columns `right` to `right` + 4 of the second moments,
 * whose sums stay in registers. */
static void tile_3_4(const struct block *block, const lanes *share, const double *mean,
    int down, int right, double *second)
{
  lanes sum[3][4] = {0};
  for (int v = 0; v < block->vectors; v++) {
    lanes part[3];
    for (int i = 0; i < 3; i++)
      part[i] = share[v] * (block->point[down + i][v] - mean[down + i]);
    for (int j = 0; j < 4; j++) {
      const lanes difference = block->point[right + j][v] - mean[right + j];
      for (int i = 0; i < 3; i++)
        sum[i][j] += part[i] * difference;
    }
  }
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 4; j++)
      second[packed(down + i, right + j)] += lathe_lanes_sum(&sum[i][j]);
}

/* All second moments, and first ones. */
static void products(const struct block *block, const lanes *share, const double *mean,
    double *first, double *second)
{
  corner_4(block, share, mean, 0, first, second);
  for (int j = 0; j < 4; j += 4)
    tile_3_4(block, share, mean, 4, j, second);
  corner_3(block, share, mean, 4, first, second);
}
