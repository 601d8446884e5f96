#include "clusters.h"
#include "density.h"
#include "linalg.h"
#include "philox.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 4096 }; /* of each component */

/* What the parts of the analysis share. */
struct analysis {
  struct lathe_clusters *out;
  const struct lathe_mixture *mixture;
  struct lathe_density density;
  double *posterior;   /* [K] */
  double *point;       /* [D] */
  double *matrix;      /* [2, D, D] */
  double *misassigned; /* [K, K]: share of all points that come from row and go to column */
};

static int likeliest(int count, const double *posterior)
{
  int best = 0;
  for (int k = 1; k < count; k++)
    if (posterior[k] > posterior[best])
      best = k;
  return best;
}

static double distance_from_mean(const struct lathe_mixture *mixture, int k, const double *point)
{
  int d = mixture->dimensions;
  double sum = 0;
  for (int i = 0; i < d; i++) {
    double difference = point[i] - mixture->means[(int64_t)k * d + i];
    sum += difference * difference;
  }
  return sqrt(sum);
}

static void draw(struct analysis *a, int k, int number, uint64_t seed)
{
  int d = a->mixture->dimensions;
  const double *factor = a->density.factors + (int64_t)k * d * d;
  double *noise = a->density.work; /* free between densities */
  lathe_random_normal_double(seed, LATHE_RANDOM_OVERLAP, (uint64_t)k,
                             (uint64_t)number * (uint64_t)d, d, noise);
  for (int i = 0; i < d; i++) {
    a->point[i] = a->mixture->means[(int64_t)k * d + i];
    for (int j = 0; j <= i; j++)
      a->point[i] += factor[(int64_t)i * d + j] * noise[j];
  }
}

/* Fills `misassigned`: a draw goes to its likeliest component, and comes from each of the others
 * with its posterior. Also mean distances, which points replace if there are any. */
static void measure_overlap(struct analysis *a, uint64_t seed)
{
  int components = a->mixture->components;
  for (int k = 0; k < components; k++) {
    double share = a->mixture->weights[k] / DRAWS, distances = 0;
    for (int i = 0; i < DRAWS; i++) {
      draw(a, k, i, seed);
      distances += distance_from_mean(a->mixture, k, a->point);
      lathe_density_at(&a->density, a->point, a->posterior);
      int to = likeliest(components, a->posterior);
      for (int from = 0; from < components; from++)
        if (from != to)
          a->misassigned[from * components + to] += share * a->posterior[from];
    }
    a->out->cluster[k].mean_distance = distances / DRAWS;
  }
}

static void describe_clusters(struct analysis *a)
{
  int components = a->mixture->components;
  for (int k = 0; k < components; k++) {
    struct lathe_cluster *cluster = &a->out->cluster[k];
    double lost = 0;
    for (int to = 0; to < components; to++)
      lost += a->misassigned[k * components + to];
    cluster->label = a->mixture->labels[k];
    cluster->weight = a->mixture->weights[k];
    cluster->log_volume = a->density.log_det[k] / 2;
    cluster->radius = exp(cluster->log_volume / a->mixture->dimensions);
    cluster->misassigned = cluster->weight > 0 ? lost / cluster->weight : 0;
    a->out->misassigned += lost;
  }
}

static void measure_points(struct analysis *a, int64_t n, const lathe_real *points)
{
  struct lathe_clusters *out = a->out;
  int d = a->mixture->dimensions;
  for (int k = 0; n > 0 && k < out->components; k++)
    out->cluster[k].mean_distance = 0;
  for (int64_t i = 0; i < n; i++) {
    for (int j = 0; j < d; j++)
      a->point[j] = (double)points[i * d + j];
    lathe_density_at(&a->density, a->point, a->posterior);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the caller frees the point, through `a` */
    int k = likeliest(out->components, a->posterior);
    out->cluster[k].points++;
    out->cluster[k].mean_distance += distance_from_mean(a->mixture, k, a->point);
  }
  for (int k = 0; k < out->components; k++)
    if (out->cluster[k].points > 0)
      out->cluster[k].mean_distance /= (double)out->cluster[k].points;
}

/* Points of one label predicted as the other; -1 when either is not among the classes scored. */
static int64_t observed_confusion(const struct lathe_scores *scores, int64_t a, int64_t b)
{
  int at_a = -1, at_b = -1;
  for (int c = 0; scores && c < scores->classes; c++) {
    if (scores->labels[c] == a)
      at_a = c;
    if (scores->labels[c] == b)
      at_b = c;
  }
  if (a == -1 || b == -1 || at_a < 0 || at_b < 0 || at_a == at_b)
    return -1;
  return scores->confusion[at_a * scores->classes + at_b] +
         scores->confusion[at_b * scores->classes + at_a];
}

