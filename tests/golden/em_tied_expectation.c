/* Rows `first` to `first` + 2 of a step's points, whitened. */
static inline void whiten_2(const struct densities *densities, struct block *block, int v,
    int first)
{
  lanes row[2][STEP];
  for (int i = 0; i < 2; i++)
    for (int u = 0; u < STEP; u++)
      row[i][u] = (lanes){0};
  for (int j = 0; j < first; j++) {
    for (int u = 0; u < STEP; u++) {
      const lanes difference = block->point[j][v + u] - densities->centre[j];
      for (int i = 0; i < 2; i++)
        row[i][u] += densities->whiten[j][first + i] * difference;
    }
  }
#pragma GCC unroll 2 /* or rows would be kept in memory */
  for (int j = 0; j < 2; j++) {
    for (int u = 0; u < STEP; u++) {
      const lanes difference = block->point[first + j][v + u] - densities->centre[first + j];
      for (int i = j; i < 2; i++)
        row[i][u] += densities->whiten[first + j][first + i] * difference;
    }
  }
  for (int i = 0; i < 2; i++)
    for (int u = 0; u < STEP; u++)
      block->whitened[first + i][v + u] = row[i][u];
}

/* The block's shares before they are divided by their total. The largest is taken out of the
 * exponentials, so that none overflows and the total lies between 1 and K. */
static void compare(const struct densities *densities, struct block *block)
{
  for (int v = 0; v < block->vectors; v += STEP) {
    whiten_2(densities, block, v, 0);
  }
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
