/* First and second moments of 2 dimensions, whose sums stay in registers. */
static void moments_2(const struct block *block, const lanes *share, const double *mean,
    int at, double *first, double *second)
{
  lanes moved[2] = {0};
  lanes sum[2] = {0};
  for (int v = 0; v < block->vectors; v++) {
    for (int i = 0; i < 2; i++) {
      const lanes difference = block->point[at + i][v] - mean[at + i];
      const lanes part = share[v] * difference;
      moved[i] += part;
      sum[i] += part * difference;
    }
  }
  for (int i = 0; i < 2; i++) {
    first[at + i] += lathe_lanes_sum(&moved[i]);
    second[at + i] += lathe_lanes_sum(&sum[i]);
  }
}
