/* The same for the 2 rows and columns at `at`, on the diagonal, and first moments. */
static void corner_2(const struct block *block, const lanes *share, const double *mean,
    int at, double *first, double *second)
{
  lanes moved[2] = {0};
  lanes sum[2][2] = {0};
  for (int v = 0; v < block->vectors; v++) {
    lanes difference[2];
    for (int i = 0; i < 2; i++) {
      difference[i] = block->point[at + i][v] - mean[at + i];
      const lanes part = share[v] * difference[i];
      moved[i] += part;
      for (int j = 0; j <= i; j++)
        sum[i][j] += part * difference[j];
    }
  }
  for (int i = 0; i < 2; i++) {
    first[at + i] += lathe_lanes_sum(&moved[i]);
    for (int j = 0; j <= i; j++)
      second[packed(at + i, at + j)] += lathe_lanes_sum(&sum[i][j]);
  }
}

/* Adds a block whose shares have been compared to the sums. */
static void gather(const struct densities *densities, struct block *block, struct sums *sums)
{
  sums->log_likelihood += normalise(block);
  for (int k = 0; k < K; k++) {
    lanes *const share = block->share[k];
    const double *const mean = densities->component[k].mean;
    double *const first = sums->first + k * D;
    lanes count = {0};
    double *const second = sums->second + k * (SECOND / K);
    for (int v = 0; v < block->vectors; v++) {
      share[v] *= block->total[v];
      count += share[v];
    }
    sums->count[k] += lathe_lanes_sum(&count);
    products(block, share, mean, first, second);
  }
}
