/* Returns 0, or 1 + the first component whose covariance is not positive definite. */
static int prepare(const struct lathe_mixture *mixture, struct component components[K])
{
  for (int k = 0; k < K; k++) {
    struct component *const c = &components[k];
    double log_det = 0;
    memcpy(c->mean, mixture->means + k * D, sizeof c->mean);
    for (int i = 0; i < D; i++) {
      const double variance = mixture->covariances[k * D + i];
      if (!(variance > 0))
        return 1 + k;
      c->inverse[i] = 1 / variance;
      log_det += log(variance);
    }
    c->log_constant = log(mixture->weights[k]) - 0.5 * (log_det + D * 1.8378770664093453);
  }
  return 0;
}

/* Posterior probabilities of one point and, returned, its log-likelihood. The largest term
 * is taken out of the sum of exponentials, so that none overflows. */
static double posterior_of(const struct component components[K], const float *point,
    double differences[K][D], double posterior[K])
{
  double most = -HUGE_VAL;
  for (int k = 0; k < K; k++) {
    const struct component *const c = &components[k];
    double *const difference = differences[k];
    for (int i = 0; i < D; i++)
      difference[i] = (double)point[i] - c->mean[i];
    double q = 0;
    for (int i = 0; i < D; i++)
      q += difference[i] * difference[i] * c->inverse[i];
    posterior[k] = c->log_constant - 0.5 * q;
    most = posterior[k] > most ? posterior[k] : most;
  }
  double total = 0;
  for (int k = 0; k < K; k++) {
    posterior[k] = exp(posterior[k] - most);
    total += posterior[k];
  }
  for (int k = 0; k < K; k++)
    posterior[k] /= total;
  return most + log(total);
}
