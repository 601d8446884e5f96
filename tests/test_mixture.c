/* The mixture's memory, its density, and the names of its components. */
#include "runtime/density.h"
#include "runtime/gmm_parts.h"
#include "runtime/philox.h"
#include <check.h>
#include <math.h>
#include <string.h>

enum { KINDS = 4 };

static const enum lathe_covariance ALL_KINDS[KINDS] = {LATHE_FULL, LATHE_DIAG, LATHE_TIED,
                                                       LATHE_SPHERICAL};

START_TEST(mixtures)
{
  static const size_t COUNTS[KINDS] = {18, 6, 9, 2};
  struct lathe_mixture m, copy;
  double matrix[9];
  ck_assert(lathe_mixture_new(&m, 2, 3, ALL_KINDS[_i], NULL));
  ck_assert_uint_eq(lathe_covariance_count(ALL_KINDS[_i], 2, 3), COUNTS[_i]);
  for (int k = 0; k < 2; k++) {
    ck_assert(m.weights[k] == 0.5 && m.labels[k] == -1);
    lathe_covariance_matrix(&m, k, matrix);
    for (int i = 0; i < 9; i++)
      ck_assert(matrix[i] == (i % 4 == 0));
  }
  for (size_t i = 0; i < COUNTS[_i]; i++)
    m.covariances[i] = (double)i;
  m.means[5] = 3;
  m.weights[1] = 0.25;
  m.labels[1] = 8;
  ck_assert(lathe_mixture_new(&copy, 2, 3, ALL_KINDS[_i], NULL));
  lathe_mixture_copy(&copy, &m);
  ck_assert_mem_eq(copy.covariances, m.covariances, COUNTS[_i] * sizeof(double));
  ck_assert(copy.means[5] == 3 && copy.weights[1] == 0.25 && copy.labels[1] == 8);
  lathe_mixture_free(&m);
  lathe_mixture_free(&copy);
  lathe_mixture_free(&copy);
  ck_assert_ptr_null(copy.weights);
}
END_TEST

/* The density of two components by hand. */
START_TEST(density_by_hand)
{
  struct lathe_mixture m;
  struct lathe_density density;
  ck_assert(lathe_mixture_new(&m, 2, 1, LATHE_SPHERICAL, NULL));
  m.means[1] = 2;
  m.covariances[1] = 4;
  m.weights[0] = 0.25;
  m.weights[1] = 0.75;
  ck_assert(lathe_density_new(&density, &m, NULL, NULL));
  double a = 0.25 * exp(-0.5) / sqrt(2 * acos(-1)), b = 0.75 * exp(-0.125) / sqrt(8 * acos(-1));
  double posterior[2], x = 1;
  ck_assert_double_eq_tol(lathe_density_at(&density, &x, NULL), log(a + b), 1e-14);
  ck_assert_double_eq_tol(lathe_density_at(&density, &x, posterior), log(a + b), 1e-14);
  ck_assert_double_eq_tol(posterior[0], a / (a + b), 1e-14);
  ck_assert_double_eq_tol(posterior[1], b / (a + b), 1e-14);
  x = 1e5; /* both densities underflow */
  ck_assert(isfinite(lathe_density_at(&density, &x, posterior)));
  ck_assert_double_eq_tol(posterior[1], 1, 1e-14);
  x = 1e300; /* and here even their logarithms overflow */
  ck_assert(lathe_density_at(&density, &x, posterior) == -INFINITY);
  ck_assert(posterior[0] == 0.5 && posterior[1] == 0.5);
  lathe_density_free(&density);
  int bad = 0;
  m.covariances[1] = 0;
  ck_assert(!lathe_density_new(&density, &m, &bad, NULL));
  ck_assert_int_eq(bad, 1);
  lathe_mixture_free(&m);
}
END_TEST

static void names(const struct lathe_mixture *m, int64_t n, const lathe_real *points,
                  const int64_t *labels, const int64_t *expected)
{
  struct lathe_mixture named;
  ck_assert(lathe_mixture_new(&named, m->components, m->dimensions, m->covariance, NULL));
  lathe_mixture_copy(&named, m);
  ck_assert(lathe_gmm_name_components(&named, n, points, labels, NULL));
  for (int k = 0; k < m->components; k++)
    ck_assert_int_eq(named.labels[k], expected[k]);
  lathe_mixture_free(&named);
}

