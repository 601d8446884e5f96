/* Returns 0, or 1 + the first component whose covariance is not positive definite. */
static int prepare(const struct lathe_mixture *mixture, struct densities *densities)
{
  double log_det;
  if (!whitening(mixture->covariances, densities->whiten, &log_det))
    return 1;
  memset(densities->centre, 0, sizeof densities->centre);
  for (int k = 0; k < K; k++)
    for (int i = 0; i < D; i++)
      densities->centre[i] += mixture->weights[k] * mixture->means[k * D + i];
  for (int k = 0; k < K; k++) {
    struct component *const c = &densities->component[k];
    memcpy(c->mean, mixture->means + k * D, sizeof c->mean);
    memset(c->whitened, 0, sizeof c->whitened);
    for (int j = 0; j < D; j++)
      for (int i = j; i < D; i++)
        c->whitened[i] += densities->whiten[j][i] * (c->mean[j] - densities->centre[j]);
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
        const lanes difference = block->whitened[i][v + u] - c->whitened[i];
        logarithm[u] -= difference * difference;
      }
    }
    for (int u = 0; u < STEP; u++) {
      block->share[k][v + u] = logarithm[u];
      lathe_lanes_raise(&block->most[v + u], &logarithm[u]);
    }
  }
}
