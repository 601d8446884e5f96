/* The analysis of a mixture's components as clusters: how far apart, how mixed up, how compact. */
#ifndef LATHE_CLUSTERS_H
#define LATHE_CLUSTERS_H

#include "class_names.h"
#include "error.h"
#include "mixture.h"
#include "real.h"
#include "scores.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct lathe_cluster {
  int64_t label;        /* the class it stands for; -1 unnamed */
  double weight;        /* its share of the points, by the mixture */
  double log_volume;    /* half the log-determinant of its covariance */
  double radius;        /* exp(log_volume / D): the geometric mean of its standard deviations */
  double mean_distance; /* of its points from its mean, Euclidean */
  int64_t points;       /* how many points were its own; 0 when none were given */
  double misassigned;   /* expected share of its points that go to another component */
};

struct lathe_cluster_pair {
  int a, b;             /* components, a < b */
  double mahalanobis;   /* distance of the means under the covariance (Sa + Sb) / 2 */
  double bhattacharyya; /* Bhattacharyya distance of the two Gaussians (Fukunaga 1990, 3.4) */
  double bound;         /* sqrt(wa wb) exp(-bhattacharyya): no smaller than the overlap */
  double overlap;       /* expected share of all points that come from one and go to the other */
  int64_t observed;     /* points of one's class predicted as the other's; -1 when not known */
};

struct lathe_clusters {
  int components, dimensions;
  struct lathe_cluster *cluster; /* [components] */
  int pairs;                     /* K (K - 1) / 2 */
  struct lathe_cluster_pair *pair;
  int most_overlapping; /* index into pair of the greatest overlap; -1 when K is 1 */
  int most_confused;    /* of the greatest observed confusion; -1 when there is none */
  double misassigned;   /* expected share of all points put in the wrong component */
  const struct lathe_class_names *names; /* of the labels, or NULL: the mixture's */
};

/* Analyses a mixture. Overlaps are estimated from 4096 draws of each component (by each draw's
 * posterior, so that small overlaps are not lost), which depend on `seed` alone. `points` [n, D]
 * give the mean distances, each point counted in its likeliest component; without them (NULL) the
 * draws do. `scores` (or NULL) gives the observed confusion. lathe_clusters_free releases it; on
 * failure (a covariance that is not positive definite, no memory) *out is zeroed. */
bool lathe_clusters_new(struct lathe_clusters *out, const struct lathe_mixture *mixture, int64_t n,
                        const lathe_real *points, const struct lathe_scores *scores, uint64_t seed,
                        struct lathe_error *err);
void lathe_clusters_free(struct lathe_clusters *clusters);

/* The analysis as a short paragraph of English, to be freed with free(); NULL without memory. */
char *lathe_clusters_words(const struct lathe_clusters *clusters);

/* The analysis as a JSON object, a new reference; NULL without memory. */
json_t *lathe_clusters_json(const struct lathe_clusters *clusters);

#endif
