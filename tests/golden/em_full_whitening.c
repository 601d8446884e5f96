/* The inverse of the covariance's Cholesky factor, transposed, times sqrt(log2(e) / 2), and
 * the logarithm of its determinant. False when the covariance is not positive definite. */
static bool whitening(const double *covariance, double whiten[D][D], double *log_det)
{
  const double root_half_log2_e = 0.8493218002880191;
  union row column[D] = {0}; /* of the factor, from the diagonal on */
  union row inverse[D];      /* up to the diagonal, then zeros */
  *log_det = 0;
  for (int j = 0; j < D; j++) {
    for (int i = j; i < D; i++)
      column[j].at[i] = covariance[i * D + j];
    for (int v = j / LATHE_DOUBLES; v < ACROSS; v++) {
      lanes sum = column[j].vector[v];
      for (int m = 0; m < j; m++)
        sum -= column[m].vector[v] * column[m].at[j];
      column[j].vector[v] = sum;
    }
    if (!(column[j].at[j] > 0))
      return false;
    const double root = sqrt(column[j].at[j]);
    for (int v = j / LATHE_DOUBLES; v < ACROSS; v++)
      column[j].vector[v] /= root;
    column[j].at[j] = root;
    *log_det += 2 * log(root);
  }
  for (int i = 0; i < D; i++) {
    for (int v = 0; v <= i / LATHE_DOUBLES; v++) {
      lanes sum = {0};
      for (int m = v * LATHE_DOUBLES; m < i; m++)
        sum -= column[m].at[i] * inverse[m].vector[v];
      inverse[i].vector[v] = sum;
    }
    inverse[i].at[i] = root_half_log2_e;
    for (int v = 0; v <= i / LATHE_DOUBLES; v++)
      inverse[i].vector[v] /= column[i].at[i];
    for (int j = 0; j < D; j++)
      whiten[j][i] = j <= i ? inverse[i].at[j] : 0;
  }
  return true;
}
