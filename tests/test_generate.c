/* New latents: normal quantiles, draws from a mixture and from the prior, the manifold's grid. */
#include "runtime/generate.h"
#include "runtime/gmm.h"
#include "runtime/manifold.h"
#include "runtime/quantile.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

/* Values given with algorithm AS 241, and symmetric ones. */
START_TEST(quantiles_as_published)
{
  static const struct {
    double p, x;
  } cases[] = {
      {0.25, -0.6744897501960817},
      {0.001, -3.090232306167814},
      {1e-20, -9.262340089798408},
      {0.75, 0.6744897501960817},
      {0.5, 0},
      {0.975, 1.959963984540054},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    ck_assert_double_eq_tol(lathe_normal_quantile(cases[i].p), cases[i].x, 1e-14);
  ck_assert(isinf(lathe_normal_quantile(0)) && isinf(lathe_normal_quantile(1)));
  ck_assert_double_lt(lathe_normal_quantile(0), 0);
  ck_assert(isnan(lathe_normal_quantile(-0.1)) && isnan(lathe_normal_quantile(1.1)));
  ck_assert(isnan(lathe_normal_quantile(NAN)));
}
END_TEST

START_TEST(quantiles_invert_the_distribution)
{
  for (int i = 1; i < 2000; i++) {
    double p = i / 2000.0, x = lathe_normal_quantile(p);
    ck_assert_double_eq_tol(erfc(-x / sqrt(2)) / 2, p, 1e-14);
  }
}
END_TEST

/* Three components of unequal weights in two dimensions. */
static struct lathe_mixture three_components(void)
{
  static const double weights[] = {0.25, 0.6, 0.15};
  static const double means[] = {-10, 0, 10, 5, 0, -10};
  static const double covariances[] = {1, 0.5, 0.5, 2, 0.25, 0, 0, 0.25, 0.5, -0.2, -0.2, 0.25};
  struct lathe_mixture mixture;
  ck_assert(lathe_mixture_new(&mixture, 3, 2, LATHE_FULL, NULL));
  for (int i = 0; i < 3; i++)
    mixture.weights[i] = weights[i];
  for (int i = 0; i < 6; i++)
    mixture.means[i] = means[i];
  for (int i = 0; i < 12; i++)
    mixture.covariances[i] = covariances[i];
  return mixture;
}

/* The moments of many draws are the mixture's. */
START_TEST(draws_have_the_mixtures_moments)
{
  enum { N = 40000 };
  struct lathe_mixture mixture = three_components();
  lathe_real *latents = malloc(2 * N * sizeof *latents);
  int64_t *cluster = malloc(N * sizeof *cluster);
  ck_assert(lathe_draw_mixture(&mixture, -1, N, 5, latents, cluster, NULL));
  for (int k = 0; k < 3; k++) {
    double n = 0, sum[2] = {0}, square[3] = {0};
    for (int i = 0; i < N; i++) {
      if (cluster[i] != k)
        continue;
      double a = (double)latents[2 * i] - mixture.means[2 * k];
      double b = (double)latents[2 * i + 1] - mixture.means[2 * k + 1];
      n++;
      sum[0] += a;
      sum[1] += b;
      square[0] += a * a;
      square[1] += a * b;
      square[2] += b * b;
    }
    const double *covariance = mixture.covariances + 4 * k;
    ck_assert_double_eq_tol(n / N, mixture.weights[k], 0.01);
    ck_assert_double_eq_tol(sum[0] / n, 0, 0.04);
    ck_assert_double_eq_tol(sum[1] / n, 0, 0.05);
    ck_assert_double_eq_tol(square[0] / n, covariance[0], 0.06);
    ck_assert_double_eq_tol(square[1] / n, covariance[1], 0.06);
    ck_assert_double_eq_tol(square[2] / n, covariance[3], 0.12);
  }
  free(latents);
  free(cluster);
  lathe_mixture_free(&mixture);
}
END_TEST

/* The first draws do not depend on how many there are, and one component gives its own alone. */
START_TEST(draws_are_a_sequence)
{
  enum { N = 50 };
  struct lathe_mixture mixture = three_components();
  lathe_real few[2 * N], many[4 * N];
  int64_t cluster[2 * N];
  ck_assert(lathe_draw_mixture(&mixture, -1, N, 1, few, cluster, NULL));
  ck_assert(lathe_draw_mixture(&mixture, -1, 2 * N, 1, many, cluster, NULL));
  for (int i = 0; i < 2 * N; i++)
    ck_assert(few[i] == many[i]);
  ck_assert(lathe_draw_mixture(&mixture, 0, N, 1, few, cluster, NULL));
  for (int i = 0; i < N; i++)
    ck_assert(cluster[i] == 0 && few[2 * i] < -4);
  lathe_draw_prior(N, 2, 1, few);
  lathe_draw_prior(2 * N, 2, 1, many);
  for (int i = 0; i < 2 * N; i++)
    ck_assert(few[i] == many[i]);
  lathe_mixture_free(&mixture);
}
END_TEST

START_TEST(bad_covariance_is_refused)
{
  struct lathe_mixture mixture = three_components();
  struct lathe_error err = {""};
  lathe_real latents[2];
  int64_t cluster[1];
  mixture.covariances[0] = -1;
  ck_assert(!lathe_draw_mixture(&mixture, -1, 1, 0, latents, cluster, &err));
  ck_assert_str_ne(err.text, "");
  lathe_mixture_free(&mixture);
}
END_TEST

/* Across the first coordinate, down the second, both rising. */
START_TEST(manifold_runs_across_and_down)
{
  lathe_real z[2 * 9];
  lathe_manifold_latents(3, 0.05, 0.95, z);
  double side = lathe_normal_quantile(0.95);
  for (int row = 0; row < 3; row++)
    for (int column = 0; column < 3; column++) {
      const lathe_real *latent = z + 2 * (3 * row + column);
      ck_assert_double_eq_tol((double)latent[0], (column - 1) * side, 1e-6);
      ck_assert_double_eq_tol((double)latent[1], (row - 1) * side, 1e-6);
    }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("generate");
  TCase *tests = tcase_create("latents");
  tcase_add_test(tests, quantiles_as_published);
  tcase_add_test(tests, quantiles_invert_the_distribution);
  tcase_add_test(tests, draws_have_the_mixtures_moments);
  tcase_add_test(tests, draws_are_a_sequence);
  tcase_add_test(tests, bad_covariance_is_refused);
  tcase_add_test(tests, manifold_runs_across_and_down);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
