/* What the tests of the mixture's fit are about: three round clusters in the plane. */
#ifndef THREE_CLUSTERS_H
#define THREE_CLUSTERS_H

#include "naive_em.h"
#include "runtime/gmm.h"
#include "runtime/philox.h"
#include <check.h>
#include <math.h>
#include <string.h>

enum { N = 300, D = 2, K = 3, KINDS = 4 };

static const enum lathe_covariance ALL_KINDS[KINDS] = {LATHE_FULL, LATHE_DIAG, LATHE_TIED,
                                                       LATHE_SPHERICAL};
static const int64_t CLASSES[K] = {1, 4, 8};
static const double CENTRES[K][D] = {{0, 0}, {6, 0}, {0, 6}};

/* Point i is of cluster i % K, with standard deviation 1. */
static inline void three_clusters(lathe_real *points)
{
  lathe_random_normal(1, LATHE_RANDOM_BENCH, 0, 0, N * D, points);
  for (int i = 0; i < N; i++)
    for (int j = 0; j < D; j++)
      points[i * D + j] += (lathe_real)CENTRES[i % K][j];
}

static inline struct lathe_model a_model(enum lathe_init init, enum lathe_covariance kind)
{
  return (struct lathe_model){.name = "test",
                              .latent = D,
                              .em_step = naive_em_step,
                              .mixing = {.components = K,
                                         .covariance = kind,
                                         .init = init,
                                         .floor = 1e-6,
                                         .tolerance = 1e-7,
                                         .iterations = 200,
                                         .restarts = 4}};
}

/* Two labelled points of each class about its cluster's centre. */
static inline void labelled_start(struct lathe_gmm_start *start)
{
  lathe_real points[2 * K * D];
  const int64_t labels[2 * K] = {1, 4, 8, 1, 4, 8};
  for (int i = 0; i < 2 * K; i++)
    for (int j = 0; j < D; j++)
      points[i * D + j] = (lathe_real)(CENTRES[i % K][j] + (i < K ? 0.5 : -0.5));
  ck_assert(lathe_gmm_start_new(start, 2 * K, D, points, labels, NULL));
}

static inline void check_sound(const struct lathe_mixture *m)
{
  double sum = 0;
  struct lathe_density density;
  for (int k = 0; k < m->components; k++) {
    ck_assert(m->weights[k] >= 0);
    sum += m->weights[k];
    for (int j = 0; j < m->dimensions; j++)
      ck_assert(isfinite(m->means[k * m->dimensions + j]));
  }
  ck_assert_double_eq_tol(sum, 1, 1e-9);
  ck_assert(lathe_density_new(&density, m, NULL, NULL));
  lathe_density_free(&density);
}

#endif
