/* Small dense linear algebra in double; matrices row-major. */
#ifndef LATHE_LINALG_H
#define LATHE_LINALG_H

#include "error.h"
#include "pool.h"
#include "real.h"
#include <stdbool.h>
#include <stdint.h>

/* Cholesky factor of the symmetric a [n, n], in place: the lower triangle becomes L with A = L L',
 * the upper one is zeroed; only the lower triangle is read. Returns 0, or 1 + the row at which A
 * turned out not to be positive definite (a is then spoilt). */
int lathe_cholesky(int n, double *a);

/* Solves L x = b and L' x = b in place, L [n, n] a Cholesky factor. */
void lathe_solve_lower(int n, const double *l, double *b);
void lathe_solve_lower_transposed(int n, const double *l, double *b);

/* log det A from its Cholesky factor. */
double lathe_cholesky_log_det(int n, const double *l);

/* Eigenvalues [n], largest first, and eigenvectors [n, n], one a row, of the symmetric a [n, n],
 * which is spoilt (cyclic Jacobi; Golub and Van Loan, Matrix Computations, 8.5). Of the two signs
 * an eigenvector can have, its entry of greatest magnitude is positive. */
void lathe_eigen_symmetric(int n, double *a, double *values, double *vectors);

/* Mean [d] and covariance [d, d] (divided by n) of points [n, d], n >= 1. The result is the same
 * for any pool. */
void lathe_moments(int64_t n, int d, const lathe_real *points, double *mean, double *covariance,
                   struct lathe_pool *pool);

/* Principal components of points: where `count` <= d axes [count, d], orthonormal, point to, from
 * the mean [d], and the variances [count] along them. */
struct lathe_pca {
  int dimensions, count;
  double *mean, *axes, *variances;
};

bool lathe_pca_new(struct lathe_pca *pca, int64_t n, int d, const lathe_real *points, int count,
                   struct lathe_pool *pool, struct lathe_error *err);
void lathe_pca_free(struct lathe_pca *pca);

/* Coordinates [count] of a point [d] on the axes. */
void lathe_pca_project(const struct lathe_pca *pca, const double *point, double *coordinates);

/* A covariance [d, d] as seen on the axes [count, count]. */
void lathe_pca_project_covariance(const struct lathe_pca *pca, const double *covariance,
                                  double *projected);

#endif
