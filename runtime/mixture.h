/* The Gaussian mixture on the latent space: its numbers, always in double. Array shapes are
 * scikit-learn's: full [K, D, D], tied [D, D], diag [K, D], spherical [K]. */
#ifndef LATHE_MIXTURE_H
#define LATHE_MIXTURE_H

#include "class_names.h"
#include <stddef.h>
#include <stdint.h>

enum lathe_covariance {
  LATHE_FULL,
  LATHE_DIAG,
  LATHE_TIED,
  LATHE_SPHERICAL,
};

struct lathe_mixture {
  int components; /* K */
  int dimensions; /* D */
  enum lathe_covariance covariance;
  double *weights;     /* [K], sum 1 */
  double *means;       /* [K, D] */
  double *covariances; /* shape by `covariance`, floor included */
  int64_t *labels;     /* [K]: the class each component stands for; -1 where unnamed */
  const struct lathe_class_names *names; /* of these classes; NULL: they are numbers. Not owned */
};

/* Free parameters of such a mixture: weights, means, covariances. */
static inline int64_t lathe_mixture_freedom(enum lathe_covariance covariance, int64_t components,
                                            int64_t dimensions)
{
  const int64_t triangle = dimensions * (dimensions + 1) / 2;
  const int64_t variances[] = {
      [LATHE_FULL] = components * triangle,
      [LATHE_DIAG] = components * dimensions,
      [LATHE_TIED] = triangle,
      [LATHE_SPHERICAL] = components,
  };
  return components - 1 + components * dimensions + variances[covariance];
}

#endif
