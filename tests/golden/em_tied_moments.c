/* Adds a block whose shares have been compared to the sums. */
static void gather(const struct densities *densities, struct block *block, struct sums *sums)
{
  sums->log_likelihood += normalise(block);
  for (int k = 0; k < K; k++) {
    lanes *const share = block->share[k];
    const double *const mean = densities->component[k].mean;
    double *const first = sums->first + k * D;
    lanes count = {0};
    for (int v = 0; v < block->vectors; v++) {
      share[v] *= block->total[v];
      count += share[v];
    }
    sums->count[k] += lathe_lanes_sum(&count);
    moments_2(block, share, mean, 0, first);
  }
  /* Every point counts once, whatever its shares; copies of the last do not. */
  lanes *const once = block->total;
  for (int v = 0; v < block->vectors; v++)
    for (int l = 0; l < LATHE_DOUBLES; l++)
      once[v][l] = v * LATHE_DOUBLES + l < block->count ? 1 : 0;
  products(block, once, densities->centre, sums->second);
}
