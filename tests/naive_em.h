/* One iteration of EM by its definition: the twin that fast ones are compared with. */
#ifndef NAIVE_EM_H
#define NAIVE_EM_H

#include "runtime/density.h"
#include "runtime/gmm.h"
#include "runtime/linalg.h"
#include <stdlib.h>
#include <string.h>

/* The variance of point x's coordinates i and j about component k's mean. */
static inline double naive_product(const struct lathe_mixture *m, int k, const lathe_real *x, int i,
                                   int j)
{
  const double *mean = m->means + k * m->dimensions;
  return ((double)x[i] - mean[i]) * ((double)x[j] - mean[j]);
}

/* Adds share x deviation x deviation' to component k's covariance, of whatever kind. */
static inline void naive_scatter(struct lathe_mixture *m, int k, const lathe_real *x, double share)
{
  int d = m->dimensions;
  for (int i = 0; i < d; i++)
    switch (m->covariance) {
    case LATHE_FULL:
      for (int j = 0; j < d; j++)
        m->covariances[(k * d + i) * d + j] += share * naive_product(m, k, x, i, j);
      break;
    case LATHE_TIED:
      for (int j = 0; j < d; j++)
        m->covariances[i * d + j] += share * naive_product(m, k, x, i, j);
      break;
    case LATHE_DIAG:
      m->covariances[k * d + i] += share * naive_product(m, k, x, i, i);
      break;
    case LATHE_SPHERICAL:
      m->covariances[k] += share * naive_product(m, k, x, i, i) / d;
      break;
    }
}

/* As model->em_step; `state` is not used. */
static inline int naive_em_step(struct lathe_state *state, int64_t n, const lathe_real *points,
                                struct lathe_mixture *m, double floor, double *log_likelihood)
{
  (void)state;
  int components = m->components, d = m->dimensions, bad;
  size_t count = lathe_covariance_count(m->covariance, components, d);
  struct lathe_density density;
  if (!lathe_density_new(&density, m, &bad, NULL))
    return 1 + bad;
  double *posterior = calloc((size_t)(n * components), sizeof *posterior);
  *log_likelihood = 0;
  for (int64_t i = 0; i < n; i++)
    *log_likelihood +=
        lathe_density_at_real(&density, points + i * d, posterior + i * components) / (double)n;
  lathe_density_free(&density);

  double *sum = calloc((size_t)components, sizeof *sum);
  for (int k = 0; k < components; k++) {
    for (int64_t i = 0; i < n; i++)
      sum[k] += posterior[i * components + k];
    m->weights[k] = sum[k] / (double)n;
    for (int j = 0; j < d; j++) {
      m->means[k * d + j] = 0;
      for (int64_t i = 0; i < n; i++)
        m->means[k * d + j] += posterior[i * components + k] * (double)points[i * d + j] / sum[k];
    }
  }
  memset(m->covariances, 0, count * sizeof *m->covariances);
  for (int k = 0; k < components; k++)
    for (int64_t i = 0; i < n; i++)
      naive_scatter(m, k, points + i * d,
                    posterior[i * components + k] /
                        (m->covariance == LATHE_TIED ? (double)n : sum[k]));
  bool matrix = m->covariance == LATHE_FULL || m->covariance == LATHE_TIED;
  for (size_t i = 0; i < count; i++)
    if (!matrix || i % (size_t)(d * d) % (size_t)(d + 1) == 0)
      m->covariances[i] += floor;
  free(sum);
  free(posterior);
  return 0;
}

#endif
