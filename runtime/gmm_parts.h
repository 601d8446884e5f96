/* What the files of the mixture's fit share; gmm.h is what others use. */
#ifndef LATHE_GMM_PARTS_H
#define LATHE_GMM_PARTS_H

#include "gmm.h"
#include "kmeans.h"

/* One fit under way. */
struct lathe_gmm_fit {
  const struct lathe_mixing *mixing;
  struct lathe_points points;
  const struct lathe_gmm_start *start;
  uint64_t seed;
  struct lathe_pool *pool;
};

/* gmm_start.c: the mixture that run `run` of EM starts from, its components named by the start's
 * classes where there is one. */
bool lathe_gmm_initialise(const struct lathe_gmm_fit *fit, uint64_t run,
                          struct lathe_mixture *mixture, struct lathe_error *err);

/* gmm_recover.c: the covariance of all points, of the mixture's kind, with the floor. */
bool lathe_covariance_of_all(const struct lathe_gmm_fit *fit, const struct lathe_mixture *mixture,
                             double *covariance, struct lathe_error *err);

/* gmm_recover.c: moves component `bad` to the least likely point, gives it the covariance pooled
 * over the others (a tied one stays) and a weight of 1/K, and takes its name. Writes that point to
 * *point. Fails when a covariance stays singular. */
bool lathe_gmm_recover(const struct lathe_gmm_fit *fit, struct lathe_mixture *mixture, int bad,
                       int64_t *point, struct lathe_error *err);

/* gmm_name.c: names components from n points' posteriors [n, K] and labels as
 * lathe_gmm_name_components does; where classes are fewer than components, `keep_named` leaves
 * those that have a name. */
bool lathe_gmm_assign_labels(struct lathe_mixture *mixture, int64_t n, const double *posterior,
                             const int64_t *labels, bool keep_named, struct lathe_error *err);

/* Doubles in the covariance of one component, or of all when it is tied. */
static inline size_t lathe_covariance_block(const struct lathe_mixture *mixture)
{
  return lathe_covariance_count(mixture->covariance, 1, mixture->dimensions);
}

/* Component k's covariance, which all share when it is tied. */
static inline double *lathe_covariance_of(const struct lathe_mixture *mixture, int k)
{
  size_t index = mixture->covariance == LATHE_TIED ? 0 : (size_t)k;
  return mixture->covariances + index * lathe_covariance_block(mixture);
}

/* gmm_start.c: adds `floor` to the variances of one covariance. */
void lathe_covariance_floor(const struct lathe_mixture *mixture, double floor, double *covariance);

#endif
