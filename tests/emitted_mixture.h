/* The emitted EM and posteriors, of either precision, against scikit-learn (tests/reference/gmm)
 * and PyTorch's distributions (tests/reference/torch). Statistics are double in both precisions and
 * the points are floats, so that one tolerance serves. */
#ifndef EMITTED_MIXTURE_H
#define EMITTED_MIXTURE_H

#include "emitted_state.h"
#include "read_numbers.h"
#include "runtime/gmm.h"
#include "torch_models.h"

enum { KINDS = 4, MIXED = 3 /* components, and dimensions */, MOST_POINTS = 128 };
static const char *const KIND_NAMES[KINDS] = {"full", "diag", "tied", "spherical"};
static const double MIXTURE_TOLERANCE = 1e-10;

/* A description whose mixture is what is wanted of it. */
static inline struct emitted emitted_mixture(int kind)
{
  char text[512];
  snprintf(text, sizeof text,
           "model mixed { input x [1]; latent z [%d]; encoder { gaussian z; }\n"
           "decoder { linear 1; sigmoid; } mixture { components %d; covariance %s; } }",
           MIXED, MIXED, KIND_NAMES[kind]);
  return emitted_open_text(text);
}

static inline void all_near(const char *kind, const char *what, const double *got,
                            const double *want, int count)
{
  for (int i = 0; i < count; i++)
    ck_assert_msg(fabs(got[i] - want[i]) <= MIXTURE_TOLERANCE * (1 + fabs(want[i])),
                  "%s: %s %d is %.15g, expected %.15g", kind, what, i, got[i], want[i]);
}

/* Reads on to the kind's part of em.txt: its starting covariances follow. */
static inline FILE *open_em(int kind, int *n, double *floor, lathe_real *points,
                            struct lathe_mixture *m, int *iterations)
{
  FILE *in = open_numbers("tests/reference/gmm/em.txt");
  int d, k;
  double whole[MOST_POINTS * MIXED];
  char word[64];
  ck_assert_int_eq(fscanf(in, "%d %d %d %d %lf", n, &d, &k, iterations, floor), 5);
  ck_assert(d == MIXED && k == MIXED && *n <= MOST_POINTS);
  read_doubles(in, *n * d, whole);
  for (int i = 0; i < *n * d; i++)
    points[i] = (lathe_real)(whole[i] / 64);
  read_doubles(in, k, m->weights);
  read_doubles(in, k * d, m->means);
  do
    ck_assert_int_eq(fscanf(in, "%63s", word), 1);
  while (strcmp(word, KIND_NAMES[kind]) != 0);
  return in;
}

/* Every iteration's log-likelihood, weights, means and covariances, for any number of threads. */
static inline void check_em(const struct lathe_model *model, int kind)
{
  enum lathe_covariance covariance = model->mixing.covariance;
  int count = (int)lathe_covariance_count(covariance, MIXED, MIXED);
  for (int threads = 1; threads <= 2; threads++) {
    lathe_real points[MOST_POINTS * MIXED];
    double expected[MIXED * MIXED * MIXED], floor, log_likelihood;
    int n, iterations;
    struct lathe_mixture m;
    ck_assert(lathe_mixture_new(&m, MIXED, MIXED, covariance, NULL));
    FILE *in = open_em(kind, &n, &floor, points, &m, &iterations);
    read_doubles(in, count, m.covariances);
    struct lathe_pool *pool = lathe_pool_new(threads);
    struct watched w = watched_new(model, 1, pool, true);
    for (int i = 0; i < iterations; i++) {
      memset(w.state.em, 0xFF, model->em_doubles * sizeof(double));
      ck_assert_int_eq(model->em_step(&w.state, n, points, &m, floor, &log_likelihood), 0);
      read_doubles(in, 1, expected);
      all_near(KIND_NAMES[kind], "log-likelihood", &log_likelihood, expected, 1);
      read_doubles(in, MIXED, expected);
      all_near(KIND_NAMES[kind], "weight", m.weights, expected, MIXED);
      read_doubles(in, MIXED * MIXED, expected);
      all_near(KIND_NAMES[kind], "mean", m.means, expected, MIXED * MIXED);
      read_doubles(in, count, expected);
      all_near(KIND_NAMES[kind], "covariance", m.covariances, expected, count);
    }
    watched_free(&w);
    lathe_pool_free(pool);
    lathe_mixture_free(&m);
    fclose(in);
  }
}

/* The mixture of the fixture, to be freed. */
static inline struct lathe_mixture torch_mixture(const struct lathe_tensors *tensors, int kind,
                                                 enum lathe_covariance covariance)
{
  struct lathe_mixture m;
  char name[32];
  size_t count = lathe_covariance_count(covariance, MIXED, MIXED);
  snprintf(name, sizeof name, "%s.covariances", KIND_NAMES[kind]);
  ck_assert(lathe_mixture_new(&m, MIXED, MIXED, covariance, NULL));
  memcpy(m.weights, fixture_values(tensors, "", "weights", MIXED), sizeof(double) * MIXED);
  memcpy(m.means, fixture_values(tensors, "", "means", MIXED * MIXED),
         sizeof(double) * MIXED * MIXED);
  memcpy(m.covariances, fixture_values(tensors, "", name, (int64_t)count), sizeof(double) * count);
  return m;
}

/* Posteriors and log-likelihoods; then the mixture without its first component, and one that has no
 * density: that component is named, and nothing is changed. */
static inline void check_posteriors(const struct lathe_model *model, int kind)
{
  struct lathe_tensors tensors = torch_read("mixture");
  struct lathe_mixture m = torch_mixture(&tensors, kind, model->mixing.covariance);
  const char *name = KIND_NAMES[kind];
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

static inline void check_mixture(int kind)
{
  struct emitted e = emitted_mixture(kind);
  check_em(e.model, kind);
  check_posteriors(e.model, kind);
  emitted_close(&e);
}

#endif
