/* Adds a block whose shares have been compared to the sums. */
static void gather(const struct densities *densities, struct block *block, struct sums *sums)
{
  sums->log_likelihood += normalise(block);
  for (int k = 0; k < K; k++) {
    lanes *const share = block->share[k];
    const double *const mean = densities->component[k].mean;
    double *const first = sums->first + k * D;
    lanes count = {0};
    lanes squares = {0};
    for (int v = 0; v < block->vectors; v++) {
      share[v] *= block->total[v];
      count += share[v];
      squares += share[v] * block->square[k][v];
    }
    sums->count[k] += lathe_lanes_sum(&count);
    sums->second[k] += lathe_lanes_sum(&squares);
    moments_2(block, share, mean, 0, first);
  }
}
