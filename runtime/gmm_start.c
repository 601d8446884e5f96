/* Where EM starts: means by one of three ways, then weights and covariances from the points nearest
 * to each mean. */
#include "gmm_parts.h"
#include "labels.h"
#include "philox.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LLOYD_ITERATIONS = 100 };

/* Sums each class's points into its mean, then divides; sizes [classes] starts at 0. */
static bool average_classes(struct lathe_gmm_start *start, int64_t n, const lathe_real *points,
                            const int64_t *labels, int64_t *sizes, struct lathe_error *err)
{
  int d = start->dimensions;
  for (int64_t i = 0; i < n; i++) {
    int class = lathe_label_index(start->classes, start->labels, labels[i]);
    sizes[class]++;
    for (int k = 0; k < d; k++) {
      double value = (double)points[i * d + k];
      if (!isfinite(value))
        return lathe_fail(err,
                          "the latent mean of labelled point %lld is not a finite number; training "
                          "has diverged (try a lower learning rate) or the weights are damaged",
                          (long long)i);
      start->means[(int64_t) class * d + k] += value;
    }
  }
  for (int c = 0; c < start->classes; c++)
    for (int k = 0; k < d; k++)
      start->means[(int64_t)c * d + k] /= (double)sizes[c];
  return true;
}

bool lathe_gmm_start_new(struct lathe_gmm_start *start, int64_t n, int dimensions,
                         const lathe_real *points, const int64_t *labels, struct lathe_error *err)
{
  *start = (struct lathe_gmm_start){.dimensions = dimensions};
  if (n <= 0)
    return lathe_fail(err, "no labelled points to start the mixture from");
  int64_t classes;
  start->labels = lathe_labels_distinct(n, labels, &classes);
  if (classes > INT_MAX) {
    lathe_gmm_start_free(start);
    return lathe_fail(err, "%lld classes are too many for a mixture", (long long)classes);
  }
  start->classes = (int)classes;
  start->means = calloc((size_t)classes + 1, (size_t)dimensions * sizeof *start->means);
  int64_t *sizes = calloc((size_t)classes + 1, sizeof *sizes);
  bool done;
  if (start->labels && start->means && sizes)
    done = average_classes(start, n, points, labels, sizes, err);
  else
    done = lathe_fail(err, "not enough memory for the means of %lld classes", (long long)classes);
  free(sizes);
  if (!done)
    lathe_gmm_start_free(start);
  return done;
}

void lathe_gmm_start_free(struct lathe_gmm_start *start)
{
  free(start->means);
  free(start->labels);
  *start = (struct lathe_gmm_start){0};
}

void lathe_covariance_floor(const struct lathe_mixture *mixture, double floor, double *covariance)
{
  bool matrix = mixture->covariance == LATHE_FULL || mixture->covariance == LATHE_TIED;
  size_t stride = matrix ? (size_t)mixture->dimensions + 1 : 1;
  size_t block = lathe_covariance_block(mixture);
  for (size_t i = 0; i < block; i += stride)
    covariance[i] += floor;
}

/* Adds a point's deviation from component k's mean, times itself, to that component's covariance.
 */
static void add_scatter(const struct lathe_mixture *mixture, int k, const lathe_real *point)
{
  int d = mixture->dimensions;
  const double *mean = mixture->means + (int64_t)k * d;
  double *sum = lathe_covariance_of(mixture, k);
  for (int i = 0; i < d; i++) {
    double deviation = (double)point[i] - mean[i];
    if (mixture->covariance == LATHE_DIAG)
      sum[i] += deviation * deviation;
    else if (mixture->covariance == LATHE_SPHERICAL)
      sum[0] += deviation * deviation / d;
    else
      for (int j = 0; j < d; j++)
        sum[(int64_t)i * d + j] += deviation * ((double)point[j] - mean[j]);
  }
}

/* Weights and covariances from each point's nearest mean. A component with too few points of its
 * own to have a covariance takes the average over all. */
