/* Returns 0, or 1 + the first component whose covariance is not positive definite. */
static int prepare(const struct lathe_mixture *mixture, struct densities *densities)
{
  for (int k = 0; k < K; k++) {
    struct component *const c = &densities->component[k];
    memcpy(c->mean, mixture->means + k * D, sizeof c->mean);
    double log_det = 0;
    for (int i = 0; i < D; i++) {
      const double variance = mixture->covariances[k * D + i];
      if (!(variance > 0))
        return 1 + k;
      c->inverse[i] = 0.5 * LOG2_E / variance;
      log_det += log(variance);
    }
    c->log_constant =
        LOG2_E * (log(mixture->weights[k]) - 0.5 * (log_det + D * LOG_2_PI));
  }
  return 0;
}

/* Row k of the block's shares: log2(weight x density) of component k. */
static void density(const struct component *c, int k, struct block *block)
{
  for (int v = 0; v < block->vectors; v += STEP) {
    lanes logarithm[STEP];
    for (int u = 0; u < STEP; u++)
      logarithm[u] = (lanes){0} + c->log_constant;
    for (int i = 0; i < D; i++) {
      for (int u = 0; u < STEP; u++) {
        const lanes difference = block->point[i][v + u] - c->mean[i];
        logarithm[u] -= c->inverse[i] * difference * difference;
      }
    }
    for (int u = 0; u < STEP; u++) {
      block->share[k][v + u] = logarithm[u];
      lathe_lanes_raise(&block->most[v + u], &logarithm[u]);
    }
  }
}
