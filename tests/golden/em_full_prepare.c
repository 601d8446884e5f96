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
  _Alignas(64) double column[D][D]; /* of the factor */
  _Alignas(64) double inverse[D][D];
  *log_det = 0;
  for (int j = 0; j < D; j++) {
    for (int i = j; i < D; i++)
      column[j][i] = covariance[i * D + j];
    for (int m = 0; m < j; m++)
      for (int i = j; i < D; i++)
        column[j][i] -= column[m][i] * column[m][j];
    if (!(column[j][j] > 0))
      return false;
    const double root = sqrt(column[j][j]);
    column[j][j] = root;
    for (int i = j + 1; i < D; i++)
      column[j][i] /= root;
    *log_det += 2 * log(root);
  }
  for (int i = 0; i < D; i++) {
    double row[D] = {0};
    row[i] = root_half_log2_e;
    for (int m = 0; m < i; m++)
      for (int j = 0; j < D; j++)
        row[j] -= column[m][i] * inverse[m][j];
    for (int j = 0; j < D; j++)
      whiten[j][i] = inverse[i][j] = row[j] / column[i][i];
  }
  return true;
}
