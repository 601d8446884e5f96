/* EM against scikit-learn, the starts of the fit, and its end. */
#include "em_reference.h"
#include "runtime/gmm_parts.h"
#include "three_clusters.h"

START_TEST(as_scikit_learn)
{
  struct em_case e = em_case_open(_i / EM_KINDS);
  enum lathe_covariance kind = ALL_KINDS[_i % EM_KINDS];
  struct lathe_mixture m = em_case_start(&e, kind);
  for (int i = 1; i <= e.iterations; i++) {
    double log_likelihood;
    ck_assert_int_eq(naive_em_step(NULL, e.n, e.points, &m, e.floor, &log_likelihood), 0);
    near_iteration(&e, kind, i, log_likelihood, &m);
  }
  struct lathe_density density;
  double *posterior = calloc((size_t)(e.n * e.components), sizeof *posterior);
  double *log_likelihood = calloc((size_t)e.n, sizeof *log_likelihood);
  ck_assert(lathe_density_new(&density, &m, NULL, NULL));
  for (int i = 0; i < e.n; i++)
    log_likelihood[i] =
        lathe_density_at_real(&density, e.points + i * e.dimensions, posterior + i * e.components);
  near_posteriors(&e, kind, posterior, log_likelihood);
  lathe_density_free(&density);
  free(posterior);
  free(log_likelihood);
  lathe_mixture_free(&m);
  em_case_close(&e);
}
END_TEST

struct progress {
  int calls, restart, iteration, most; /* most: calls after which to stop; 0: goes on */
  double last[16];
};

static bool watch(void *arg, const struct lathe_em_report *report,
                  const struct lathe_mixture *mixture)
{
  struct progress *progress = arg;
  int restart = report->restart, iteration = report->iterations;
  ck_assert_int_eq(mixture->components, K);
  ck_assert_int_eq(iteration, restart == progress->restart ? progress->iteration + 1 : 1);
  progress->calls++;
  progress->restart = restart;
  progress->iteration = iteration;
  progress->last[restart] = report->log_likelihood;
  return progress->calls != progress->most;
}

/* Every way to start, with every kind of covariance, finds clusters that are far apart. */
START_TEST(finds_the_clusters)
{
  static const enum lathe_init INITS[] = {LATHE_INIT_LABELLED, LATHE_INIT_KMEANS,
                                          LATHE_INIT_RANDOM};
  enum lathe_init init = INITS[_i / KINDS];
  struct lathe_model model = a_model(init, ALL_KINDS[_i % KINDS]);
  struct lathe_state state = {.capacity = 1};
  struct lathe_gmm_start start;
  struct lathe_mixture m;
  struct lathe_em_report report;
  struct progress progress = {0};
  lathe_real points[N * D];
  three_clusters(points);
  labelled_start(&start);
  ck_assert(
      lathe_gmm_fit(&model, &state, N, points, &start, 1, &m, &report, watch, &progress, NULL));
  check_sound(&m);
  for (int c = 0; c < K; c++) {
    int found = -1;
    for (int k = 0; k < K; k++)
      if (hypot(m.means[k * D] - CENTRES[c][0], m.means[k * D + 1] - CENTRES[c][1]) < 0.5)
        found = k;
    ck_assert_int_ge(found, 0);
    ck_assert_double_eq_tol(m.weights[found], 1.0 / 3, 0.02);
    double matrix[D * D];
    lathe_covariance_matrix(&m, found, matrix);
    ck_assert_double_eq_tol(matrix[0], 1, 0.35);
    ck_assert_double_eq_tol(matrix[1], 0, 0.35);
    ck_assert_int_eq(m.labels[found], init == LATHE_INIT_LABELLED ? CLASSES[c] : -1);
  }
  ck_assert(report.converged);
  ck_assert_str_eq(report.notes, "");
  ck_assert_int_eq(report.recoveries, 0);
  ck_assert_int_ge(report.iterations, 2);
  for (int i = 1; i < report.iterations; i++)
    ck_assert_double_ge(report.log_likelihoods[i], report.log_likelihoods[i - 1] - 1e-12);
  ck_assert(report.log_likelihood == report.log_likelihoods[report.iterations - 1]);
  ck_assert_int_eq(progress.restart, init == LATHE_INIT_LABELLED ? 0 : 3);
  for (int r = 0; r <= progress.restart; r++)
    ck_assert_double_le(progress.last[r], report.log_likelihood);
  ck_assert(progress.last[report.restart] == report.log_likelihood);
  lathe_em_report_free(&report);
  lathe_mixture_free(&m);
  lathe_gmm_start_free(&start);
}
END_TEST

