#include "linalg.h"
#include <stdlib.h>
#include <string.h>

bool lathe_pca_new(struct lathe_pca *pca, int64_t n, int d, const lathe_real *points, int count,
                   struct lathe_pool *pool, struct lathe_error *err)
{
  *pca = (struct lathe_pca){.dimensions = d, .count = count};
  size_t width = (size_t)d, axes = (size_t)count;
  double *covariance = calloc(width * width, sizeof *covariance);
  double *vectors = calloc(width * width, sizeof *vectors);
  double *values = calloc(width, sizeof *values);
  pca->mean = calloc(width, sizeof *pca->mean);
  pca->axes = calloc(axes * width, sizeof *pca->axes);
  pca->variances = calloc(axes, sizeof *pca->variances);

  bool done = false;
  if (!covariance || !vectors || !values || !pca->mean || !pca->axes || !pca->variances) {
    lathe_fail(err, "not enough memory for the principal components of %d dimensions", d);
  } else {
    lathe_moments(n, d, points, pca->mean, covariance, pool);
    lathe_eigen_symmetric(d, covariance, values, vectors);
    memcpy(pca->axes, vectors, axes * width * sizeof *vectors);
    memcpy(pca->variances, values, axes * sizeof *values);
    done = true;
  }
  free(covariance);
  free(vectors);
  free(values);
  if (!done)
    lathe_pca_free(pca);
  return done;
}

void lathe_pca_free(struct lathe_pca *pca)
{
  free(pca->mean);
  free(pca->axes);
  free(pca->variances);
  *pca = (struct lathe_pca){0};
}

void lathe_pca_project(const struct lathe_pca *pca, const double *point, double *coordinates)
{
  int d = pca->dimensions;
  for (int i = 0; i < pca->count; i++) {
    coordinates[i] = 0;
    for (int k = 0; k < d; k++)
      coordinates[i] += pca->axes[(int64_t)i * d + k] * (point[k] - pca->mean[k]);
  }
}

void lathe_pca_project_covariance(const struct lathe_pca *pca, const double *covariance,
                                  double *projected)
{
  int d = pca->dimensions;
  for (int i = 0; i < pca->count; i++)
    for (int j = 0; j < pca->count; j++) {
      double sum = 0;
      for (int k = 0; k < d; k++) {
        double inner = 0;
        for (int l = 0; l < d; l++)
          inner += covariance[(int64_t)k * d + l] * pca->axes[(int64_t)j * d + l];
        sum += pca->axes[(int64_t)i * d + k] * inner;
      }
      projected[i * pca->count + j] = sum;
    }
}
