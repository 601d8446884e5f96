/* Small dense algebra: by its identities, by known answers, and what it refuses. */
#include "runtime/linalg.h"
#include "runtime/philox.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 24 };

static void random_matrix(int n, uint64_t step, double *a)
{
  lathe_random_normal_double(1, LATHE_RANDOM_BENCH, step, 0, n * n, a);
}

/* A = B B' + n I / 100 */
static void random_definite(int n, double *a)
{
  double b[MOST * MOST];
  random_matrix(n, (uint64_t)n, b);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      a[i * n + j] = i == j ? 0.01 * n : 0;
      for (int k = 0; k < n; k++)
        a[i * n + j] += b[i * n + k] * b[j * n + k];
    }
}

START_TEST(cholesky_and_solves)
{
  int n = 1 + _i;
  double a[MOST * MOST] = {0}, l[MOST * MOST], x[MOST], b[MOST];
  random_definite(n, a);
  memcpy(l, a, sizeof a);
  for (int i = 0; i < n; i++)
    for (int j = i + 1; j < n; j++)
      l[i * n + j] = NAN; /* only the lower triangle counts */
  ck_assert_int_eq(lathe_cholesky(n, l), 0);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int k = 0; k < n; k++)
        sum += l[i * n + k] * l[j * n + k];
      ck_assert_double_eq_tol(sum, a[i * n + j], 1e-12 * n);
      ck_assert(j <= i || l[i * n + j] == 0);
    }
  for (int i = 0; i < n; i++)
    b[i] = x[i] = i - 1.5;
  lathe_solve_lower(n, l, x);
  lathe_solve_lower_transposed(n, l, x);
  for (int i = 0; i < n; i++) {
    double sum = 0;
    for (int j = 0; j < n; j++)
      sum += a[i * n + j] * x[j];
    ck_assert_double_eq_tol(sum, b[i], 1e-9);
  }
}
END_TEST

START_TEST(log_determinant)
{
  double a[9] = {4, 0, 0, 2, 10, 0, -2, 5, 21};
  ck_assert_int_eq(lathe_cholesky(3, a), 0);
  /* 4 (10 21 - 25) - 2 (2 21 + 10) + (-2) (10 + 20) = 740 - 104 - 60 */
  ck_assert_double_eq_tol(lathe_cholesky_log_det(3, a), log(576), 1e-14);
}
END_TEST

static const struct {
  double a[9];
  int failed;
} NOT_DEFINITE[] = {
    {{0, 0, 0, 0, 1, 0, 0, 0, 1}, 1},        {{1, 0, 0, 1, 1, 0, 0, 0, 1}, 2},
    {{1, 0, 0, 0, 1, 0, 0, 2, 1}, 3},        {{1, 0, 0, 0, -1, 0, 0, 0, 1}, 2},
    {{NAN, 0, 0, 0, 1, 0, 0, 0, 1}, 1},      {{1, 0, 0, NAN, 1, 0, 0, 0, 1}, 2},
    {{1, 0, 0, 0, 1, 0, 0, 0, INFINITY}, 3},
};

START_TEST(not_positive_definite)
{
  double a[9];
  memcpy(a, NOT_DEFINITE[_i].a, sizeof a);
  ck_assert_int_eq(lathe_cholesky(3, a), NOT_DEFINITE[_i].failed);
}
END_TEST

START_TEST(eigen_decomposition)
{
  int n = 1 + _i;
  double a[MOST * MOST], spoilt[MOST * MOST], values[MOST], vectors[MOST * MOST];
  random_matrix(n, 77, a);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < i; j++)
      a[i * n + j] = a[j * n + i];
  memcpy(spoilt, a, sizeof a);
  lathe_eigen_symmetric(n, spoilt, values, vectors);
  for (int i = 0; i < n; i++) {
    ck_assert(i == 0 || values[i] <= values[i - 1]);
    double greatest = 0;
    for (int k = 0; k < n; k++) {
      double product = 0, inner = 0;
      for (int j = 0; j < n; j++) {
        product += a[k * n + j] * vectors[i * n + j];
        inner += vectors[k * n + j] * vectors[i * n + j];
      }
      ck_assert_double_eq_tol(product, values[i] * vectors[i * n + k], 1e-12);
      ck_assert_double_eq_tol(inner, i == k, 1e-13);
      if (fabs(vectors[i * n + k]) > fabs(greatest))
        greatest = vectors[i * n + k];
    }
    ck_assert_double_gt(greatest, 0);
  }
}
END_TEST

/* The second difference: eigenvalues 2 - 2 cos(k pi / (n + 1)). */
START_TEST(known_eigenvalues)
{
  enum { N = 12 };
  double a[N * N] = {0}, values[N], vectors[N * N];
  for (int i = 0; i < N; i++) {
    a[i * N + i] = 2;
    if (i > 0)
      a[i * N + i - 1] = a[(i - 1) * N + i] = -1;
  }
  lathe_eigen_symmetric(N, a, values, vectors);
  for (int k = 0; k < N; k++)
    ck_assert_double_eq_tol(values[k], 2 - 2 * cos((N - k) * acos(-1) / (N + 1)), 1e-13);
}
END_TEST

