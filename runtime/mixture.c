#include "gmm.h"
#include <stdlib.h>
#include <string.h>

size_t lathe_covariance_count(enum lathe_covariance covariance, int components, int dimensions)
{
  size_t k = (size_t)components, d = (size_t)dimensions;
  switch (covariance) {
  case LATHE_FULL:
    return k * d * d;
  case LATHE_TIED:
    return d * d;
  case LATHE_DIAG:
    return k * d;
  case LATHE_SPHERICAL:
    return k;
  }
  return 0;
}

static void unit_covariances(struct lathe_mixture *mixture)
{
  size_t d = (size_t)mixture->dimensions;
  size_t count =
      lathe_covariance_count(mixture->covariance, mixture->components, mixture->dimensions);
  bool matrices = mixture->covariance == LATHE_FULL || mixture->covariance == LATHE_TIED;
  for (size_t i = 0; i < count; i++)
    mixture->covariances[i] = !matrices || i % (d * d) % (d + 1) == 0 ? 1 : 0;
}

bool lathe_mixture_new(struct lathe_mixture *mixture, int components, int dimensions,
                       enum lathe_covariance covariance, struct lathe_error *err)
{
  size_t k = (size_t)components, d = (size_t)dimensions;
  *mixture = (struct lathe_mixture){
      .components = components,
      .dimensions = dimensions,
      .covariance = covariance,
      .weights = calloc(k, sizeof(double)),
      .means = calloc(k, d * sizeof(double)),
      .covariances =
          calloc(lathe_covariance_count(covariance, components, dimensions), sizeof(double)),
      .labels = calloc(k, sizeof(int64_t)),
  };
  if (!mixture->weights || !mixture->means || !mixture->covariances || !mixture->labels) {
    lathe_mixture_free(mixture);
    return lathe_fail(err, "not enough memory for a mixture of %d components in %d dimensions",
                      components, dimensions);
  }
  for (size_t i = 0; i < k; i++) {
    mixture->weights[i] = 1.0 / components;
    mixture->labels[i] = -1;
  }
  unit_covariances(mixture);
  return true;
}

void lathe_mixture_free(struct lathe_mixture *mixture)
{
  free(mixture->weights);
  free(mixture->means);
  free(mixture->covariances);
  free(mixture->labels);
  *mixture = (struct lathe_mixture){0};
}

void lathe_mixture_copy(struct lathe_mixture *to, const struct lathe_mixture *from)
{
  size_t k = (size_t)from->components, d = (size_t)from->dimensions;
  size_t count = lathe_covariance_count(from->covariance, from->components, from->dimensions);
  memcpy(to->weights, from->weights, k * sizeof(double));
  memcpy(to->means, from->means, k * d * sizeof(double));
  memcpy(to->covariances, from->covariances, count * sizeof(double));
  memcpy(to->labels, from->labels, k * sizeof(int64_t));
  to->names = from->names;
}
