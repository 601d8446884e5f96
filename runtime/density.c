#include "density.h"
#include "linalg.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void lathe_covariance_matrix(const struct lathe_mixture *mixture, int k, double *matrix)
{
  size_t d = (size_t)mixture->dimensions;
  const double *covariances = mixture->covariances;
  if (mixture->covariance == LATHE_TIED || mixture->covariance == LATHE_FULL) {
    size_t block = mixture->covariance == LATHE_FULL ? (size_t)k : 0;
    memcpy(matrix, covariances + block * d * d, d * d * sizeof *matrix);
    return;
  }
  memset(matrix, 0, d * d * sizeof *matrix);
  for (size_t i = 0; i < d; i++)
    matrix[i * d + i] =
        mixture->covariance == LATHE_DIAG ? covariances[(size_t)k * d + i] : covariances[k];
}

bool lathe_density_new(struct lathe_density *density, const struct lathe_mixture *mixture, int *bad,
                       struct lathe_error *err)
{
  const double log_two_pi = 1.8378770664093453;
  int d = mixture->dimensions;
  size_t width = (size_t)d, k = (size_t)mixture->components;
  *density = (struct lathe_density){
      .mixture = mixture,
      .factors = calloc(k * width, width * sizeof(double)),
      .log_norm = calloc(k, sizeof(double)),
      .log_det = calloc(k, sizeof(double)),
      .work = calloc(2 * width + k, sizeof(double)),
  };
  if (!density->factors || !density->log_norm || !density->log_det || !density->work) {
    lathe_density_free(density);
    if (bad)
      *bad = -1;
    return lathe_fail(err, "not enough memory for the density of %zu components in %d dimensions",
                      k, d);
  }
  for (int c = 0; c < mixture->components; c++) {
    double *factor = density->factors + (size_t)c * width * width;
    lathe_covariance_matrix(mixture, c, factor);
    if (lathe_cholesky(d, factor) != 0) {
      lathe_density_free(density);
      if (bad)
        *bad = c;
      return lathe_fail(err,
                        "the covariance of mixture component %d is not positive definite; fit the "
                        "mixture with a higher floor",
                        c);
    }
    density->log_det[c] = lathe_cholesky_log_det(d, factor);
    density->log_norm[c] = log(mixture->weights[c]) - (d * log_two_pi + density->log_det[c]) / 2;
  }
  return true;
}

void lathe_density_free(struct lathe_density *density)
{
  free(density->factors);
  free(density->log_norm);
  free(density->log_det);
  free(density->work);
  *density = (struct lathe_density){0};
}

double lathe_density_at(struct lathe_density *density, const double *x, double *posterior)
{
  const struct lathe_mixture *mixture = density->mixture;
  int d = mixture->dimensions, components = mixture->components;
  double *deviation = density->work + d;
  double *joint = posterior ? posterior : density->work + 2 * d;
  double greatest = -INFINITY;
  for (int k = 0; k < components; k++) {
    for (int i = 0; i < d; i++)
      deviation[i] = x[i] - mixture->means[(int64_t)k * d + i];
    lathe_solve_lower(d, density->factors + (int64_t)k * d * d, deviation);
    double squared = 0;
    for (int i = 0; i < d; i++)
      squared += deviation[i] * deviation[i];
    joint[k] = density->log_norm[k] - squared / 2;
    if (joint[k] > greatest)
      greatest = joint[k];
  }
  if (!isfinite(greatest)) { /* so far away that its distances overflow: nothing tells it apart */
    for (int k = 0; k < components; k++)
      joint[k] = 1.0 / components;
    return -INFINITY;
  }
  double sum = 0;
  for (int k = 0; k < components; k++)
    sum += exp(joint[k] - greatest);
  double log_likelihood = greatest + log(sum);
  if (posterior)
    for (int k = 0; k < components; k++)
      posterior[k] = exp(joint[k] - log_likelihood);
  return log_likelihood;
}

double lathe_density_at_real(struct lathe_density *density, const lathe_real *x, double *posterior)
{
  for (int i = 0; i < density->mixture->dimensions; i++)
    density->work[i] = (double)x[i];
  return lathe_density_at(density, density->work, posterior);
}
