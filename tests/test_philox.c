/* The generator against its published vectors, and what is drawn from it. */
#include "runtime/philox.h"
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Random123's tests/kat_vectors, the three of philox4x32 10. */
static const struct {
  uint32_t counter[4], key[2], out[4];
} PUBLISHED[] = {
    {{0}, {0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

START_TEST(published_vectors)
{
  uint32_t out[4];
  lathe_philox4x32(PUBLISHED[_i].counter, PUBLISHED[_i].key, out);
  ck_assert_mem_eq(out, PUBLISHED[_i].out, sizeof out);
}
END_TEST

START_TEST(counter_layout)
{
  uint32_t counter[4] = {0x89abcdef, 0x01234567, 0x55667788, 0x03223344}, out[4], expected[4];
  uint32_t key[2] = {0xddccbbaa, 0x11ffee00};
  lathe_philox4x32(counter, key, expected);
  lathe_random_u32x4(0x11ffee00ddccbbaa, LATHE_RANDOM_NOISE, 0x22334455667788, 0x0123456789abcdef,
                     out);
  ck_assert_mem_eq(out, expected, sizeof out);
}
END_TEST

START_TEST(sequences_differ)
{
  double a = lathe_random_uniform(1, LATHE_RANDOM_NOISE, 5, 9);
  ck_assert(a == lathe_random_uniform(1, LATHE_RANDOM_NOISE, 5, 9));
  ck_assert(a != lathe_random_uniform(2, LATHE_RANDOM_NOISE, 5, 9));
  ck_assert(a != lathe_random_uniform(1, LATHE_RANDOM_SPLIT, 5, 9));
  ck_assert(a != lathe_random_uniform(1, LATHE_RANDOM_NOISE, 6, 9));
  ck_assert(a != lathe_random_uniform(1, LATHE_RANDOM_NOISE, 5, 8));
}
END_TEST

/* Many at once are the same as one by one, wherever they begin and end. */
START_TEST(uniforms_are_the_sequence)
{
  enum { MOST = 37 };
  double out[MOST + 1];
  for (uint64_t first = 0; first < 20; first++)
    for (int n = 0; n <= MOST; n++) {
      out[n] = -1;
      lathe_random_uniforms(7, LATHE_RANDOM_INIT, 2, first, n, out);
      for (int i = 0; i < n; i++)
        ck_assert(out[i] == lathe_random_uniform(7, LATHE_RANDOM_INIT, 2, first + (uint64_t)i));
      ck_assert(out[n] == -1);
    }
}
END_TEST

START_TEST(uniform_moments)
{
  enum { N = 100000 };
  double sum = 0, squares = 0, product = 0, before = 0.5;
  for (int i = 0; i < N; i++) {
    double u = lathe_random_uniform(3, LATHE_RANDOM_BENCH, 0, (uint64_t)i);
    ck_assert(u >= 0 && u < 1);
    sum += u;
    squares += u * u;
    product += (u - 0.5) * (before - 0.5);
    before = u;
  }
  ck_assert_double_eq_tol(sum / N, 0.5, 4e-3);
  ck_assert_double_eq_tol(squares / N, 1.0 / 3, 4e-3);
  ck_assert_double_eq_tol(product / N, 0, 1.2e-3);
}
END_TEST

static int compare_doubles(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov's distance from the normal distribution. */
START_TEST(normal_distribution)
{
  enum { N = 40000 };
  double *x = malloc(N * sizeof *x), worst = 0, product = 0;
  lathe_random_normal_double(8, LATHE_RANDOM_NOISE, 2, 0, N, x);
  for (int i = 1; i < N; i++)
    product += x[i] * x[i - 1];
  qsort(x, N, sizeof *x, compare_doubles);
  for (int i = 0; i < N; i++) {
    double expected = 0.5 * erfc(-x[i] / sqrt(2));
    worst = fmax(worst, fmax(fabs(expected - (double)i / N), fabs(expected - (i + 1.0) / N)));
  }
  ck_assert_double_lt(worst, 1.63 / sqrt(N)); /* 1% */
  ck_assert_double_eq_tol(product / N, 0, 0.015);
  free(x);
}
END_TEST

/* Entries are kept by comparing the block's words with the rate, and scaled so that means stay. */
START_TEST(masks_keep_their_share)
{
  enum { SIZE = 40001 };
  static const double RATES[] = {0, 1e-3, 0.25, 0.5, 0.9};
  lathe_real *mask = malloc(SIZE * sizeof *mask), part[6];
  for (size_t r = 0; r < sizeof RATES / sizeof *RATES; r++) {
    double rate = RATES[r], sum = 0;
    const struct lathe_draw draw = {5, 9};
    lathe_random_mask(draw, 100, SIZE, rate, mask);
    for (int i = 0; i < SIZE; i++) {
      uint32_t block[4];
      lathe_random_u32x4(5, LATHE_RANDOM_DROPOUT, 9, 100 + (uint64_t)i / 4, block);
      bool kept = block[i % 4] >= rate * 0x1p32;
      ck_assert(mask[i] == (kept ? (lathe_real)(1 / (1 - rate)) : 0));
      sum += (double)mask[i];
    }
    ck_assert_double_eq_tol(sum / SIZE, 1, 4 * sqrt(rate / (1 - rate) / SIZE) + 1e-6);
    lathe_random_mask(draw, 102, 6, rate, part);
    ck_assert_mem_eq(part, mask + 8, sizeof part);
  }
  free(mask);
}
END_TEST

START_TEST(normals_depend_on_their_place_alone)
{
  lathe_real whole[64], part[64];
  double precise[64];
  lathe_random_normal(4, LATHE_RANDOM_NOISE, 7, 0, 64, whole);
  lathe_random_normal_double(4, LATHE_RANDOM_NOISE, 7, 0, 64, precise);
  for (int i = 0; i < 64; i++)
    ck_assert(whole[i] == (lathe_real)precise[i]);
  for (int first = 0; first < 64; first++)
    for (int n = 0; n <= 64 - first && n < 9; n++) {
      lathe_random_normal(4, LATHE_RANDOM_NOISE, 7, (uint64_t)first, n, part);
      ck_assert_msg(memcmp(part, whole + first, (size_t)n * sizeof *part) == 0, "%d + %d", first,
                    n);
    }
}
END_TEST

/* Box and Muller's formula on the block's words. */
START_TEST(normals_by_their_formula)
{
  uint32_t block[4];
  double out[4];
  lathe_random_u32x4(9, LATHE_RANDOM_SAMPLE, 1, 3, block);
  lathe_random_normal_double(9, LATHE_RANDOM_SAMPLE, 1, 12, 4, out);
  for (int i = 0; i < 4; i++) {
    double radius = sqrt(-2 * log((block[i & ~1] + 1.0) / 4294967296.0));
    double angle = 2 * acos(-1) * block[i | 1] / 4294967296.0;
    ck_assert_double_eq_tol(out[i], radius * (i % 2 ? sin(angle) : cos(angle)), 1e-12);
  }
}
END_TEST

START_TEST(below_is_unbiased)
{
  static const uint64_t BOUNDS[] = {1, 2, 3, 7, 10, UINT64_MAX, (uint64_t)3 << 62};
  uint64_t bound = BOUNDS[_i], index = 0, words = 0;
  enum { N = 20000 };
  int thirds[3] = {0};
  for (int i = 0; i < N; i++) {
    uint64_t drawn = lathe_random_below(6, LATHE_RANDOM_KMEANS, 0, &index, bound);
    ck_assert(drawn < bound);
    thirds[(int)((double)drawn / (double)bound * 3) % 3]++;
    words++;
  }
  ck_assert(index >= words);
  if (bound == (uint64_t)3 << 62) {
    ck_assert_double_eq_tol((double)index / N, 4.0 / 3, 0.02); /* a quarter is rejected */
    for (int i = 0; i < 3; i++)
      ck_assert_double_eq_tol(thirds[i] * 3.0 / N, 1, 0.03);
  }
  if (bound == 3)
    for (int i = 0; i < 3; i++)
      ck_assert_double_eq_tol(thirds[i] * 3.0 / N, 1, 0.03);
}
END_TEST

START_TEST(permutations)
{
  enum { N = 1000 };
  int64_t order[N], again[N];
  bool seen[N] = {false};
  lathe_random_permutation(1, LATHE_RANDOM_SHUFFLE, 3, N, order);
  lathe_random_permutation(1, LATHE_RANDOM_SHUFFLE, 3, N, again);
  ck_assert_mem_eq(order, again, sizeof order);
  int fixed = 0;
  for (int i = 0; i < N; i++) {
    ck_assert(order[i] >= 0 && order[i] < N && !seen[order[i]]);
    seen[order[i]] = true;
    fixed += order[i] == i;
  }
  ck_assert_int_lt(fixed, 10);
  lathe_random_permutation(1, LATHE_RANDOM_SHUFFLE, 4, N, again);
  ck_assert_mem_ne(order, again, sizeof order);
  lathe_random_permutation(1, LATHE_RANDOM_SHUFFLE, 4, 0, NULL);
}
END_TEST

START_TEST(permutations_are_equally_likely)
{
  enum { TRIALS = 24000 };
  int counts[256] = {0}, seen = 0;
  double chi_squared = 0;
  for (int t = 0; t < TRIALS; t++) {
    int64_t order[4];
    lathe_random_permutation(5, LATHE_RANDOM_SHUFFLE, (uint64_t)t, 4, order);
    counts[order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]]++;
  }
  for (int i = 0; i < 256; i++)
    if (counts[i] > 0) {
      seen++;
      chi_squared += pow(counts[i] - TRIALS / 24.0, 2) / (TRIALS / 24.0);
    }
  ck_assert_int_eq(seen, 24);
  ck_assert_double_lt(chi_squared, 41.6); /* 23 degrees of freedom, 1% */
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("philox");
  TCase *cases = tcase_create("philox");
  tcase_add_loop_test(cases, published_vectors, 0, 3);
  tcase_add_test(cases, counter_layout);
  tcase_add_test(cases, sequences_differ);
  tcase_add_test(cases, uniforms_are_the_sequence);
  tcase_add_test(cases, uniform_moments);
  tcase_add_test(cases, normal_distribution);
  tcase_add_test(cases, masks_keep_their_share);
  tcase_add_test(cases, normals_depend_on_their_place_alone);
  tcase_add_test(cases, normals_by_their_formula);
  tcase_add_loop_test(cases, below_is_unbiased, 0, 7);
  tcase_add_test(cases, permutations);
  tcase_add_test(cases, permutations_are_equally_likely);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
