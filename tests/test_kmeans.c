/* k-means: seeding, iterations, empty clusters, and the same bits for any number of threads. */
#include "fixture.h"
#include "runtime/kmeans.h"
#include "runtime/philox.h"
#include "runtime/tensor_check.h"
#include <string.h>

enum { N = 5000, D = 2, K = 4 };

/* Four clusters of radius about 0.2 at the corners of a square of side 10; point i is of i % 4. */
static struct lathe_points square(void)
{
  lathe_real *values = malloc(N * D * sizeof *values);
  lathe_random_normal(1, LATHE_RANDOM_BENCH, 0, 0, N * D, values);
  for (int i = 0; i < N; i++) {
    values[i * D] = values[i * D] / 5 + (i % 2 ? 10 : 0);
    values[i * D + 1] = values[i * D + 1] / 5 + (i / 2 % 2 ? 10 : 0);
  }
  return (struct lathe_points){N, D, values};
}

START_TEST(finds_the_clusters)
{
  struct lathe_points points = square();
  double centres[K * D], inertia, sum = 0;
  int *nearest = malloc(N * sizeof *nearest);
  ck_assert(lathe_kmeans_seed(&points, K, 0, (uint64_t)_i, 0, centres, NULL, NULL));
  ck_assert(lathe_kmeans(&points, K, 50, centres, nearest, &inertia, NULL, NULL));
  for (int i = 0; i < N; i++) {
    ck_assert_int_eq(nearest[i], nearest[i % 4]);
    const double *centre = centres + nearest[i] * D;
    ck_assert_double_eq_tol(centre[0], i % 2 ? 10 : 0, 0.05);
    ck_assert_double_eq_tol(centre[1], i / 2 % 2 ? 10 : 0, 0.05);
    sum += pow((double)points.values[i * D] - centre[0], 2) +
           pow((double)points.values[i * D + 1] - centre[1], 2);
  }
  ck_assert_double_eq_tol(inertia, sum, 1e-9 * sum);
  free(nearest);
  free((void *)points.values);
}
END_TEST

static const char *const REFERENCES[] = {"line", "plane", "wide"};

/* Lloyd's iterations from a given start, one by one until the last of them changes nothing: the
 * fixtures kmeans_*.safetensors of tests/reference/gmm. */
START_TEST(iterates_as_scikit_learn)
{
  char path[64], prefix[16];
  snprintf(path, sizeof path, "tests/reference/gmm/kmeans_%s.safetensors", REFERENCES[_i]);
  struct lathe_tensors tensors = fixture_read(path);
  const struct lathe_array *array = fixture_array(&tensors, "", "points");
  const struct lathe_array *start = fixture_array(&tensors, "", "start");
  int n = (int)array->shape[0], k = (int)start->shape[0];
  lathe_real *values = malloc((size_t)array->count * sizeof *values);
  for (int64_t i = 0; i < array->count; i++)
    values[i] = (lathe_real)lathe_array_real(array, i);
  struct lathe_points points = {n, (int)array->shape[1], values};
  double *centres = malloc((size_t)start->count * sizeof *centres), inertia;
  int *nearest = malloc((size_t)n * sizeof *nearest);

  int iterations = (int)fixture_integers(&tensors, "iterations", 1)[0];
  ck_assert_int_ge(iterations, 4);
  for (int i = 1; i <= iterations + 1; i++) { /* the last but one is the same as the last */
    snprintf(prefix, sizeof prefix, "%d.", i);
    memcpy(centres, fixture_values(&tensors, "", "start", start->count),
           (size_t)start->count * sizeof *centres);
    ck_assert(lathe_kmeans(&points, k, i, centres, nearest, &inertia, NULL, NULL));
    near_fixture(REFERENCES[_i], &tensors, prefix, "centres", centres, start->count, 0, MEASURES);
    near_fixture(REFERENCES[_i], &tensors, prefix, "inertia", &inertia, 1, 0, MEASURES);
    strcat(prefix, "labels");
    const int64_t *labels = fixture_integers(&tensors, prefix, n);
    for (int j = 0; j < n; j++)
      ck_assert_msg(labels[j] == nearest[j], "iteration %d: point %d is of cluster %d", i, j,
                    nearest[j]);
  }
  free(values);
  free(centres);
  free(nearest);
  lathe_tensors_free(&tensors);
}
END_TEST

