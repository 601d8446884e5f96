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
    double whitened[D] = {0};
    for (int j = 0; j < D; j++)
      for (int i = 0; i < D; i++)
        whitened[i] += c->inverse[j][i] * difference[j];
    for (int i = 0; i < D; i++)
      q += whitened[i] * whitened[i];
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