START_TEST(names_of_components)
{
  struct lathe_mixture m;
  ck_assert(lathe_mixture_new(&m, 3, 1, LATHE_DIAG, NULL));
  m.means[1] = 5;
  m.means[2] = 10;
  const lathe_real points[] = {(lathe_real)9.5, (lathe_real)0.5, 5, 10, (lathe_real)2.4, 3};
  names(&m, 4, points, (int64_t[]){8, 1, 4, 8}, (int64_t[]){1, 4, 8});
  /* fewer classes than components: two share one */
  names(&m, 4, points, (int64_t[]){8, 1, 8, 8}, (int64_t[]){1, 8, 8});
  /* more classes than components: class 7's two have more posterior in the middle than 4's one */
  names(&m, 6, points, (int64_t[]){8, 1, 4, 8, 7, 7}, (int64_t[]){1, 7, 8});
  /* both 2.4 and 0.5 lie in component 0, yet one to one gives class 2 the middle one */
  const lathe_real crowded[] = {(lathe_real)0.5, (lathe_real)2.4, 10};
  names(&m, 3, crowded, (int64_t[]){1, 2, 3}, (int64_t[]){1, 2, 3});
  names(&m, 0, NULL, NULL, (int64_t[]){-1, -1, -1});
  /* a component whose posterior is nothing at all stays without a name */
  m.means[2] = 1e4;
  names(&m, 2, points + 1, (int64_t[]){1, 4}, (int64_t[]){1, 4, -1});
  lathe_mixture_free(&m);
}
END_TEST

START_TEST(names_are_kept_or_not)
{
  const double posterior[] = {0.9, 0.1, 0, 0.2, 0.1, 0.7};
  const int64_t labels[] = {1, 8};
  struct lathe_mixture m;
  ck_assert(lathe_mixture_new(&m, 3, 1, LATHE_DIAG, NULL));
  m.labels[1] = 8;
  m.labels[2] = 1;
  ck_assert(lathe_gmm_assign_labels(&m, 2, posterior, labels, true, NULL));
  ck_assert(m.labels[0] == 1 && m.labels[1] == 8 && m.labels[2] == 1);
  ck_assert(lathe_gmm_assign_labels(&m, 2, posterior, labels, false, NULL));
  ck_assert(m.labels[0] == 1 && m.labels[1] == 1 && m.labels[2] == 8);
  lathe_mixture_free(&m);
}
END_TEST

static double total_of(const double *posterior, const int *order)
{
  double total = 0;
  for (int i = 0; i < 5; i++)
    total += posterior[i * 5 + order[i]];
  return total;
}

static double best_total(const double *posterior, int *order, int fixed)
{
  double best = -INFINITY;
  if (fixed == 5)
    return total_of(posterior, order);
  for (int i = fixed; i < 5; i++) {
    int swap = order[fixed];
    order[fixed] = order[i];
    order[i] = swap;
    best = fmax(best, best_total(posterior, order, fixed + 1));
    order[i] = order[fixed];
    order[fixed] = swap;
  }
  return best;
}

/* One point of each of 5 classes, posteriors at random: against all 120 assignments. */
START_TEST(names_against_all_assignments)
{
  struct lathe_mixture m;
  ck_assert(lathe_mixture_new(&m, 5, 1, LATHE_DIAG, NULL));
  const int64_t labels[5] = {0, 1, 2, 3, 4};
  for (int trial = 0; trial < 200; trial++) {
    double posterior[25];
    int order[5] = {0, 1, 2, 3, 4}, component_of[5];
    for (int i = 0; i < 25; i++) {
      double u = lathe_random_uniform(2, LATHE_RANDOM_BENCH, (uint64_t)trial, (uint64_t)i);
      posterior[i] = trial % 2 ? u : floor(4 * u); /* with ties too */
    }
    ck_assert(lathe_gmm_assign_labels(&m, 5, posterior, labels, false, NULL));
    for (int i = 0; i < 5; i++)
      component_of[i] = -1;
    for (int k = 0; k < 5; k++)
      component_of[m.labels[k]] = k;
    for (int i = 0; i < 5; i++)
      ck_assert_int_ge(component_of[i], 0);
    ck_assert_double_eq_tol(total_of(posterior, component_of), best_total(posterior, order, 0),
                            1e-12);
  }
  lathe_mixture_free(&m);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("mixture");
  TCase *cases = tcase_create("mixture");
  tcase_add_loop_test(cases, mixtures, 0, KINDS);
  tcase_add_test(cases, density_by_hand);
  tcase_add_test(cases, names_of_components);
  tcase_add_test(cases, names_are_kept_or_not);
  tcase_add_test(cases, names_against_all_assignments);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
