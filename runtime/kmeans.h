/* Clusters of points by k-means. */
#ifndef LATHE_KMEANS_H
#define LATHE_KMEANS_H

#include "error.h"
#include "pool.h"
#include "real.h"
#include <stdbool.h>
#include <stdint.h>

/* The points to be clustered. */
struct lathe_points {
  int64_t n;
  int dimensions;
  const lathe_real *values; /* [n, dimensions] */
};

/* Seeds centres [k, dimensions] from `given` (0 <= given <= k) on by k-means++ (Arthur and
 * Vassilvitskii 2007): each next centre is a point drawn with probability proportional to its
 * squared distance from the centres so far. Draws depend on (seed, run) alone. n >= 1. */
bool lathe_kmeans_seed(const struct lathe_points *points, int k, int given, uint64_t seed,
                       uint64_t run, double *centres, struct lathe_pool *pool,
                       struct lathe_error *err);

/* Lloyd's iterations from centres [k, dimensions], in place, until no point changes its cluster or
 * `iterations` are done. A cluster that loses all its points moves to the point farthest from its
 * own centre. Writes each point's nearest centre to nearest [n], for the centres as returned, and
 * (if not NULL) the sum of squared distances to *inertia. Ties go to the lower index. */
bool lathe_kmeans(const struct lathe_points *points, int k, int iterations, double *centres,
                  int *nearest, double *inertia, struct lathe_pool *pool, struct lathe_error *err);

/* Each point's nearest centre and, where not NULL, its squared distance [n]. */
void lathe_nearest(const struct lathe_points *points, int k, const double *centres, int *nearest,
                   double *distance, struct lathe_pool *pool);

#endif
