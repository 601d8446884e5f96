/* Products and packing against the plain loops that define them, in shapes of all kinds. */
#include "runtime/dots.h"
#include "runtime/pack.h"
#include "runtime/sum_rows.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

static lathe_real *numbers(size_t count, uint64_t seed)
{
  lathe_real *values = malloc(count * sizeof *values);
  for (size_t i = 0; i < count; i++) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    values[i] = (lathe_real)((double)(seed >> 40) / (1 << 23) - 1);
  }
  return values;
}

static const struct shape {
  int m, n, k;
} shapes[] = {
    {1, 1, 1},   {1, 32, 7},   {2, 31, 5},   {3, 33, 16},  {5, 16, 16}, {6, 17, 4},   {7, 64, 3},
    {13, 48, 9}, {14, 15, 20}, {15, 20, 31}, {28, 10, 64}, {29, 96, 2}, {64, 40, 33}, {100, 3, 50},
    {31, 8, 8},  {9, 4, 17},   {12, 24, 32}, {8, 2, 2},    {17, 63, 1}, {11, 12, 13},
};

/* The chain of multiply-adds of one element is the same on every machine but for whether each step
 * rounds once or twice. */
static void check(const char *form, const struct shape *s, const lathe_real *got,
                  const double *expected, double scale)
{
  for (int i = 0; i < s->m * s->n; i++)
    ck_assert_msg(got[i] - expected[i] < scale && expected[i] - got[i] < scale,
                  "%s %d x %d x %d: element %d is %.9g, not %.9g", form, s->m, s->n, s->k, i,
                  (double)got[i], expected[i]);
}

START_TEST(product_is_its_definition)
{
  const struct shape *s = &shapes[_i];
  size_t m = (size_t)s->m, n = (size_t)s->n, k = (size_t)s->k;
  lathe_real *a = numbers(m * k, 1), *b = numbers(k * n, 2), *c = numbers(m * n, 3);
  lathe_real *a_t = malloc(m * k * sizeof *a), *b_t = malloc(k * n * sizeof *b);
  double *expected = malloc(m * n * sizeof *expected), *sum = malloc(m * n * sizeof *sum);
  lathe_real *packed = malloc(LATHE_PACKED(k, n) * sizeof *packed);
  for (size_t i = 0; i < m; i++)
    for (size_t p = 0; p < k; p++)
      a_t[p * m + i] = a[i * k + p];
  for (size_t p = 0; p < k; p++)
    for (size_t j = 0; j < n; j++)
      b_t[j * k + p] = b[p * n + j];
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      expected[i * n + j] = 0;
      for (size_t p = 0; p < k; p++)
        expected[i * n + j] += (double)a[i * k + p] * (double)b[p * n + j];
      sum[i * n + j] = (double)c[i * n + j] + expected[i * n + j];
    }
  const double scale = s->k * (sizeof(lathe_real) == 4 ? 2e-7 : 4e-16);
  const struct lathe_rows rows = {a, s->k, 1}, columns = {a_t, 1, s->m};

  lathe_product(s->m, s->n, s->k, rows, lathe_pack(s->k, s->n, b, s->n, packed), 1, c, s->n);
  check("added", s, c, sum, scale);
  lathe_product(s->m, s->n, s->k, rows, lathe_pack(s->k, s->n, b, s->n, packed), 0, c, s->n);
  check("packed", s, c, expected, scale);
  for (size_t i = 0; i < m * n; i++)
    c[i] = 7;
  lathe_product(s->m, s->n, s->k, columns, lathe_pack_transposed(s->k, s->n, b_t, s->k, packed), 0,
                c, s->n);
  check("transposed", s, c, expected, scale);
  for (size_t i = 0; i < m * n; i++)
    c[i] = 7;
  lathe_dots(s->m, s->n, s->k, a, s->k, b_t, s->k, c, s->n);
  check("dots", s, c, expected, scale);
  if (s->n % LATHE_PANEL == 0) {
    lathe_product(s->m, s->n, s->k, rows, (struct lathe_panels){b, LATHE_PANEL, s->n}, 0, c, s->n);
    check("in place", s, c, expected, scale);
  }
  for (size_t i = 0; i < m * n; i++)
    c[i] = 7;
  lathe_sum_rows(s->m, s->n, s->k, a, s->k, b, s->n, c, s->n);
  check("sums of rows", s, c, expected, scale);
  free(a), free(b), free(c), free(a_t), free(b_t), free(expected), free(sum), free(packed);
}
END_TEST

/* Rows that meet a 0 are not read, and what comes out has the bits of the product in blocks. */
START_TEST(sums_leave_rows_out)
{
  enum { N = 48, K = 300 };
  lathe_real *a = numbers(K, 1), *b = numbers((size_t)K * N, 2), sum[N], product[N];
  for (int left_out = 2; left_out <= K; left_out *= 3) {
    lathe_real *some = malloc(K * sizeof *some), *poisoned = malloc((size_t)K * N * sizeof *b);
    for (int i = 0; i < K; i++) {
      const int zero = i % left_out != left_out / 2;
      some[i] = zero ? 0 : a[i];
      for (int j = 0; j < N; j++)
        poisoned[i * N + j] = zero ? (lathe_real)NAN : b[i * N + j];
    }
    lathe_sum_rows(1, N, K, some, K, poisoned, N, sum, N);
    lathe_product(1, N, K, (struct lathe_rows){some, K, 1},
                  (struct lathe_panels){b, LATHE_PANEL, N}, 0, product, N);
    for (int j = 0; j < N; j++)
      ck_assert_msg(sum[j] == product[j], "%d: %.9g, not %.9g", left_out, (double)sum[j],
                    (double)product[j]);
    free(some), free(poisoned);
  }
  free(a), free(b);
}
END_TEST

/* Whichever way an operand is packed, and whatever the panels before held. */
START_TEST(packing_fills_up_with_zeros)
{
  const struct shape *s = &shapes[_i];
  size_t n = (size_t)s->n, k = (size_t)s->k, room = LATHE_PACKED(k, n);
  lathe_real *b = numbers(k * n, 4), *b_t = malloc(k * n * sizeof *b);
  for (size_t p = 0; p < k; p++)
    for (size_t j = 0; j < n; j++)
      b_t[j * k + p] = b[p * n + j];
  lathe_real *one = numbers(room, 5), *other = numbers(room, 6);
  lathe_pack(s->k, s->n, b, s->n, one);
  lathe_pack_transposed(s->k, s->n, b_t, s->k, other);
  size_t panels = (n + LATHE_PANEL - 1) / LATHE_PANEL;
  ck_assert_uint_le(panels * k * LATHE_PANEL, room);
  for (size_t j = 0; j < panels * LATHE_PANEL; j++)
    for (size_t p = 0; p < k; p++) {
      size_t at = j / LATHE_PANEL * k * LATHE_PANEL + p * LATHE_PANEL + j % LATHE_PANEL;
      lathe_real expected = j < n ? b[p * n + j] : 0;
      ck_assert_msg(one[at] == expected, "%zu, %zu is %g", p, j, (double)one[at]);
      ck_assert_msg(other[at] == expected, "transposed: %zu, %zu is %g", p, j, (double)other[at]);
    }
  free(b), free(b_t), free(one), free(other);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("product");
  TCase *tc = tcase_create("product");
  const int count = sizeof shapes / sizeof *shapes;
  tcase_add_loop_test(tc, product_is_its_definition, 0, count);
  tcase_add_test(tc, sums_leave_rows_out);
  tcase_add_loop_test(tc, packing_fills_up_with_zeros, 0, count);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
