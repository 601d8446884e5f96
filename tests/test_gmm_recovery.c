/* What the mixture's fit does about components that degenerate, and what it refuses. */
#include "runtime/gmm_parts.h"
#include "three_clusters.h"

/* A class whose labelled points lie nowhere near the data leaves its component without points. */
START_TEST(lost_component_is_recovered)
{
  struct lathe_model model = a_model(LATHE_INIT_LABELLED, ALL_KINDS[_i]);
  struct lathe_state state = {.capacity = 1};
  struct lathe_gmm_start start;
  struct lathe_mixture m;
  struct lathe_em_report report;
  lathe_real points[N * D];
  three_clusters(points);
  labelled_start(&start);
  start.means[2 * D] = 500;
  ck_assert(lathe_gmm_fit(&model, &state, N, points, &start, 1, &m, &report, NULL, NULL, NULL));
  check_sound(&m);
  ck_assert_int_ge(report.recoveries, 1);
  ck_assert_ptr_nonnull(strstr(report.notes, "component 2 (class 8) lost its points; it was moved "
                                             "to point "));
  ck_assert(report.converged);
  bool found[3] = {false}; /* each class names one component all the same */
  for (int k = 0; k < K; k++) {
    ck_assert_double_ge(m.weights[k] * N, 0.5);
    for (int c = 0; c < 3; c++)
      found[c] |= m.labels[k] == CLASSES[c];
  }
  ck_assert(found[0] && found[1] && found[2]);
  lathe_em_report_free(&report);
  lathe_mixture_free(&m);
  lathe_gmm_start_free(&start);
}
END_TEST

/* What happens to the component: three others, of which one has no weight, and an outlier. */
START_TEST(recovery_by_hand)
{
  const lathe_real points[] = {0, 1, -1, 10, 11, 9, 30, 5};
  const struct lathe_mixing mixing = {.components = 4, .floor = 0.5};
  const struct lathe_gmm_fit fit = {&mixing, {8, 1, points}, NULL, 0, NULL};
  struct lathe_mixture m;
  ck_assert(lathe_mixture_new(&m, 4, 1, LATHE_DIAG, NULL));
  memcpy(m.weights, ((double[]){0.3, 0.6, 0.1, 0}), 4 * sizeof(double));
  memcpy(m.means, ((double[]){0, 10, NAN, 7}), 4 * sizeof(double));
  memcpy(m.covariances, ((double[]){1, 4, NAN, NAN}), 4 * sizeof(double));
  memcpy(m.labels, ((int64_t[]){1, 4, 8, 9}), 4 * sizeof(int64_t));
  int64_t point;
  ck_assert(lathe_gmm_recover(&fit, &m, 2, &point, NULL));
  ck_assert_int_eq(point, 6);
  ck_assert_double_eq(m.means[2], 30);
  ck_assert_double_eq_tol(m.covariances[2], (0.3 * 1 + 0.6 * 4) / 0.9, 1e-12);
  const double weights[] = {0.25, 0.5, 0.25, 0};
  const int64_t labels[] = {1, 4, -1, 9};
  for (int k = 0; k < 4; k++) {
    ck_assert_double_eq_tol(m.weights[k], weights[k], 1e-12);
    ck_assert_int_eq(m.labels[k], labels[k]);
  }
  ck_assert(m.means[0] == 0 && m.covariances[1] == 4);
  lathe_mixture_free(&m);
}
END_TEST

static int failures_left;

/* Finds component 1 singular a few times before it works. */
static int singular_at_first(struct lathe_state *state, int64_t n, const lathe_real *points,
                             struct lathe_mixture *m, double floor, double *log_likelihood)
{
  if (failures_left-- > 0)
    return 2;
  return naive_em_step(state, n, points, m, floor, log_likelihood);
}

/* Leaves component 1 with numbers that are not finite, a few times. */
static int nan_at_first(struct lathe_state *state, int64_t n, const lathe_real *points,
                        struct lathe_mixture *m, double floor, double *log_likelihood)
{
  int result = naive_em_step(state, n, points, m, floor, log_likelihood);
  if (failures_left-- > 0) {
    m->means[D] = NAN;
    m->weights[1] = NAN;
    m->covariances[m->covariance == LATHE_TIED ? 0 : lathe_covariance_count(m->covariance, 1, D)] =
        NAN;
  }
  return result;
}

