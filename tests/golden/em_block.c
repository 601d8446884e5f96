static void load(struct block *block, const float *points, int64_t n)
{
  const int count = n < BLOCK ? (int)n : BLOCK;
  const int whole = count / LATHE_DOUBLES;
  block->count = count;
  block->vectors = (count + STEP * LATHE_DOUBLES - 1) / (STEP * LATHE_DOUBLES) * STEP;
  for (int v = 0; v < whole; v++)
    for (int i = 0; i < D; i++)
      for (int l = 0; l < LATHE_DOUBLES; l++)
        block->point[i][v][l] = (double)points[(v * LATHE_DOUBLES + l) * D + i];
  for (int p = whole * LATHE_DOUBLES; p < block->vectors * LATHE_DOUBLES; p++) {
    const float *const point = points + (p < count ? p : count - 1) * D;
    for (int i = 0; i < D; i++)
      block->point[i][p / LATHE_DOUBLES][p % LATHE_DOUBLES] = (double)point[i];
  }
}

/* The block's shares before they are divided by their total. The largest is taken out of the
 * exponentials, so that none overflows and the total lies between 1 and K. */
static void compare(const struct densities *densities, struct block *block)
{
  for (int v = 0; v < block->vectors; v++) {
    block->most[v] = (lanes){0} - HUGE_VAL;
    block->total[v] = (lanes){0};
  }
  for (int k = 0; k < K; k++)
    density(&densities->component[k], k, block);
  for (int k = 0; k < K; k++) {
    for (int v = 0; v < block->vectors; v++) {
      lanes *const share = &block->share[k][v];
      *share -= block->most[v];
      lathe_lanes_exp2(share);
      block->total[v] += *share;
    }
  }
}
