/* Iterations of EM by scikit-learn: the fixtures em_*.safetensors of tests/reference/gmm, whose
 * README.md says what they hold. Points are floats, so that both precisions have the same. */
#ifndef EM_REFERENCE_H
#define EM_REFERENCE_H

#include "fixture.h"
#include "runtime/gmm.h"
#include "runtime/tensor_check.h"
#include <string.h>

static const struct {
  const char *name;
  double tolerance;
} EM_CASES[] = {
    {"plain", EM_WELL_CONDITIONED}, {"line", EM_WELL_CONDITIONED},   {"wide", EM_WELL_CONDITIONED},
    {"flat", EM_ILL_CONDITIONED},   {"aligned", EM_ILL_CONDITIONED},
};
enum { EM_CASE_COUNT = sizeof EM_CASES / sizeof *EM_CASES };

enum { EM_KINDS = 4 };
static const char *const EM_KIND_NAMES[EM_KINDS] = {
    [LATHE_FULL] = "full",
    [LATHE_DIAG] = "diag",
    [LATHE_TIED] = "tied",
    [LATHE_SPHERICAL] = "spherical",
};

struct em_case {
  const char *name;
  double tolerance;
  struct lathe_tensors tensors;
  int n, dimensions, components, iterations;
  double floor;
  lathe_real *points; /* [n, dimensions] */
};

static inline struct em_case em_case_open(int i)
{
  char path[64];
  snprintf(path, sizeof path, "tests/reference/gmm/em_%s.safetensors", EM_CASES[i].name);
  struct em_case e = {.name = EM_CASES[i].name, .tolerance = EM_CASES[i].tolerance};
  e.tensors = fixture_read(path);
  const struct lathe_array *points = fixture_array(&e.tensors, "", "points");
  e.n = (int)points->shape[0];
  e.dimensions = (int)points->shape[1];
  e.components = (int)fixture_array(&e.tensors, "", "weights")->count;
  e.points = calloc((size_t)points->count, sizeof *e.points);
  for (int64_t j = 0; j < points->count; j++)
    e.points[j] = (lathe_real)lathe_array_real(points, j);
  const double *settings = fixture_values(&e.tensors, "", "settings", 3);
  e.floor = settings[1];
  e.iterations = (int)settings[2];
  return e;
}

static inline void em_case_close(struct em_case *e)
{
  free(e->points);
  lathe_tensors_free(&e->tensors);
}

/* The mixture that scikit-learn started from: `own` on each component's diagonal, `common`
 * everywhere (settings[0]); a tied covariance is the first component's. */
static inline struct lathe_mixture em_case_start(const struct em_case *e,
                                                 enum lathe_covariance kind)
{
  struct lathe_mixture m;
  int k = e->components, d = e->dimensions;
  ck_assert(lathe_mixture_new(&m, k, d, kind, NULL));
  memcpy(m.weights, fixture_values(&e->tensors, "", "weights", k), (size_t)k * sizeof(double));
  memcpy(m.means, fixture_values(&e->tensors, "", "means", k * d),
         (size_t)(k * d) * sizeof(double));
  const double *own = fixture_values(&e->tensors, "", "own", k);
  double common = fixture_values(&e->tensors, "", "settings", 3)[0];
  int count = (int)lathe_covariance_count(kind, k, d),
      block = (int)lathe_covariance_count(kind, 1, d);
  bool matrices = kind == LATHE_FULL || kind == LATHE_TIED;
  for (int i = 0; i < count; i++)
    m.covariances[i] = common + (!matrices || i % block % (d + 1) == 0 ? own[i / block] : 0);
  return m;
}

/* Iteration `iteration`, from 1: the log-likelihood before it, the mixture after it. */
static inline void near_iteration(const struct em_case *e, enum lathe_covariance kind,
                                  int iteration, double log_likelihood,
                                  const struct lathe_mixture *m)
{
  char what[64], prefix[32];
  int k = e->components, d = e->dimensions;
  snprintf(what, sizeof what, "%s, %s, iteration %d", e->name, EM_KIND_NAMES[kind], iteration);
  snprintf(prefix, sizeof prefix, "%s.%d.", EM_KIND_NAMES[kind], iteration);
  near_fixture(what, &e->tensors, prefix, "weights", m->weights, k, 0, e->tolerance);
  near_fixture(what, &e->tensors, prefix, "means", m->means, k * d, 0, e->tolerance);
  near_fixture(what, &e->tensors, prefix, "covariances", m->covariances,
               (int64_t)lathe_covariance_count(kind, k, d), 0, e->tolerance);
  snprintf(prefix, sizeof prefix, "%s.", EM_KIND_NAMES[kind]);
  double want = fixture_values(&e->tensors, prefix, "log_likelihood", e->iterations)[iteration - 1];
  within(what, "log-likelihood", fabs(log_likelihood - want), 1 + fabs(want), e->tolerance);
}

/* Of the mixture after the last iteration: posteriors [n, K], the points' log-likelihoods [n]. */
static inline void near_posteriors(const struct em_case *e, enum lathe_covariance kind,
                                   const double *posterior, const double *log_likelihood)
{
  char prefix[32];
  snprintf(prefix, sizeof prefix, "%s.", EM_KIND_NAMES[kind]);
  near_fixture(e->name, &e->tensors, prefix, "posterior", posterior, e->n * e->components, 0,
               e->tolerance);
  near_fixture(e->name, &e->tensors, prefix, "point_log_likelihood", log_likelihood, e->n, 0,
               e->tolerance);
}

#endif
