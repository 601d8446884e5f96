/* The density of a Gaussian mixture by its definition: for the parts that look at few points or
 * need no speed. Emitted code has its own, shape-fixed, for EM and classification. */
#ifndef LATHE_DENSITY_H
#define LATHE_DENSITY_H

#include "error.h"
#include "mixture.h"
#include "real.h"
#include <stdbool.h>
#include <stdint.h>

struct lathe_density {
  const struct lathe_mixture *mixture; /* not owned */
  double *factors;                     /* [K, D, D]: lower Cholesky factors of the covariances */
  double *log_norm;                    /* [K]: log weight - D/2 log(2 pi) - 1/2 log det */
  double *log_det;                     /* [K]: log det of the covariances */
  double *work;                        /* [2 D + K] */
};

/* Factors the mixture's covariances, whatever their kind. On failure *bad (if not NULL) is the
 * first component whose covariance is not positive definite, or -1 when memory ran out. */
bool lathe_density_new(struct lathe_density *density, const struct lathe_mixture *mixture, int *bad,
                       struct lathe_error *err);
void lathe_density_free(struct lathe_density *density);

/* log p(x) of one point [D], and (if not NULL) the posterior [K] of the components. Not for
 * concurrent use of one density. */
double lathe_density_at(struct lathe_density *density, const double *x, double *posterior);

/* The same for a point of lathe_real. */
double lathe_density_at_real(struct lathe_density *density, const lathe_real *x, double *posterior);

/* Component k's covariance as a full matrix [D, D], whatever its kind. */
void lathe_covariance_matrix(const struct lathe_mixture *mixture, int k, double *matrix);

#endif
