/* Returns 0, or 1 + the first component whose covariance is not positive definite. */
static int prepare(const struct lathe_mixture *mixture, struct densities *densities)
{
  double log_det;
  for (int k = 0; k < K; k++) {
    struct component *const c = &densities->component[k];
    memcpy(c->mean, mixture->means + k * D, sizeof c->mean);
    if (!whitening(mixture->covariances + k * D * D, c->whiten, &log_det))
      return 1 + k;
    c->log_constant =
        LOG2_E * (log(mixture->weights[k]) - 0.5 * (log_det + D * LOG_2_PI));
  }
  return 0;
}