static void fit_with_failures(struct lathe_model *model, int failures, const char *noted)
{
  struct lathe_state state = {.capacity = 1};
  struct lathe_mixture m;
  struct lathe_em_report report;
  lathe_real points[N * D];
  three_clusters(points);
  model->mixing.restarts = 1;
  failures_left = failures;
  ck_assert(lathe_gmm_fit(model, &state, N, points, NULL, 1, &m, &report, NULL, NULL, NULL));
  check_sound(&m);
  ck_assert_int_ge(report.recoveries, failures);
  ck_assert_msg(strstr(report.notes, noted) != NULL, "%s", report.notes);
  for (int i = 0; i < report.iterations; i++)
    ck_assert(isfinite(report.log_likelihoods[i]));
  ck_assert_double_gt(report.log_likelihood, -5);
  lathe_em_report_free(&report);
  lathe_mixture_free(&m);
}

START_TEST(singular_component_is_recovered)
{
  struct lathe_model model = a_model(LATHE_INIT_KMEANS, ALL_KINDS[_i]);
  const char *noted = ALL_KINDS[_i] == LATHE_TIED
                          ? "Iteration 1: the components' covariance was not positive definite; it "
                            "was replaced by that of all points.\n"
                          : "Iteration 1: component 1 had a covariance that is not positive "
                            "definite; it was moved to point ";
  model.em_step = singular_at_first;
  fit_with_failures(&model, 2, noted);
  model.em_step = nan_at_first;
  fit_with_failures(&model, 2, "component 1 lost its points; it was moved to point ");
}
END_TEST

static int steps_done;

/* As likely at each step; component 1 loses its points at the second. */
static int lost_at_second(struct lathe_state *state, int64_t n, const lathe_real *points,
                          struct lathe_mixture *m, double floor, double *log_likelihood)
{
  (void)state, (void)n, (void)points, (void)floor;
  *log_likelihood = -1;
  if (++steps_done == 2)
    m->weights[1] = 0;
  return 0;
}

/* No gain is converged at, and none is counted, where another mixture took the place of the one
 * before: that takes two more steps. */
START_TEST(recovery_is_no_convergence)
{
  struct lathe_model model = a_model(LATHE_INIT_KMEANS, ALL_KINDS[_i]);
  struct lathe_state state = {.capacity = 1};
  struct lathe_mixture m;
  struct lathe_em_report report;
  lathe_real points[N * D];
  three_clusters(points);
  model.mixing.restarts = 1;
  model.em_step = lost_at_second;
  steps_done = 0;
  ck_assert(lathe_gmm_fit(&model, &state, N, points, NULL, 1, &m, &report, NULL, NULL, NULL));
  ck_assert_int_eq(report.recoveries, 1);
  ck_assert(report.converged);
  ck_assert_int_eq(report.iterations, 4);
  lathe_em_report_free(&report);
  lathe_mixture_free(&m);
}
END_TEST

START_TEST(hopeless_component_is_reported)
{
  struct lathe_model model = a_model(LATHE_INIT_KMEANS, ALL_KINDS[_i]);
  struct lathe_state state = {.capacity = 1};
  struct lathe_mixture m;
  struct lathe_em_report report;
  struct lathe_error err;
  lathe_real points[N * D];
  three_clusters(points);
  failures_left = 1 << 30;
  model.em_step = singular_at_first;
  ck_assert(!lathe_gmm_fit(&model, &state, N, points, NULL, 1, &m, &report, NULL, NULL, &err));
  ck_assert_str_eq(err.text,
                   "the covariance of mixture component 1 stays singular after 9 attempts "
                   "to recover it; raise the mixture's floor (now 1e-06) or use fewer "
                   "components");
  model.em_step = nan_at_first;
  ck_assert(!lathe_gmm_fit(&model, &state, N, points, NULL, 1, &m, &report, NULL, NULL, &err));
  ck_assert_ptr_nonnull(
      strstr(err.text, ALL_KINDS[_i] == LATHE_TIED
                           ? "component 0 stays singular"
                           : "mixture component 1 has values that are not finite"));
  ck_assert_ptr_null(m.weights);
  ck_assert_ptr_null(report.log_likelihoods);
}
END_TEST

