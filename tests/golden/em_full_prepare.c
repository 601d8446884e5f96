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

/* The inverse of the covariance's Cholesky factor, transposed, times sqrt(log2(e) / 2), and
 * the logarithm of its determinant. False when the covariance is not positive definite. */
static bool whitening(const double *covariance, double whiten[D][D], double *log_det)
{
  const double root_half_log2_e = 0.8493218002880191;
  double factor[D][D];
  *log_det = 0;
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
        return false;
    }
    *log_det += 2 * log(factor[i][i]);
  }
  for (int j = 0; j < D; j++) {
    for (int i = 0; i < D; i++) {
      double sum = i == j ? root_half_log2_e : 0;
      for (int m = j; m < i; m++)
        sum -= factor[i][m] * whiten[j][m];
      whiten[j][i] = i < j ? 0 : sum / factor[i][i];
    }
  }
  return true;
}