/* What is reported after one iteration is how likely the start was. */
START_TEST(each_restart_starts_anew)
{
  struct lathe_model model = a_model(LATHE_INIT_RANDOM, LATHE_FULL);
  struct lathe_state state = {.capacity = 1};
  struct lathe_mixture m;
  struct lathe_em_report report;
  struct progress progress = {0};
  lathe_real points[N * D];
  lathe_random_normal(1, LATHE_RANDOM_BENCH, 0, 0, N * D, points);
  model.mixing.iterations = 1;
  ck_assert(lathe_gmm_fit(&model, &state, N, points, NULL, 1, &m, &report, watch, &progress, NULL));
  ck_assert_int_eq(progress.calls, 4);
  for (int r = 0; r < 4; r++)
    for (int other = 0; other < r; other++)
      ck_assert(progress.last[r] != progress.last[other]);
  lathe_em_report_free(&report);
  lathe_mixture_free(&m);
}
END_TEST

START_TEST(stops_where_it_is_told)
{
  struct lathe_model model = a_model(LATHE_INIT_KMEANS, LATHE_FULL);
  struct lathe_state state = {.capacity = 1};
  struct lathe_mixture m;
  struct lathe_em_report report;
  lathe_real points[N * D];
  three_clusters(points);
  model.mixing.restarts = 1;
  model.mixing.tolerance = 0;
  model.mixing.iterations = 5;
  ck_assert(lathe_gmm_fit(&model, &state, N, points, NULL, 1, &m, &report, NULL, NULL, NULL));
  ck_assert_int_eq(report.iterations, 5);
  ck_assert(!report.converged);
  lathe_em_report_free(&report);
  lathe_mixture_free(&m);
  model.mixing.tolerance = 1e3;
  ck_assert(lathe_gmm_fit(&model, &state, N, points, NULL, 1, &m, &report, NULL, NULL, NULL));
  ck_assert_int_eq(report.iterations, 2); /* a gain takes two */
  ck_assert(report.converged);
  lathe_em_report_free(&report);
  lathe_mixture_free(&m);

  struct progress progress = {.most = 3};
  struct lathe_error err = {""};
  model.mixing.tolerance = 0;
  ck_assert(
      !lathe_gmm_fit(&model, &state, N, points, NULL, 1, &m, &report, watch, &progress, &err));
  ck_assert_int_eq(progress.calls, 3);
  ck_assert_ptr_nonnull(strstr(err.text, "stopped after 3 iterations"));
  ck_assert(m.weights == NULL && report.log_likelihoods == NULL);
}
END_TEST

/* Then no other start is tried; what those before have found is kept. */
START_TEST(starts_nothing_once_it_is_told)
{
  struct lathe_model model = a_model(LATHE_INIT_KMEANS, LATHE_FULL);
  struct lathe_state state = {.capacity = 1};
  struct lathe_mixture m;
  struct lathe_em_report report;
  lathe_real points[N * D];
  three_clusters(points);
  model.mixing.tolerance = 0;
  model.mixing.iterations = 5;
  ck_assert_int_gt(model.mixing.restarts, 2);
  struct progress first = {.most = 3}, second = {.most = 7};
  ck_assert(!lathe_gmm_fit(&model, &state, N, points, NULL, 1, &m, &report, watch, &first, NULL));
  ck_assert_int_eq(first.calls, 3);
  ck_assert(lathe_gmm_fit(&model, &state, N, points, NULL, 1, &m, &report, watch, &second, NULL));
  ck_assert_int_eq(second.calls, 7);
  ck_assert(report.restart == 0 && report.iterations == 5);
  ck_assert_ptr_nonnull(strstr(report.notes, "Start 2 failed: EM was stopped after 2 iterations"));
  lathe_em_report_free(&report);
  lathe_mixture_free(&m);
}
END_TEST