static void measure_separation(struct analysis *a, struct lathe_cluster_pair *pair)
{
  int d = a->mixture->dimensions;
  double *middle = a->matrix, *other = a->matrix + (int64_t)d * d;
  lathe_covariance_matrix(a->mixture, pair->a, middle);
  lathe_covariance_matrix(a->mixture, pair->b, other);
  for (int64_t i = 0; i < (int64_t)d * d; i++)
    middle[i] = (middle[i] + other[i]) / 2;
  /* The mean of two positive definite matrices is one. */
  (void)lathe_cholesky(d, middle);
  double *difference = a->point, squared = 0;
  for (int i = 0; i < d; i++)
    difference[i] =
        a->mixture->means[(int64_t)pair->a * d + i] - a->mixture->means[(int64_t)pair->b * d + i];
  lathe_solve_lower(d, middle, difference);
  for (int i = 0; i < d; i++)
    squared += difference[i] * difference[i];
  double log_ratio = lathe_cholesky_log_det(d, middle) -
                     (a->density.log_det[pair->a] + a->density.log_det[pair->b]) / 2;
  pair->mahalanobis = sqrt(squared);
  pair->bhattacharyya = squared / 8 + log_ratio / 2;
  pair->bound =
      sqrt(a->mixture->weights[pair->a] * a->mixture->weights[pair->b]) * exp(-pair->bhattacharyya);
}

static void describe_pairs(struct analysis *a, const struct lathe_scores *scores)
{
  struct lathe_clusters *out = a->out;
  int components = out->components, index = 0;
  for (int i = 0; i < components; i++) {
    for (int j = i + 1; j < components; j++, index++) {
      struct lathe_cluster_pair *pair = &out->pair[index];
      *pair = (struct lathe_cluster_pair){.a = i, .b = j};
      measure_separation(a, pair);
      pair->overlap = a->misassigned[i * components + j] + a->misassigned[j * components + i];
      pair->observed = observed_confusion(scores, a->mixture->labels[i], a->mixture->labels[j]);
      if (out->most_overlapping < 0 || pair->overlap > out->pair[out->most_overlapping].overlap)
        out->most_overlapping = index;
      int64_t most = out->most_confused < 0 ? 0 : out->pair[out->most_confused].observed;
      if (pair->observed > most)
        out->most_confused = index;
    }
  }
}

bool lathe_clusters_new(struct lathe_clusters *out, const struct lathe_mixture *mixture, int64_t n,
                        const lathe_real *points, const struct lathe_scores *scores, uint64_t seed,
                        struct lathe_error *err)
{
  size_t k = (size_t)mixture->components, d = (size_t)mixture->dimensions;
  size_t pairs = k * (k - 1) / 2;
  *out = (struct lathe_clusters){.components = mixture->components,
                                 .names = mixture->names,
                                 .dimensions = mixture->dimensions,
                                 .pairs = (int)pairs,
                                 .most_overlapping = -1,
                                 .most_confused = -1};
  struct analysis a = {.out = out, .mixture = mixture};
  if (!lathe_density_new(&a.density, mixture, NULL, err)) {
    *out = (struct lathe_clusters){0};
    return false;
  }
  out->cluster = calloc(k, sizeof *out->cluster);
  out->pair = calloc(pairs + 1, sizeof *out->pair);
  a.posterior = calloc(k, sizeof *a.posterior);
  a.point = calloc(d, sizeof *a.point);
  a.matrix = calloc(2 * d, d * sizeof *a.matrix);
  a.misassigned = calloc(k, k * sizeof *a.misassigned);
  bool done = out->cluster && out->pair && a.posterior && a.point && a.matrix && a.misassigned;
  if (done) {
    measure_overlap(&a, seed);
    describe_clusters(&a);
    measure_points(&a, points ? n : 0, points);
    describe_pairs(&a, scores);
  } else {
    lathe_clusters_free(out);
    lathe_fail(err, "not enough memory to analyse %zu clusters", k);
  }
  lathe_density_free(&a.density);
  free(a.posterior);
  free(a.point);
  free(a.matrix);
  free(a.misassigned);
  return done;
}

void lathe_clusters_free(struct lathe_clusters *clusters)
{
  free(clusters->cluster);
  free(clusters->pair);
  *clusters = (struct lathe_clusters){0};
}
