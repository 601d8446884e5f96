/* The emitted EM and posteriors, of either precision, against scikit-learn (tests/reference/gmm)
 * and PyTorch's distributions (tests/reference/torch). Statistics are double in both precisions and
 * the points are floats, so that one tolerance serves. */
#ifndef EMITTED_MIXTURE_H
#define EMITTED_MIXTURE_H

#include "em_reference.h"
#include "emitted_state.h"
#include "torch_models.h"

/* A mixture of that kind, alone or on the latent means of a model with layers. */
static inline struct emitted emitted_alone(enum lathe_covariance kind, int dimensions,
                                           int components)
{
  char text[512];
  snprintf(text, sizeof text,
           "model mixed { input x [%d]; mixture { components %d; covariance %s; } }", dimensions,
           components, EM_KIND_NAMES[kind]);
  return emitted_open_text(text);
}

static inline struct emitted emitted_mixture(enum lathe_covariance kind, int dimensions,
                                             int components)
{
  char text[512];
  snprintf(text, sizeof text,
           "model mixed { input x [1]; latent z [%d]; encoder { gaussian z; }\n"
           "decoder { linear 1; sigmoid; } mixture { components %d; covariance %s; } }",
           dimensions, components, EM_KIND_NAMES[kind]);
  return emitted_open_text(text);
}

/* ---- scikit-learn ---- */

/* Every iteration, for any number of threads, and the posteriors at the end. */
static inline void check_em(const struct em_case *e, enum lathe_covariance kind)
{
  struct emitted emitted = emitted_alone(kind, e->dimensions, e->components);
  const struct lathe_model *model = emitted.model;
  for (int threads = 1; threads <= 2; threads++) {
    struct lathe_mixture m = em_case_start(e, kind);
    struct lathe_pool *pool = lathe_pool_new(threads);
    struct watched w = watched_new(model, 1, pool, true);
    for (int i = 1; i <= e->iterations; i++) {
      double log_likelihood;
      memset(w.state.em, 0xFF, model->em_doubles * sizeof(double));
      ck_assert_int_eq(model->em_step(&w.state, e->n, e->points, &m, e->floor, &log_likelihood), 0);
      near_iteration(e, kind, i, log_likelihood, &m);
    }
    double *posterior = calloc((size_t)(e->n * e->components), sizeof *posterior);
    double *log_likelihood = calloc((size_t)e->n, sizeof *log_likelihood);
    ck_assert_int_eq(model->responsibilities(&m, e->n, e->points, posterior, log_likelihood), 0);
    near_posteriors(e, kind, posterior, log_likelihood);
    free(posterior);
    free(log_likelihood);
    watched_free(&w);
    lathe_pool_free(pool);
    lathe_mixture_free(&m);
  }
  emitted_close(&emitted);
}

/* ---- PyTorch's distributions ---- */

enum { MIXED = 3 /* components, and dimensions */, MOST_POINTS = 16 };

static inline void all_near(const char *kind, const char *what, const double *got,
                            const double *want, int count)
{
  within(kind, what, distance_of(got, want, count), norm_of(want, count), EM_WELL_CONDITIONED);
}

/* The mixture of the fixture, to be freed. */
static inline struct lathe_mixture torch_mixture(const struct lathe_tensors *tensors,
                                                 enum lathe_covariance kind)
{
  struct lathe_mixture m;
  char name[32];
  size_t count = lathe_covariance_count(kind, MIXED, MIXED);
  snprintf(name, sizeof name, "%s.covariances", EM_KIND_NAMES[kind]);
  ck_assert(lathe_mixture_new(&m, MIXED, MIXED, kind, NULL));
  memcpy(m.weights, fixture_values(tensors, "", "weights", MIXED), sizeof(double) * MIXED);
  memcpy(m.means, fixture_values(tensors, "", "means", MIXED * MIXED),
         sizeof(double) * MIXED * MIXED);
  memcpy(m.covariances, fixture_values(tensors, "", name, (int64_t)count), sizeof(double) * count);
  return m;
}

/* Posteriors and log-likelihoods; then the mixture without its first component, and one that has no
 * density: that component is named, and nothing is changed. */
static inline void check_posteriors(const struct lathe_model *model, enum lathe_covariance kind)
{
  struct lathe_tensors tensors = torch_read("mixture");
  struct lathe_mixture m = torch_mixture(&tensors, kind);
  const char *name = EM_KIND_NAMES[kind];
  char prefix[32];
  snprintf(prefix, sizeof prefix, "%s.", name);
  int n = (int)lathe_tensors_find(&tensors, "points")->shape[0];
  size_t last = lathe_covariance_count(m.covariance, MIXED, MIXED) - 1;
  const double *means = fixture_values(&tensors, "", "means", MIXED * MIXED);
  lathe_real *points = torch_reals(&tensors, "points", n * MIXED);
  double posterior[MOST_POINTS * MIXED], again[MOST_POINTS * MIXED], log_likelihood[MOST_POINTS];
  ck_assert_int_le(n, MOST_POINTS);
  struct watched w = watched_new(model, 1, NULL, true);

  ck_assert_int_eq(model->responsibilities(&m, n, points, posterior, log_likelihood), 0);
  all_near(name, "posterior", posterior, fixture_values(&tensors, prefix, "posterior", n * MIXED),
           n * MIXED);
  all_near(name, "log-likelihood", log_likelihood,
           fixture_values(&tensors, prefix, "log_likelihood", n), n);
  ck_assert_int_eq(model->responsibilities(&m, n, points, again, NULL), 0);
  ck_assert_mem_eq(again, posterior, sizeof(double) * (size_t)(n * MIXED));

  m.covariances[last] = -m.covariances[last];
  double before = m.covariances[last];
  int bad = m.covariance == LATHE_TIED ? 1 : MIXED;
  ck_assert_int_eq(model->responsibilities(&m, n, points, again, NULL), bad);
  ck_assert_int_eq(model->em_step(&w.state, n, points, &m, 0, log_likelihood), bad);
  ck_assert_double_eq(m.covariances[last], before);
  ck_assert_mem_eq(m.means, means, sizeof(double) * MIXED * MIXED);
  m.covariances[last] = -before;

  m.weights[0] = 0;
  m.weights[1] = 0.8;
  ck_assert_int_eq(model->em_step(&w.state, n, points, &m, 0.5, log_likelihood), 0);
  ck_assert(isfinite(log_likelihood[0]));
  ck_assert_double_eq(m.weights[0], 0);
  ck_assert_double_eq_tol(m.weights[1] + m.weights[2], 1, 1e-12);
  ck_assert_mem_eq(m.means, means, sizeof(double) * MIXED);
  for (size_t i = 0; i <= last; i++)
    ck_assert(isfinite(m.covariances[i]));

  watched_free(&w);
  free(points);
  lathe_mixture_free(&m);
  lathe_tensors_free(&tensors);
}

static inline void check_torch_mixture(enum lathe_covariance kind)
{
  struct emitted e = emitted_mixture(kind, MIXED, MIXED);
  check_posteriors(e.model, kind);
  emitted_close(&e);
}

#endif
