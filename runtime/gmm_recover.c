/* What is done about a component that lost its points or whose covariance is singular. */
#include "density.h"
#include "gmm_parts.h"
#include "linalg.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool lathe_covariance_of_all(const struct lathe_gmm_fit *fit, const struct lathe_mixture *mixture,
                             double *covariance, struct lathe_error *err)
{
  size_t d = (size_t)mixture->dimensions;
  double *mean = calloc(d, sizeof *mean), *matrix = calloc(d, d * sizeof *matrix);
  if (!mean || !matrix) {
    free(mean);
    free(matrix);
    return lathe_fail(err, "not enough memory for a covariance in %zu dimensions", d);
  }
  lathe_moments(fit->points.n, mixture->dimensions, fit->points.values, mean, matrix, fit->pool);
  switch (mixture->covariance) {
  case LATHE_FULL:
  case LATHE_TIED:
    memcpy(covariance, matrix, d * d * sizeof *matrix);
    break;
  case LATHE_DIAG:
    for (size_t i = 0; i < d; i++)
      covariance[i] = matrix[i * d + i];
    break;
  case LATHE_SPHERICAL:
    covariance[0] = 0;
    for (size_t i = 0; i < d; i++)
      covariance[0] += matrix[i * d + i] / (double)d;
    break;
  }
  lathe_covariance_floor(mixture, fit->mixing->floor, covariance);
  free(mean);
  free(matrix);
  return true;
}

/* Component `bad` takes the average of the other components' covariances, by weight; that of all
 * points when there is no other. */
static bool pool_covariance(const struct lathe_gmm_fit *fit, struct lathe_mixture *mixture, int bad,
                            struct lathe_error *err)
{
  size_t block = lathe_covariance_block(mixture);
  double *covariance = lathe_covariance_of(mixture, bad), total = 0;
  memset(covariance, 0, block * sizeof *covariance);
  for (int k = 0; k < mixture->components; k++) {
    if (k == bad || !(mixture->weights[k] > 0))
      continue;
    total += mixture->weights[k];
    for (size_t i = 0; i < block; i++)
      covariance[i] += mixture->weights[k] * lathe_covariance_of(mixture, k)[i];
  }
  if (!(total > 0))
    return lathe_covariance_of_all(fit, mixture, covariance, err);
  for (size_t i = 0; i < block; i++)
    covariance[i] /= total;
  return true;
}

/* The mixture's density once every covariance can be factored. */
static bool make_density(const struct lathe_gmm_fit *fit, struct lathe_mixture *mixture,
                         struct lathe_density *density, struct lathe_error *err)
{
  for (int tries = 0; tries <= mixture->components; tries++) {
    int bad = -1;
    if (lathe_density_new(density, mixture, &bad, err))
      return true;
    if (bad < 0 || !lathe_covariance_of_all(fit, mixture, lathe_covariance_of(mixture, bad), err))
      return false;
  }
  return lathe_fail(err,
                    "the covariance of the latent points is singular even with the mixture's floor "
                    "of %g; raise `floor` in the mixture section",
                    fit->mixing->floor);
}

bool lathe_gmm_recover(const struct lathe_gmm_fit *fit, struct lathe_mixture *mixture, int bad,
                       int64_t *point, struct lathe_error *err)
{
  int d = mixture->dimensions, components = mixture->components;
  double *mean = mixture->means + (int64_t)bad * d, others = 0;
  /* Out of the density while the least likely point is sought, and its numbers may not be finite.
   */
  mixture->weights[bad] = 0;
  memset(mean, 0, (size_t)d * sizeof *mean);
  struct lathe_density density;
  if (mixture->covariance != LATHE_TIED && !pool_covariance(fit, mixture, bad, err))
    return false;
  if (!make_density(fit, mixture, &density, err))
    return false;

  double least = INFINITY;
  *point = 0;
  for (int64_t i = 0; i < fit->points.n; i++) {
    double log_likelihood = lathe_density_at_real(&density, fit->points.values + i * d, NULL);
    if (log_likelihood < least) {
      least = log_likelihood;
      *point = i;
    }
  }
  lathe_density_free(&density);

  for (int i = 0; i < d; i++)
    mean[i] = (double)fit->points.values[*point * d + i];
  mixture->labels[bad] = -1;
  for (int k = 0; k < components; k++)
    others += mixture->weights[k];
  for (int k = 0; k < components; k++)
    mixture->weights[k] *= others > 0 ? (1 - 1.0 / components) / others : 0;
  mixture->weights[bad] = others > 0 ? 1.0 / components : 1;
  return true;
}