/* All points alike: nothing but the floor gives the components any extent. */
START_TEST(points_all_alike)
{
  enum lathe_init init = _i < KINDS ? LATHE_INIT_KMEANS : LATHE_INIT_RANDOM;
  struct lathe_model model = a_model(init, ALL_KINDS[_i % KINDS]);
  struct lathe_state state = {.capacity = 1};
  struct lathe_mixture m;
  struct lathe_em_report report;
  struct lathe_error err;
  lathe_real points[N * D];
  for (int i = 0; i < N * D; i++)
    points[i] = (lathe_real)0.75;
  ck_assert(lathe_gmm_fit(&model, &state, N, points, NULL, 1, &m, &report, NULL, NULL, NULL));
  check_sound(&m);
  for (int i = 0; i < K * D; i++)
    ck_assert_double_eq_tol(m.means[i], 0.75, 1e-12);
  double matrix[D * D];
  for (int k = 0; k < K; k++) {
    lathe_covariance_matrix(&m, k, matrix);
    ck_assert_double_eq_tol(matrix[0], 1e-6, 1e-12);
    ck_assert_double_eq_tol(matrix[1], 0, 1e-12);
  }
  lathe_em_report_free(&report);
  lathe_mixture_free(&m);
  model.mixing.floor = 0; /* and without it, no sound mixture exists */
  ck_assert(!lathe_gmm_fit(&model, &state, N, points, NULL, 1, &m, &report, NULL, NULL, &err));
  ck_assert_msg(strstr(err.text, "floor") != NULL, "%s", err.text);
}
END_TEST

static const struct {
  const char *what, *message;
  int64_t n;
  double poison; /* put into point 7 */
  enum lathe_init init;
  int classes, dimensions; /* of the start; 0 classes: none is given */
} REFUSED[] = {
    {"too few points", "a mixture of 3 components cannot be fitted to 2 points", 2, 0,
     LATHE_INIT_KMEANS, 3, D},
    {"no points", "cannot be fitted to 0 points", 0, 0, LATHE_INIT_KMEANS, 3, D},
    {"nan", "the latent mean of point 7 is not a finite number", N, NAN, LATHE_INIT_KMEANS, 3, D},
    {"infinity", "the latent mean of point 7 is not a finite number", N, -INFINITY,
     LATHE_INIT_RANDOM, 3, D},
    {"no start", "starts from labelled points, and there are none", N, 0, LATHE_INIT_LABELLED, 0,
     D},
    {"dimensions", "have 3 dimensions and the others 2", N, 0, LATHE_INIT_LABELLED, 3, 3},
    {"classes",
     "are of 4 classes and the mixture has 3 components; raise `components` to 4 or more", N, 0,
     LATHE_INIT_LABELLED, 4, D},
};

START_TEST(refused)
{
  struct lathe_model model = a_model(REFUSED[_i].init, LATHE_FULL);
  struct lathe_state state = {.capacity = 1};
  double means[16] = {0};
  int64_t labels[4] = {0, 1, 2, 3};
  struct lathe_gmm_start start = {REFUSED[_i].classes, REFUSED[_i].dimensions, means, labels, NULL};
  struct lathe_mixture m;
  struct lathe_em_report report;
  struct lathe_error err;
  lathe_real points[N * D];
  three_clusters(points);
  points[7 * D + 1] += (lathe_real)REFUSED[_i].poison;
  ck_assert(!lathe_gmm_fit(&model, &state, REFUSED[_i].n, points,
                           REFUSED[_i].classes > 0 ? &start : NULL, 1, &m, &report, NULL, NULL,
                           &err));
  ck_assert_msg(strstr(err.text, REFUSED[_i].message) != NULL, "%s: %s", REFUSED[_i].what,
                err.text);
  ck_assert_ptr_null(m.weights);
  ck_assert_ptr_null(report.log_likelihoods);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("gmm recovery");
  TCase *cases = tcase_create("gmm recovery");
  tcase_add_loop_test(cases, lost_component_is_recovered, 0, KINDS);
  tcase_add_test(cases, recovery_by_hand);
  tcase_add_loop_test(cases, singular_component_is_recovered, 0, KINDS);
  tcase_add_loop_test(cases, recovery_is_no_convergence, 0, KINDS);
  tcase_add_loop_test(cases, hopeless_component_is_reported, 0, KINDS);
  tcase_add_loop_test(cases, points_all_alike, 0, 2 * KINDS);
  tcase_add_loop_test(cases, refused, 0, sizeof REFUSED / sizeof *REFUSED);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