static bool spread_around_means(const struct lathe_gmm_fit *fit, const int *nearest,
                                struct lathe_mixture *mixture, struct lathe_error *err)
{
  int components = mixture->components, d = mixture->dimensions;
  int blocks = mixture->covariance == LATHE_TIED ? 1 : components;
  size_t block = lathe_covariance_block(mixture);
  int64_t fewest = mixture->covariance == LATHE_FULL ? d + 1 : 2;
  double *pooled = calloc(block, sizeof *pooled);
  int64_t *counts = calloc((size_t)components, sizeof *counts);
  if (!pooled || !counts) {
    free(pooled);
    free(counts);
    return lathe_fail(err, "not enough memory to start a mixture of %d components", components);
  }
  memset(mixture->covariances, 0, (size_t)blocks * block * sizeof *pooled);
  for (int64_t i = 0; i < fit->points.n; i++) {
    counts[nearest[i]]++;
    add_scatter(mixture, nearest[i], fit->points.values + i * d);
  }
  for (int b = 0; b < blocks; b++)
    for (size_t i = 0; i < block; i++)
      pooled[i] += mixture->covariances[(size_t)b * block + i] / (double)fit->points.n;
  for (int b = 0; b < blocks; b++) {
    double *covariance = mixture->covariances + (size_t)b * block;
    bool own = blocks > 1 && counts[b] >= fewest;
    for (size_t i = 0; i < block; i++)
      covariance[i] = own ? covariance[i] / (double)counts[b] : pooled[i];
    lathe_covariance_floor(mixture, fit->mixing->floor, covariance);
  }

  int64_t total = 0;
  for (int k = 0; k < components; k++) {
    counts[k] += counts[k] == 0; /* no component starts without any weight */
    total += counts[k];
  }
  for (int k = 0; k < components; k++)
    mixture->weights[k] = (double)counts[k] / (double)total;
  free(pooled);
  free(counts);
  return true;
}

/* Means at points drawn without repetition; there are no fewer points than components. */
static void random_means(const struct lathe_gmm_fit *fit, uint64_t run, int64_t *drawn,
                         struct lathe_mixture *mixture)
{
  int d = mixture->dimensions;
  uint64_t index = 0;
  for (int k = 0; k < mixture->components;) {
    drawn[k] = (int64_t)lathe_random_below(fit->seed, LATHE_RANDOM_EM_START, run, &index,
                                           (uint64_t)fit->points.n);
    bool repeated = false;
    for (int j = 0; j < k; j++)
      repeated |= drawn[j] == drawn[k];
    if (repeated)
      continue;
    for (int i = 0; i < d; i++)
      mixture->means[(int64_t)k * d + i] = (double)fit->points.values[drawn[k] * d + i];
    k++;
  }
}

static bool choose_means(const struct lathe_gmm_fit *fit, uint64_t run, int *nearest,
                         struct lathe_mixture *mixture, struct lathe_error *err)
{
  int k = mixture->components, given = 0;
  double *means = mixture->means;
  switch (fit->mixing->init) {
  case LATHE_INIT_KMEANS:
    return lathe_kmeans_seed(&fit->points, k, 0, fit->seed, run, means, fit->pool, err) &&
           lathe_kmeans(&fit->points, k, LLOYD_ITERATIONS, means, nearest, NULL, fit->pool, err);
  case LATHE_INIT_RANDOM: {
    int64_t *drawn = calloc((size_t)k, sizeof *drawn);
    if (!drawn)
      return lathe_fail(err, "not enough memory to start a mixture of %d components", k);
    random_means(fit, run, drawn, mixture);
    free(drawn);
    break;
  }
  case LATHE_INIT_LABELLED:
    given = fit->start->classes;
    memcpy(means, fit->start->means, (size_t)given * (size_t)mixture->dimensions * sizeof *means);
    memcpy(mixture->labels, fit->start->labels, (size_t)given * sizeof *mixture->labels);
    mixture->names = fit->start->names;
    if (given < k &&
        !lathe_kmeans_seed(&fit->points, k, given, fit->seed, run, means, fit->pool, err))
      return false;
    break;
  }
  lathe_nearest(&fit->points, k, means, nearest, NULL, fit->pool);
  return true;
}

bool lathe_gmm_initialise(const struct lathe_gmm_fit *fit, uint64_t run,
                          struct lathe_mixture *mixture, struct lathe_error *err)
{
  int *nearest = calloc((size_t)fit->points.n, sizeof *nearest);
  if (!nearest)
    return lathe_fail(err, "not enough memory to start a mixture on %lld points",
                      (long long)fit->points.n);
  bool done = choose_means(fit, run, nearest, mixture, err) &&
              spread_around_means(fit, nearest, mixture, err);
  free(nearest);
  return done;
}
