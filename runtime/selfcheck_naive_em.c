#include "density.h"
#include "gmm.h"
#include "selfcheck_parts.h"
#include <stdlib.h>
#include <string.h>

/* Deviations of a point from component k's mean in dimensions i and j, multiplied. */
static double product(const struct lathe_mixture *m, int k, const lathe_real *x, int i, int j)
{
  const double *mean = m->means + k * m->dimensions;
  return ((double)x[i] - mean[i]) * ((double)x[j] - mean[j]);
}

/* Adds share x deviation x deviation' to component k's covariance, of whatever kind. */
static void scatter(struct lathe_mixture *m, int k, const lathe_real *x, double share)
{
  int d = m->dimensions;
  bool tied = m->covariance == LATHE_TIED;
  double *to = m->covariances;
  if (m->covariance == LATHE_FULL || tied) {
    for (int i = 0; i < d; i++)
      for (int j = 0; j < d; j++)
        to[((tied ? 0 : k) * d + i) * d + j] += share * product(m, k, x, i, j);
  } else {
    for (int i = 0; i < d; i++) {
      if (m->covariance == LATHE_DIAG)
        to[k * d + i] += share * product(m, k, x, i, i);
      else
        to[k] += share * product(m, k, x, i, i) / d;
    }
  }
}

/* Weights and means from the posterior, then covariances about the new means. */
static void maximise(struct lathe_mixture *m, int64_t n, const lathe_real *points, double floor,
                     const double *posterior)
{
  int components = m->components, d = m->dimensions;
  bool tied = m->covariance == LATHE_TIED, matrix = tied || m->covariance == LATHE_FULL;
  size_t each = matrix ? (size_t)d * (size_t)d : m->covariance == LATHE_DIAG ? (size_t)d : 1;
  if (tied)
    memset(m->covariances, 0, each * sizeof *m->covariances);
  for (int k = 0; k < components; k++) {
    double count = 0;
    for (int64_t p = 0; p < n; p++)
      count += posterior[p * components + k];
    m->weights[k] = count / (double)n;
    if (!(count > 0))
      continue; /* it has lost its points, and stays as it is */
    for (int i = 0; i < d; i++) {
      double sum = 0;
      for (int64_t p = 0; p < n; p++)
        sum += posterior[p * components + k] * (double)points[p * d + i];
      m->means[k * d + i] = sum / count;
    }
    double *own = m->covariances + (tied ? 0 : (size_t)k * each);
    if (!tied)
      memset(own, 0, each * sizeof *own);
    for (int64_t p = 0; p < n; p++)
      scatter(m, k, points + p * d, posterior[p * components + k] / (tied ? (double)n : count));
    for (size_t i = 0; i < each && !tied; i += matrix ? (size_t)d + 1 : 1)
      own[i] += floor;
  }
  for (size_t i = 0; i < each && tied; i += (size_t)d + 1)
    m->covariances[i] += floor;
}

int lathe_naive_em_step(int64_t n, const lathe_real *points, struct lathe_mixture *mixture,
                        double floor, double *log_likelihood, double *posterior)
{
  int components = mixture->components, d = mixture->dimensions, bad;
  struct lathe_density density;
  if (!lathe_density_new(&density, mixture, &bad, NULL))
    return bad < 0 ? -1 : 1 + bad;
  double sum = 0;
  for (int64_t p = 0; p < n; p++)
    sum += lathe_density_at_real(&density, points + p * d, posterior + p * components);
  *log_likelihood = sum / (double)n;
  lathe_density_free(&density);
  maximise(mixture, n, points, floor, posterior);
  return 0;
}