START_TEST(eigen_of_zero_and_diagonal)
{
  double zero[9] = {0}, diagonal[9] = {1, 0, 0, 0, 3, 0, 0, 0, -2}, values[3], vectors[9];
  lathe_eigen_symmetric(3, zero, values, vectors);
  ck_assert(values[0] == 0 && values[1] == 0 && values[2] == 0);
  lathe_eigen_symmetric(3, diagonal, values, vectors);
  ck_assert(values[0] == 3 && values[1] == 1 && values[2] == -2);
  ck_assert(vectors[1] == 1 && vectors[3] == 1 && vectors[8] == 1);
}
END_TEST

START_TEST(moments)
{
  enum { N = 3000, D = 5 };
  lathe_real *x = malloc(N * D * sizeof *x);
  double mean[D], covariance[D * D], pooled_mean[D], pooled[D * D];
  lathe_random_normal(2, LATHE_RANDOM_BENCH, 0, 0, N * D, x);
  for (int i = 0; i < N; i++)
    x[i * D + 1] += 3 * x[i * D] + 100;
  struct lathe_pool *pool = lathe_pool_new(3);
  lathe_moments(N, D, x, mean, covariance, NULL);
  lathe_moments(N, D, x, pooled_mean, pooled, pool);
  lathe_pool_free(pool);
  ck_assert_mem_eq(mean, pooled_mean, sizeof mean);
  ck_assert_mem_eq(covariance, pooled, sizeof pooled);
  for (int j = 0; j < D; j++)
    for (int k = 0; k < D; k++) {
      double sum = 0;
      for (int i = 0; i < N; i++)
        sum += ((double)x[i * D + j] - mean[j]) * ((double)x[i * D + k] - mean[k]);
      ck_assert_double_eq_tol(covariance[j * D + k], sum / N, 1e-11);
    }
  ck_assert_double_eq_tol(mean[1], 100, 0.3);
  ck_assert_double_eq_tol(covariance[1], 3, 0.3);
  free(x);
}
END_TEST

/* Points along (3, 4) / 5 with spread 2 and across it with spread 0.5. */
START_TEST(principal_components)
{
  enum { N = 400 };
  lathe_real x[N * 2];
  for (int i = 0; i < N; i++) {
    double along = 2 * sqrt(2) * cos(i * 2 * acos(-1) / N);
    double across = 0.5 * sqrt(2) * sin(i * 2 * acos(-1) / N);
    x[2 * i] = (lathe_real)(1 + (3 * along - 4 * across) / 5);
    x[2 * i + 1] = (lathe_real)(-2 + (4 * along + 3 * across) / 5);
  }
  struct lathe_pca pca;
  ck_assert(lathe_pca_new(&pca, N, 2, x, 2, NULL, NULL));
  const double axes[4] = {0.6, 0.8, 0.8, -0.6};
  for (int i = 0; i < 4; i++)
    ck_assert_double_eq_tol(pca.axes[i], axes[i], 1e-6);
  ck_assert_double_eq_tol(pca.variances[0], 4, 1e-5);
  ck_assert_double_eq_tol(pca.variances[1], 0.25, 1e-6);
  ck_assert_double_eq_tol(pca.mean[0], 1, 1e-6);
  ck_assert_double_eq_tol(pca.mean[1], -2, 1e-6);

  double at[2], projected[4];
  lathe_pca_project(&pca, (double[]){1 + 0.6 * 5 + 0.8, -2 + 0.8 * 5 - 0.6}, at);
  ck_assert_double_eq_tol(at[0], 5, 1e-5);
  ck_assert_double_eq_tol(at[1], 1, 1e-5);
  lathe_pca_project_covariance(&pca, (double[]){1.6, 1.8, 1.8, 2.65}, projected);
  ck_assert_double_eq_tol(projected[0], 0.36 * 1.6 + 2 * 0.48 * 1.8 + 0.64 * 2.65, 1e-5);
  ck_assert_double_eq_tol(projected[1], 0.48 * 1.6 + (-0.36 + 0.64) * 1.8 - 0.48 * 2.65, 1e-5);
  ck_assert_double_eq_tol(projected[2], projected[1], 1e-12);
  ck_assert_double_eq_tol(projected[3], 0.64 * 1.6 - 2 * 0.48 * 1.8 + 0.36 * 2.65, 1e-5);
  lathe_pca_free(&pca);
  ck_assert_ptr_null(pca.axes);

  ck_assert(lathe_pca_new(&pca, N, 2, x, 1, NULL, NULL)); /* fewer axes than dimensions */
  lathe_pca_project(&pca, (double[]){1 + 0.6 * 5, -2 + 0.8 * 5}, at);
  ck_assert_double_eq_tol(at[0], 5, 1e-5);
  lathe_pca_free(&pca);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("linalg");
  TCase *cases = tcase_create("linalg");
  tcase_add_loop_test(cases, cholesky_and_solves, 0, MOST);
  tcase_add_test(cases, log_determinant);
  tcase_add_loop_test(cases, not_positive_definite, 0, sizeof NOT_DEFINITE / sizeof *NOT_DEFINITE);
  tcase_add_loop_test(cases, eigen_decomposition, 0, MOST);
  tcase_add_test(cases, known_eigenvalues);
  tcase_add_test(cases, eigen_of_zero_and_diagonal);
  tcase_add_test(cases, moments);
  tcase_add_test(cases, principal_components);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
