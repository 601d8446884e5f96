/* Rows `first` to `first` + 2 of the whitened differences of a step's points; takes their
 * squares off the logarithm. */
static inline void whiten_2(const struct component *c, const struct block *block, int v,
    int first, lanes logarithm[STEP])
{
  lanes row[2][STEP];
  for (int i = 0; i < 2; i++)
    for (int u = 0; u < STEP; u++)
      row[i][u] = (lanes){0};
  for (int j = 0; j < first; j++) {
    for (int u = 0; u < STEP; u++) {
      const lanes difference = block->point[j][v + u] - c->mean[j];
      for (int i = 0; i < 2; i++)
        row[i][u] += c->whiten[j][first + i] * difference;
    }
  }
#pragma GCC unroll 2 /* or rows would be kept in memory */
  for (int j = 0; j < 2; j++) {
    for (int u = 0; u < STEP; u++) {
      const lanes difference = block->point[first + j][v + u] - c->mean[first + j];
      for (int i = j; i < 2; i++)
        row[i][u] += c->whiten[first + j][first + i] * difference;
    }
  }
  for (int i = 0; i < 2; i++)
    for (int u = 0; u < STEP; u++)
      logarithm[u] -= row[i][u] * row[i][u];
}

/* Row k of the block's shares: log2(weight x density) of component k. */
static void density(const struct component *c, int k, struct block *block)
{
  for (int v = 0; v < block->vectors; v += STEP) {
    lanes logarithm[STEP];
    for (int u = 0; u < STEP; u++)
      logarithm[u] = (lanes){0} + c->log_constant;
    whiten_2(c, block, v, 0, logarithm);
    for (int u = 0; u < STEP; u++) {
      block->share[k][v + u] = logarithm[u];
      lathe_lanes_raise(&block->most[v + u], &logarithm[u]);
    }
  }
}
