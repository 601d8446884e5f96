/* Components that degenerate, in the emitted EM with the runtime around it, in each form of
 * covariance: those that begin alike, that lose their points, and that collapse onto one. */
#include "emitted_mixture.h"
#include "three_clusters.h"

/* A fit of `model` as its description says but for what a case changes. */
struct fitted {
  struct emitted emitted;
  struct lathe_model model;
  struct lathe_pool *pool;
  struct watched watched;
  struct lathe_mixture mixture;
  struct lathe_em_report report;
  struct lathe_error err;
  bool good;
};

static struct fitted fit(enum lathe_covariance kind, enum lathe_init init, double floor, int n,
                         const lathe_real *points, const struct lathe_gmm_start *start)
{
  struct fitted f = {.emitted = emitted_mixture(kind, D, K)};
  f.model = *f.emitted.model;
  f.model.mixing.init = init;
  f.model.mixing.floor = floor;
  f.model.mixing.restarts = 1;
  f.pool = lathe_pool_new(2);
  f.watched = watched_new(&f.model, 1, f.pool, true);
  f.good = lathe_gmm_fit(&f.model, &f.watched.state, n, points, start, 1, &f.mixture, &f.report,
                         NULL, NULL, &f.err);
  return f;
}

static void done(struct fitted *f)
{
  lathe_em_report_free(&f->report);
  lathe_mixture_free(&f->mixture);
  watched_free(&f->watched);
  lathe_pool_free(f->pool);
  emitted_close(&f->emitted);
}

static void check_recovered(const struct fitted *f, const char *noted)
{
  ck_assert_msg(f->good, "%s", f->err.text);
  check_sound(&f->mixture);
  ck_assert_int_ge(f->report.recoveries, 1);
  ck_assert_msg(strstr(f->report.notes, noted) != NULL, "%s", f->report.notes);
  for (int i = 0; i < f->report.iterations; i++)
    ck_assert(isfinite(f->report.log_likelihoods[i]));
}

/* Two classes whose labelled points have one mean: without help their components would stay one. */
START_TEST(components_that_begin_alike)
{
  struct lathe_gmm_start start;
  lathe_real points[N * D];
  three_clusters(points);
  labelled_start(&start);
  memcpy(start.means + 2 * D, start.means + D, D * sizeof *start.means);
  struct fitted f = fit(ALL_KINDS[_i], LATHE_INIT_LABELLED, 1e-6, N, points, &start);
  check_recovered(&f,
                  "Iteration 1: component 2 (class 8) began with the mean of component 1 (class "
                  "4); it was moved to point ");
  for (int j = 0; j < K; j++) /* and each has points */
    ck_assert_double_gt(f.mixture.weights[j], 0.05);
  done(&f);
  lathe_gmm_start_free(&start);
}
END_TEST

START_TEST(component_that_loses_its_points)
{
  struct lathe_gmm_start start;
  lathe_real points[N * D];
  three_clusters(points);
  labelled_start(&start);
  start.means[2 * D] = 500;
  struct fitted f = fit(ALL_KINDS[_i], LATHE_INIT_LABELLED, 1e-6, N, points, &start);
  check_recovered(&f, "component 2 (class 8) lost its points; it was moved to point ");
  done(&f);
  lathe_gmm_start_free(&start);
}
END_TEST

/* A third of the points are one and the same, and no floor gives the component there any extent: a
 * sound mixture with a word on it, or a message that names the floor. With a floor all is well. */
START_TEST(component_that_collapses)
{
  lathe_real points[N * D];
  three_clusters(points);
  for (int i = 0; i < N; i += K)
    points[i * D] = points[i * D + 1] = -20;
  struct fitted f = fit(ALL_KINDS[_i], LATHE_INIT_KMEANS, 0, N, points, NULL);
  if (f.good)
    check_sound(&f.mixture);
  else
    ck_assert_msg(strstr(f.err.text, "floor") != NULL, "%s", f.err.text);
  if (ALL_KINDS[_i] != LATHE_TIED)
    ck_assert(!f.good || f.report.recoveries > 0);
  done(&f);
  f = fit(ALL_KINDS[_i], LATHE_INIT_KMEANS, 1e-6, N, points, NULL);
  ck_assert_msg(f.good, "%s", f.err.text);
  check_sound(&f.mixture);
  ck_assert_int_eq(f.report.recoveries, 0);
  done(&f);
}
END_TEST

/* Hardly more points than components, all alike but one. */
START_TEST(components_without_points_of_their_own)
{
  lathe_real points[4 * D] = {1, 1, 1, 1, 1, 1, 2, 2};
  struct fitted f = fit(ALL_KINDS[_i], LATHE_INIT_RANDOM, 1e-6, 4, points, NULL);
  check_recovered(&f, "began with the mean of component");
  done(&f);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("EM, degenerate");
  TCase *cases = tcase_create("components");
  tcase_set_timeout(cases, 300);
  tcase_add_loop_test(cases, components_that_begin_alike, 0, KINDS);
  tcase_add_loop_test(cases, component_that_loses_its_points, 0, KINDS);
  tcase_add_loop_test(cases, component_that_collapses, 0, KINDS);
  tcase_add_loop_test(cases, components_without_points_of_their_own, 0, KINDS);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
