/* Returns 0, or 1 + the first component whose covariance is not positive definite. */
static int prepare(const struct lathe_mixture *mixture, struct component components[K])
{
  for (int k = 0; k < K; k++) {
    struct component *const c = &components[k];
    double log_det = 0;
    memcpy(c->mean, mixture->means + k * D, sizeof c->mean);
    const double *const covariance = mixture->covariances + k * D * D;
    double factor[D][D];
    for (int i = 0; i < D; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = covariance[i * D + j];
        for (int m = 0; m < j; m++)
          sum -= factor[i][m] * factor[j][m];
        if (j < i)
          factor[i][j] = sum / factor[j][j];
        else if (sum > 0)
          factor[i][i] = sqrt(sum);
        else
          return 1 + k;
      }
      log_det += 2 * log(factor[i][i]);
    }
    for (int j = 0; j < D; j++) {
      for (int i = 0; i < D; i++) {
        double sum = i == j ? 1 : 0;
        for (int m = j; m < i; m++)
          sum -= factor[i][m] * c->inverse[j][m];
        c->inverse[j][i] = i < j ? 0 : sum / factor[i][i];
      }
    }
    c->log_constant = log(mixture->weights[k]) - 0.5 * (log_det + D * 1.8378770664093453);
  }
  return 0;
}