/* Points at 0, 2, 10, 14 and 18 nearest to means 1 and 15. */
START_TEST(starts_from_nearest_points)
{
  const lathe_real points[] = {0, 2, 10, 14, 18};
  double means[] = {1, 15};
  int64_t labels[] = {5, 6};
  const struct lathe_gmm_start start = {2, 1, means, labels, NULL};
  static const double EXPECTED[KINDS][2] = {
      {1.5, 35.0 / 3 + 0.5}, {1.5, 35.0 / 3 + 0.5}, {37.0 / 5 + 0.5, 0}, {1.5, 35.0 / 3 + 0.5}};
  const struct lathe_mixing mixing = {.components = 2, .init = LATHE_INIT_LABELLED, .floor = 0.5};
  const struct lathe_gmm_fit fit = {&mixing, {5, 1, points}, &start, 0, NULL};
  struct lathe_mixture m;
  ck_assert(lathe_mixture_new(&m, 2, 1, ALL_KINDS[_i], NULL));
  ck_assert(lathe_gmm_initialise(&fit, 0, &m, NULL));
  ck_assert_double_eq(m.weights[0], 0.4);
  ck_assert_double_eq(m.weights[1], 0.6);
  ck_assert(m.means[0] == 1 && m.means[1] == 15 && m.labels[0] == 5 && m.labels[1] == 6);
  for (size_t i = 0; i < lathe_covariance_count(ALL_KINDS[_i], 2, 1); i++)
    ck_assert_double_eq_tol(m.covariances[i], EXPECTED[_i][i], 1e-12);
  lathe_mixture_free(&m);
}
END_TEST

START_TEST(floor_reaches_the_variances_alone)
{
  enum { MANY = 3 };
  struct lathe_mixture m;
  double matrix[MANY * MANY];
  ck_assert(lathe_mixture_new(&m, 1, MANY, ALL_KINDS[_i], NULL));
  memset(m.covariances, 0, lathe_covariance_block(&m) * sizeof(double));
  lathe_covariance_floor(&m, 0.5, m.covariances);
  lathe_covariance_matrix(&m, 0, matrix);
  for (int i = 0; i < MANY * MANY; i++)
    ck_assert_double_eq(matrix[i], i % (MANY + 1) == 0 ? 0.5 : 0);
  lathe_mixture_free(&m);
}
END_TEST

/* A mean to which no point is nearest: it starts with some weight, and the average covariance. */
START_TEST(starts_without_points)
{
  const lathe_real points[] = {0, 2, 10, 14, 18};
  double means[] = {1, 15, 1000};
  int64_t labels[] = {5, 6, 7};
  const struct lathe_gmm_start start = {3, 1, means, labels, NULL};
  const struct lathe_mixing mixing = {.components = 3, .init = LATHE_INIT_LABELLED, .floor = 0.5};
  const struct lathe_gmm_fit fit = {&mixing, {5, 1, points}, &start, 0, NULL};
  struct lathe_mixture m;
  ck_assert(lathe_mixture_new(&m, 3, 1, LATHE_FULL, NULL));
  ck_assert(lathe_gmm_initialise(&fit, 0, &m, NULL));
  for (int k = 0; k < 3; k++)
    ck_assert_double_eq_tol(m.weights[k], (3 - k == 1 ? 1 : 2 + k) / 6.0, 1e-12);
  ck_assert_double_eq_tol(m.covariances[2], 37.0 / 5 + 0.5, 1e-12);
  lathe_mixture_free(&m);
}
END_TEST

/* With as many points as components, each point is one component's mean. */
START_TEST(random_means_are_distinct)
{
  const lathe_real points[] = {1, 2, 4, 8};
  const struct lathe_mixing mixing = {.components = 4, .init = LATHE_INIT_RANDOM, .floor = 0.5};
  const struct lathe_gmm_fit fit = {&mixing, {4, 1, points}, NULL, 1, NULL};
  bool first[4] = {false};
  for (uint64_t run = 0; run < 50; run++) {
    struct lathe_mixture m;
    ck_assert(lathe_mixture_new(&m, 4, 1, LATHE_FULL, NULL));
    ck_assert(lathe_gmm_initialise(&fit, run, &m, NULL));
    ck_assert_double_eq(m.means[0] + m.means[1] + m.means[2] + m.means[3], 15);
    for (int i = 0; i < 4; i++)
      first[i] |= m.means[0] == (double)points[i];
    lathe_mixture_free(&m);
  }
  ck_assert(first[0] && first[1] && first[2] && first[3]);
}
END_TEST

