/* MSE and SSIM against scikit-image, and their sums over batches. */
#include "read_numbers.h"
#include "runtime/metrics.h"
#include "tolerances.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static lathe_real *read_pixels(FILE *in, int count)
{
  lathe_real *pixels = malloc((size_t)count * sizeof *pixels);
  for (int i = 0; i < count; i++) {
    double k;
    read_doubles(in, 1, &k);
    pixels[i] = (lathe_real)(k / 256);
  }
  return pixels;
}

START_TEST(as_scikit_image)
{
  FILE *in = open_numbers("tests/reference/metrics/ssim.txt");
  char name[32];
  int cases = 0, c, h, w;
  double range, expected[2], ssim;
  while (fscanf(in, "%31s %d %d %d %lf", name, &c, &h, &w, &range) == 5) {
    lathe_real *a = read_pixels(in, c * h * w), *b = read_pixels(in, c * h * w);
    read_doubles(in, 2, expected);
    ck_assert_msg(lathe_ssim(c, h, w, range, a, b, &ssim), "%s", name);
    ck_assert_double_eq_tol(lathe_mse(c * h * w, a, b), expected[0], MEASURES);
    ck_assert_msg(fabs(ssim - expected[1]) <= MEASURES, "%s: %.15g, not %.15g", name, ssim,
                  expected[1]);
    free(a);
    free(b);
    cases++;
  }
  ck_assert_int_eq(cases, 10);
  fclose(in);
}
END_TEST

static const struct {
  int channels, height, width;
  double range;
} UNDEFINED[] = {{1, 6, 7, 1}, {1, 7, 6, 1}, {0, 7, 7, 1}, {1, 0, 0, 1}, {1, 7, 7, 0}};

START_TEST(undefined_ssim)
{
  lathe_real pixels[49] = {0};
  double ssim = 5;
  ck_assert(!lathe_ssim(UNDEFINED[_i].channels, UNDEFINED[_i].height, UNDEFINED[_i].width,
                        UNDEFINED[_i].range, pixels, pixels, &ssim));
  ck_assert_double_eq(ssim, 5);
}
END_TEST

enum { N = 1200, SIDE = 8, SIZE = SIDE * SIDE };

static lathe_real *made_up(unsigned seed)
{
  lathe_real *values = malloc((size_t)N * SIZE * sizeof *values);
  for (int i = 0; i < N * SIZE; i++) {
    seed = seed * 1664525u + 1013904223u;
    values[i] = (lathe_real)(seed >> 16) / 65536;
  }
  return values;
}

START_TEST(sums_over_batches)
{
  const int shape[3] = {1, SIDE, SIDE};
  lathe_real *a = made_up(1), *b = made_up(2);
  double mse = 0, ssim = 0, one;
  for (int i = 0; i < N; i++) {
    mse += lathe_mse(SIZE, a + i * SIZE, b + i * SIZE);
    ck_assert(lathe_ssim(1, SIDE, SIDE, 1, a + i * SIZE, b + i * SIZE, &one));
    ssim += one;
  }
  struct lathe_similarity alone = {0}, pooled = {0}, batches = {0};
  struct lathe_pool *pool = lathe_pool_new(3);
  lathe_similarity_add(&alone, 3, shape, 1, N, a, b, NULL);
  lathe_similarity_add(&pooled, 3, shape, 1, N, a, b, pool);
  for (int i = 0; i < N; i += 7)
    lathe_similarity_add(&batches, 3, shape, 1, N - i < 7 ? N - i : 7, a + i * SIZE, b + i * SIZE,
                         pool);
  lathe_pool_free(pool);
  ck_assert(alone.squared_error == pooled.squared_error && alone.ssim == pooled.ssim);
  ck_assert_int_eq(batches.images, N);
  ck_assert(!alone.ssim_undefined && !pooled.ssim_undefined && !batches.ssim_undefined);
  struct lathe_similarity *all[] = {&alone, &pooled, &batches};
  for (int i = 0; i < 3; i++) {
    ck_assert_double_eq_tol(lathe_similarity_mse(all[i]), mse / N, 1e-13);
    ck_assert(lathe_similarity_ssim(all[i], &one));
    ck_assert_double_eq_tol(one, ssim / N, 1e-13);
  }
  free(a);
  free(b);
}
END_TEST

START_TEST(sums_without_ssim)
{
  lathe_real a[12] = {0}, b[12] = {1, 1, 1};
  double ssim = 5;
  struct lathe_similarity sums = {0};
  ck_assert_double_eq(lathe_similarity_mse(&sums), 0);
  ck_assert(!lathe_similarity_ssim(&sums, &ssim));
  lathe_similarity_add(&sums, 1, (const int[3]){6}, 1, 2, a, b, NULL);
  ck_assert_double_eq_tol(lathe_similarity_mse(&sums), 0.25, 1e-15);
  ck_assert(!lathe_similarity_ssim(&sums, &ssim));
  sums = (struct lathe_similarity){0};
  lathe_similarity_add(&sums, 3, (const int[3]){1, 3, 4}, 1, 1, a, b, NULL);
  ck_assert_double_eq_tol(lathe_similarity_mse(&sums), 0.25, 1e-15);
  ck_assert(!lathe_similarity_ssim(&sums, &ssim));
  ck_assert_double_eq(ssim, 5);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("metrics");
  TCase *cases = tcase_create("metrics");
  tcase_add_test(cases, as_scikit_image);
  tcase_add_loop_test(cases, undefined_ssim, 0, sizeof UNDEFINED / sizeof *UNDEFINED);
  tcase_add_test(cases, sums_over_batches);
  tcase_add_test(cases, sums_without_ssim);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