/* Of the points 0, 1 and 3, with the first centre at 0: 1 comes next with probability 1 / 10. */
START_TEST(seeds_by_squared_distance)
{
  const lathe_real values[] = {0, 1, 3};
  const struct lathe_points points = {3, 1, values};
  enum { RUNS = 4000 };
  int counts[4] = {0}, firsts[4] = {0};
  for (uint64_t run = 0; run < RUNS; run++) {
    double centres[2] = {0, -1};
    ck_assert(lathe_kmeans_seed(&points, 2, 1, 9, run, centres, NULL, NULL));
    counts[(int)centres[1]]++;
    ck_assert(lathe_kmeans_seed(&points, 1, 0, 9, run, centres, NULL, NULL));
    firsts[(int)centres[0]]++;
  }
  ck_assert_int_eq(counts[0], 0);
  ck_assert_double_eq_tol(counts[1], RUNS / 10.0, 3 * sqrt(RUNS * 0.09));
  ck_assert_int_eq(counts[1] + counts[3], RUNS);
  ck_assert_double_eq_tol(firsts[0], RUNS / 3.0, 3 * sqrt(RUNS * 0.2222));
  ck_assert_double_eq_tol(firsts[1], RUNS / 3.0, 3 * sqrt(RUNS * 0.2222));
}
END_TEST

START_TEST(empty_cluster_takes_the_farthest)
{
  const lathe_real values[] = {0, 1, 2, 11, 12, 30};
  const struct lathe_points points = {6, 1, values};
  double centres[3] = {5, 1000, 2000}, inertia;
  int nearest[6];
  ck_assert(lathe_kmeans(&points, 3, 1, centres, nearest, &inertia, NULL, NULL));
  ck_assert_double_eq(centres[0], 56.0 / 6);
  ck_assert_double_eq(centres[1], 30); /* the farthest from 5, then the next */
  ck_assert_double_eq(centres[2], 12);
  ck_assert(lathe_kmeans(&points, 3, 50, centres, nearest, &inertia, NULL, NULL));
  const int expected[6] = {0, 0, 0, 2, 2, 1};
  ck_assert_mem_eq(nearest, expected, sizeof nearest);
  ck_assert_double_eq_tol(inertia, 2.5, 1e-12);
}
END_TEST

START_TEST(points_all_alike)
{
  lathe_real values[20];
  for (int i = 0; i < 20; i++)
    values[i] = 3;
  const struct lathe_points points = {10, 2, values};
  double centres[6], inertia;
  int nearest[10];
  ck_assert(lathe_kmeans_seed(&points, 3, 0, 1, 0, centres, NULL, NULL));
  ck_assert(lathe_kmeans(&points, 3, 50, centres, nearest, &inertia, NULL, NULL));
  for (int i = 0; i < 6; i++)
    ck_assert_double_eq(centres[i], 3);
  for (int i = 0; i < 10; i++)
    ck_assert_int_eq(nearest[i], 0); /* ties go to the lower index */
  ck_assert_double_eq(inertia, 0);
}
END_TEST

START_TEST(any_number_of_threads)
{
  struct lathe_points points = square();
  struct lathe_pool *pool = lathe_pool_new(3);
  double alone[7 * D], pooled[7 * D], inertia[2];
  int *nearest[2] = {malloc(N * sizeof(int)), malloc(N * sizeof(int))};
  ck_assert(lathe_kmeans_seed(&points, 7, 0, 3, 1, alone, NULL, NULL));
  ck_assert(lathe_kmeans_seed(&points, 7, 0, 3, 1, pooled, pool, NULL));
  ck_assert_mem_eq(alone, pooled, sizeof alone);
  ck_assert(lathe_kmeans(&points, 7, 20, alone, nearest[0], &inertia[0], NULL, NULL));
  ck_assert(lathe_kmeans(&points, 7, 20, pooled, nearest[1], &inertia[1], pool, NULL));
  ck_assert_mem_eq(alone, pooled, sizeof alone);
  ck_assert_mem_eq(nearest[0], nearest[1], N * sizeof(int));
  ck_assert(inertia[0] == inertia[1]);
  lathe_pool_free(pool);
  free(nearest[0]);
  free(nearest[1]);
  free((void *)points.values);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("kmeans");
  TCase *cases = tcase_create("kmeans");
  tcase_add_loop_test(cases, finds_the_clusters, 0, 10);
  tcase_add_loop_test(cases, iterates_as_scikit_learn, 0, sizeof REFERENCES / sizeof *REFERENCES);
  tcase_add_test(cases, seeds_by_squared_distance);
  tcase_add_test(cases, empty_cluster_takes_the_farthest);
  tcase_add_test(cases, points_all_alike);
  tcase_add_test(cases, any_number_of_threads);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