START_TEST(class_means)
{
  const lathe_real points[] = {1, 2, 10, 20, 3, 6, 14, 22, 0, 9};
  const int64_t labels[] = {8, 1, 8, 1, 1};
  struct lathe_gmm_start start;
  struct lathe_error err;
  ck_assert(lathe_gmm_start_new(&start, 5, 2, points, labels, NULL));
  ck_assert(start.classes == 2 && start.dimensions == 2);
  ck_assert(start.labels[0] == 1 && start.labels[1] == 8);
  ck_assert_mem_eq(start.means, ((double[]){8, 17, 2, 4}), 4 * sizeof(double));
  lathe_gmm_start_free(&start);
  ck_assert(!lathe_gmm_start_new(&start, 0, 2, points, labels, &err));
  ck_assert_str_eq(err.text, "no labelled points to start the mixture from");
  const lathe_real broken[] = {1, 2, 3, (lathe_real)INFINITY};
  ck_assert(!lathe_gmm_start_new(&start, 2, 2, broken, labels, &err));
  ck_assert_ptr_nonnull(strstr(err.text, "labelled point 1 is not a finite number"));
  ck_assert_ptr_null(start.means);
}
END_TEST

/* A fourth component, for which no class is labelled, is named after the nearest class's mean. */
START_TEST(component_in_excess)
{
  struct lathe_model model = a_model(LATHE_INIT_LABELLED, LATHE_DIAG);
  struct lathe_state state = {.capacity = 1};
  struct lathe_gmm_start start;
  struct lathe_mixture m;
  struct lathe_em_report report;
  lathe_real points[(N + 100) * D];
  three_clusters(points);
  lathe_random_normal(1, LATHE_RANDOM_BENCH, 1, 0, 100 * D, points + N * D);
  for (int i = N; i < N + 100; i++)
    points[i * D] += 13;
  labelled_start(&start);
  model.mixing.components = 4;
  ck_assert(
      lathe_gmm_fit(&model, &state, N + 100, points, &start, 1, &m, &report, NULL, NULL, NULL));
  ck_assert_double_eq_tol(m.means[3 * D], 13, 0.5);
  const int64_t labels[] = {1, 4, 8, 4};
  ck_assert_mem_eq(m.labels, labels, sizeof labels);
  lathe_em_report_free(&report);
  lathe_mixture_free(&m);
  lathe_gmm_start_free(&start);
}
END_TEST

START_TEST(any_number_of_threads)
{
  enum { MANY = 4000 };
  struct lathe_model model = a_model(LATHE_INIT_KMEANS, LATHE_FULL);
  struct lathe_pool *pool = lathe_pool_new(3);
  struct lathe_state states[2] = {{.capacity = 1}, {.capacity = 1, .pool = pool}};
  struct lathe_mixture m[2];
  struct lathe_em_report report[2];
  lathe_real *points = malloc(MANY * D * sizeof *points);
  lathe_random_normal(3, LATHE_RANDOM_BENCH, 0, 0, MANY * D, points);
  model.mixing.iterations = 5;
  for (int i = 0; i < 2; i++)
    ck_assert(lathe_gmm_fit(&model, &states[i], MANY, points, NULL, 4, &m[i], &report[i], NULL,
                            NULL, NULL));
  ck_assert_int_eq(report[0].iterations, report[1].iterations);
  ck_assert(report[0].log_likelihood == report[1].log_likelihood);
  ck_assert_mem_eq(m[0].means, m[1].means, K * D * sizeof(double));
  ck_assert_mem_eq(m[0].covariances, m[1].covariances, K * D * D * sizeof(double));
  for (int i = 0; i < 2; i++) {
    lathe_em_report_free(&report[i]);
    lathe_mixture_free(&m[i]);
  }
  lathe_pool_free(pool);
  free(points);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("gmm");
  TCase *cases = tcase_create("gmm");
  tcase_add_loop_test(cases, as_scikit_learn, 0, EM_CASE_COUNT * EM_KINDS);
  tcase_add_loop_test(cases, finds_the_clusters, 0, 3 * KINDS);
  tcase_add_test(cases, each_restart_starts_anew);
  tcase_add_test(cases, stops_where_it_is_told);
  tcase_add_test(cases, starts_nothing_once_it_is_told);
  tcase_add_loop_test(cases, starts_from_nearest_points, 0, KINDS);
  tcase_add_loop_test(cases, floor_reaches_the_variances_alone, 0, KINDS);
  tcase_add_test(cases, starts_without_points);
  tcase_add_test(cases, random_means_are_distinct);
  tcase_add_test(cases, class_means);
  tcase_add_test(cases, component_in_excess);
  tcase_add_test(cases, any_number_of_threads);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
