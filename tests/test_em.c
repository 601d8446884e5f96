/* Emitted EM against its definition where shapes are awkward: dimensions that fill no tile or span,
 * several blocks of points and one that is not full, points far from the origin, clusters that are
 * needles. */
#include "emitted.h"
#include "emitted_state.h"
#include "folders.h"
#include "naive_em.h"
#include "runtime/gmm.h"

enum { D = 11, K = 3, SEVERAL = 601, MOST = 9001, ITERATIONS = 3, KINDS = 4 };
static const char *const KIND_NAMES[KINDS] = {
    [LATHE_FULL] = "full",
    [LATHE_DIAG] = "diag",
    [LATHE_TIED] = "tied",
    [LATHE_SPHERICAL] = "spherical",
};

static struct emitted emitted_kind(int kind)
{
  char text[512];
  snprintf(text, sizeof text,
           "model mixed { input x [1]; latent z [%d]; encoder { gaussian z; }\n"
           "decoder { linear 1; sigmoid; } mixture { components %d; covariance %s; } }",
           D, K, KIND_NAMES[kind]);
  return emitted_open_text(text);
}

/* A number in [-1, 1), the same on every machine. */
static double number(uint32_t *seed)
{
  *seed = *seed * 1664525U + 1013904223U;
  return (double)(*seed >> 8) / (1 << 23) - 1;
}

/* Three overlapping clusters around `centre`, `thin` of their width in all but the first few
 * dimensions, obliquely. */
static void make_points(int n, double centre, double thin, lathe_real *points)
{
  uint32_t seed = 7;
  for (int p = 0; p < n; p++) {
    double shared = number(&seed);
    for (int i = 0; i < D; i++) {
      double own = number(&seed) + number(&seed) + (i == p % K ? 1.5 : 0);
      points[p * D + i] = (lathe_real)(centre + (i < K ? 1 : thin) * own + shared * (i - 5) / 8);
    }
  }
}

/* Means at points of each cluster, covariances of some size and a little oblique. */
static struct lathe_mixture a_start(enum lathe_covariance kind, const lathe_real *points)
{
  struct lathe_mixture m;
  ck_assert(lathe_mixture_new(&m, K, D, kind, NULL));
  for (int i = 0; i < K * D; i++)
    m.means[i] = (double)points[i];
  size_t count = lathe_covariance_count(kind, K, D);
  bool matrix = kind == LATHE_FULL || kind == LATHE_TIED;
  for (size_t i = 0; i < count; i++)
    m.covariances[i] = !matrix || i % (D * D) % (D + 1) == 0 ? 1.25 : 0.125;
  return m;
}

static double distance(const double *x, const double *y, size_t count)
{
  double off = 0, norm = 0;
  for (size_t i = 0; i < count; i++) {
    off += (x[i] - y[i]) * (x[i] - y[i]);
    norm += y[i] * y[i];
  }
  return sqrt(off / norm);
}

static const struct {
  const char *name;
  int n;
  double centre, thin, floor, tolerance;
} CASES[] = {
    {"one block", 200, 0, 1, 1e-3, 1e-11},
    {"several blocks", SEVERAL, 0, 1, 0, 1e-11},
    {"more blocks than chunks", MOST, 0, 1, 0, 1e-11},
    {"whole blocks", 512, 0, 1, 1e-3, 1e-11},
    {"as many points as components", K, 0, 1, 1e-2, 1e-11},
    {"far from the origin", SEVERAL, 1000, 1, 1e-3, 1e-10},
    {"needles", SEVERAL, 1, 0x1p-9, 1e-9, 1e-9},
};
enum { CASE_COUNT = sizeof CASES / sizeof *CASES };

/* A few iterations, each from where the definition's one before led. */
static void check_case(const struct lathe_model *model, enum lathe_covariance kind, int c,
                       struct lathe_pool *pool)
{
  static lathe_real points[MOST * D];
  make_points(CASES[c].n, CASES[c].centre, CASES[c].thin, points);
  size_t count = lathe_covariance_count(kind, K, D);
  struct lathe_mixture exact = a_start(kind, points), one, several;
  ck_assert(lathe_mixture_new(&one, K, D, kind, NULL));
  ck_assert(lathe_mixture_new(&several, K, D, kind, NULL));
  struct watched w = watched_new(model, 1, NULL, true);
  for (int i = 0; i < ITERATIONS; i++) {
    double expected = 0, found, again;
    lathe_mixture_copy(&one, &exact);
    lathe_mixture_copy(&several, &exact);
    ck_assert_int_eq(naive_em_step(NULL, CASES[c].n, points, &exact, CASES[c].floor, &expected), 0);
    w.state.pool = NULL;
    ck_assert_int_eq(model->em_step(&w.state, CASES[c].n, points, &one, CASES[c].floor, &found), 0);
    w.state.pool = pool;
    memset(w.state.em, 0xFF, model->em_doubles * sizeof(double));
    ck_assert_int_eq(model->em_step(&w.state, CASES[c].n, points, &several, CASES[c].floor, &again),
                     0);
    const double off[] = {
        fabs(found - expected) / (1 + fabs(expected)),
        distance(one.weights, exact.weights, K),
        distance(one.means, exact.means, K * D),
        distance(one.covariances, exact.covariances, count),
    };
    for (int j = 0; j < 4; j++)
      ck_assert_msg(off[j] <= CASES[c].tolerance, "%s, %s: iteration %d, number %d is off by %g",
                    KIND_NAMES[kind], CASES[c].name, i, j, off[j]);
    ck_assert_double_eq(found, again);
    ck_assert_mem_eq(one.weights, several.weights, K * sizeof(double));
    ck_assert_mem_eq(one.means, several.means, K * D * sizeof(double));
    ck_assert_mem_eq(one.covariances, several.covariances, count * sizeof(double));
  }
  watched_free(&w);
  lathe_mixture_free(&exact);
  lathe_mixture_free(&one);
  lathe_mixture_free(&several);
}

START_TEST(an_iteration_is_its_definition)
{
  struct emitted e = emitted_kind(_i);
  struct lathe_pool *pool = lathe_pool_new(3);
  for (int c = 0; c < CASE_COUNT; c++)
    check_case(e.model, (enum lathe_covariance)_i, c, pool);
  lathe_pool_free(pool);
  emitted_close(&e);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("emitted_em");
  TCase *tests = tcase_create("emitted_em");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, an_iteration_is_its_definition, 0, KINDS);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
