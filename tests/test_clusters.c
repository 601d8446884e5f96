/* The cluster analysis: against closed forms, in words, and as JSON. */
#include "runtime/clusters.h"
#include "runtime/gmm.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void one_dimensional(struct lathe_mixture *m, double distance, double variance)
{
  ck_assert(lathe_mixture_new(m, 2, 1, LATHE_DIAG, NULL));
  m->means[1] = distance;
  m->covariances[1] = variance;
}

static double normal_tail(double x)
{
  return 0.5 * erfc(x / sqrt(2));
}

/* How far an estimate may be off: the farther apart, the fewer draws lie where they mix. */
static const struct {
  double distance, error;
} DISTANCES[] = {{0, 0.01}, {0.5, 0.03}, {1, 0.03}, {2, 0.03}, {3, 0.05}, {5, 0.15}, {8, 0.5}};

/* Two unit Gaussians with equal weights: half the distance decides. */
START_TEST(overlap_of_equal_gaussians)
{
  double distance = DISTANCES[_i].distance, expected = normal_tail(distance / 2);
  double error = DISTANCES[_i].error * expected;
  struct lathe_mixture m;
  struct lathe_clusters c;
  one_dimensional(&m, distance, 1);
  ck_assert(lathe_clusters_new(&c, &m, 0, NULL, NULL, 1, NULL));
  ck_assert(c.components == 2 && c.dimensions == 1 && c.pairs == 1);
  ck_assert(c.most_overlapping == 0 && c.most_confused == -1);
  ck_assert_double_eq_tol(c.pair[0].mahalanobis, distance, 1e-12);
  ck_assert_double_eq_tol(c.pair[0].bhattacharyya, distance * distance / 8, 1e-12);
  ck_assert_double_eq_tol(c.pair[0].bound, 0.5 * exp(-distance * distance / 8), 1e-12);
  ck_assert_double_eq_tol(c.pair[0].overlap, expected, error);
  ck_assert_double_le(c.pair[0].overlap, c.pair[0].bound * 1.03);
  ck_assert_double_eq_tol(c.misassigned, c.pair[0].overlap, 1e-12);
  ck_assert_double_eq_tol((c.cluster[0].misassigned + c.cluster[1].misassigned) / 2, c.misassigned,
                          1e-12);
  if (distance > 0)
    ck_assert_double_eq_tol(c.cluster[0].misassigned, expected, 2 * error);
  ck_assert_double_eq_tol(c.cluster[0].mean_distance, sqrt(2 / acos(-1)), 0.03);
  ck_assert_int_eq(c.pair[0].observed, -1);
  lathe_clusters_free(&c);
  ck_assert_ptr_null(c.pair);
  lathe_mixture_free(&m);
}
END_TEST

/* Variances 1 and 4: the middle covariance is 2.5. */
START_TEST(separation_of_unequal_gaussians)
{
  struct lathe_mixture m;
  struct lathe_clusters c;
  one_dimensional(&m, 3, 4);
  m.weights[0] = 0.2;
  m.weights[1] = 0.8;
  ck_assert(lathe_clusters_new(&c, &m, 0, NULL, NULL, 1, NULL));
  double bhattacharyya = 9 / 2.5 / 8 + 0.5 * log(2.5 / 2);
  ck_assert_double_eq_tol(c.pair[0].mahalanobis, 3 / sqrt(2.5), 1e-12);
  ck_assert_double_eq_tol(c.pair[0].bhattacharyya, bhattacharyya, 1e-12);
  ck_assert_double_eq_tol(c.pair[0].bound, 0.4 * exp(-bhattacharyya), 1e-12);
  /* x goes to 0 where 0.2 exp(-x^2 / 2) > 0.4 exp(-(x - 3)^2 / 8): between the roots of
   * 3 x^2 + 6 x - 9 + 8 log 2 = 0 */
  double middle = sqrt(36 + 12 * (9 - 8 * log(2))) / 6, low = -1 - middle, high = -1 + middle;
  double lost = 0.2 * (normal_tail(high) + normal_tail(-low)) +
                0.8 * (normal_tail((low - 3) / 2) - normal_tail((high - 3) / 2));
  ck_assert_double_eq_tol(c.pair[0].overlap, lost, 0.03 * lost);
  ck_assert_double_eq_tol(c.cluster[0].misassigned, normal_tail(high) + normal_tail(-low), 0.03);
  ck_assert_double_eq_tol(c.cluster[1].log_volume, log(2), 1e-12);
  ck_assert_double_eq_tol(c.cluster[1].radius, 2, 1e-12);
  ck_assert_double_eq(c.cluster[1].weight, 0.8);
  lathe_clusters_free(&c);
  lathe_mixture_free(&m);
}
END_TEST

/* Classes 1 (tight), 4 and 8 (spread out, near each other), in two dimensions. */
static void three_digits(struct lathe_mixture *m)
{
  ck_assert(lathe_mixture_new(m, 3, 2, LATHE_FULL, NULL));
  const double means[] = {-6, 0, 0, 0, 3, 0};
  const double covariances[] = {0.25, 0, 0, 0.25, 1, 0.5, 0.5, 1, 2, -0.4, -0.4, 2};
  const int64_t labels[] = {1, 4, 8};
  memcpy(m->means, means, sizeof means);
  memcpy(m->covariances, covariances, sizeof covariances);
  memcpy(m->labels, labels, sizeof labels);
  m->weights[0] = 0.25;
  m->weights[1] = 0.25;
  m->weights[2] = 0.5;
}

START_TEST(three_components)
{
  struct lathe_mixture m;
  struct lathe_clusters c, again, other;
  three_digits(&m);
  ck_assert(lathe_clusters_new(&c, &m, 0, NULL, NULL, 1, NULL));
  ck_assert(lathe_clusters_new(&again, &m, 0, NULL, NULL, 1, NULL));
  ck_assert(lathe_clusters_new(&other, &m, 0, NULL, NULL, 2, NULL));
  ck_assert_int_eq(c.pairs, 3);
  double sum = 0;
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(c.pair[i].a, i / 2);
    ck_assert_int_eq(c.pair[i].b, i == 0 ? 1 : 2);
    ck_assert_double_le(c.pair[i].overlap, c.pair[i].bound);
    ck_assert(c.pair[i].overlap == again.pair[i].overlap);
    ck_assert(c.pair[i].overlap != other.pair[i].overlap);
    sum += c.pair[i].overlap;
  }
  ck_assert_double_eq_tol(sum, c.misassigned, 1e-12);
  ck_assert_int_eq(c.most_overlapping, 2);
  /* (S1 + S2) / 2 = [1.5, 0.05; 0.05, 1.5]; means 3 apart along the first axis */
  double determinant = 1.5 * 1.5 - 0.05 * 0.05, squared = 9 * 1.5 / determinant;
  ck_assert_double_eq_tol(c.pair[2].mahalanobis, sqrt(squared), 1e-12);
  ck_assert_double_eq_tol(c.pair[2].bhattacharyya,
                          squared / 8 + 0.5 * log(determinant / sqrt(0.75 * (4 - 0.16))), 1e-12);
  ck_assert_double_eq_tol(c.cluster[2].log_volume, 0.5 * log(3.84), 1e-12);
  ck_assert_double_eq_tol(c.cluster[2].radius, pow(3.84, 0.25), 1e-12);
  lathe_clusters_free(&c);
  lathe_clusters_free(&again);
  lathe_clusters_free(&other);
  lathe_mixture_free(&m);
}
END_TEST

START_TEST(points_and_confusion)
{
  struct lathe_mixture m;
  struct lathe_clusters c;
  struct lathe_scores scores;
  three_digits(&m);
  const lathe_real points[] = {-6, 1, -6, -3, 0, 2, 4, 0};
  const int64_t truth[] = {1, 1, 4, 4, 8, 8, 8}, predicted[] = {1, 4, 4, 8, 4, 4, 8};
  ck_assert(lathe_scores_new(&scores, 7, truth, predicted, NULL));
  ck_assert(lathe_clusters_new(&c, &m, 4, points, &scores, 1, NULL));
  const double distances[] = {2, 2, 1};
  const int64_t counts[] = {2, 1, 1}, observed[] = {1, 0, 3};
  for (int k = 0; k < 3; k++) {
    ck_assert_int_eq(c.cluster[k].points, counts[k]);
    ck_assert_double_eq_tol(c.cluster[k].mean_distance, distances[k], 1e-6);
    ck_assert_int_eq(c.pair[k].observed, observed[k]);
  }
  ck_assert_int_eq(c.most_confused, 2);
  lathe_clusters_free(&c);
  m.labels[1] = -1; /* unnamed: nothing can be observed of it */
  m.labels[2] = 9;  /* not scored */
  ck_assert(lathe_clusters_new(&c, &m, 4, points, &scores, 1, NULL));
  for (int i = 0; i < 3; i++)
    ck_assert_int_eq(c.pair[i].observed, -1);
  ck_assert_int_eq(c.most_confused, -1);
  lathe_clusters_free(&c);
  lathe_scores_free(&scores);
  lathe_mixture_free(&m);
}
END_TEST

/* An analysis by hand, so that its words do not hang on the draws. */
static struct lathe_clusters by_hand(void)
{
  static struct lathe_cluster cluster[3];
  static struct lathe_cluster_pair pair[3];
  cluster[0] = (struct lathe_cluster){1, 0.3, -3, 0.21, 0.9, 40, 0.001};
  cluster[1] = (struct lathe_cluster){4, 0.3, -1, 0.4, 1.5, 41, 0.06};
  cluster[2] = (struct lathe_cluster){8, 0.4, -0.5, 0.55, 2.1, 60, 0.04};
  pair[0] = (struct lathe_cluster_pair){0, 1, 5.25, 3.5, 0.01, 0.00003, 0};
  pair[1] = (struct lathe_cluster_pair){0, 2, 6.5, 5.25, 0.005, 0.002, 3};
  pair[2] = (struct lathe_cluster_pair){1, 2, 2.345, 0.71, 0.1, 0.0331, 12};
  return (struct lathe_clusters){3, 20, cluster, 3, pair, 2, 2, 0.0351, NULL};
}

static void check_words(const struct lathe_clusters *c, const char *expected)
{
  char *words = lathe_clusters_words(c);
  ck_assert_str_eq(words, expected);
  free(words);
}

START_TEST(in_words)
{
  struct lathe_clusters c = by_hand();
  check_words(&c,
              "The mixture's 3 components overlap a little: by its own densities, 3.5% of points "
              "are expected in a component that is not theirs. Classes 4 and 8 overlap most: their "
              "means are 2.35 standard deviations apart (Bhattacharyya distance 0.71), and 3.3% of "
              "all points are expected to be taken for the other. Classes 1 and 8 are the farthest "
              "apart (6.50 standard deviations, Bhattacharyya distance 5.25). In these data, "
              "classes 4 and 8 are also the pair most often taken for each other (12 points). "
              "Class 1 is the tightest (typical standard deviation 0.21, mean distance 0.9 from "
              "its mean) and class 8 the most spread out (0.55 and 2.1).");
  c.cluster[1].label = 8; /* two components of one class, and one without a name */
  c.cluster[0].label = -1;
  c.most_confused = 1;
  c.misassigned = 0.2;
  c.pair[1].observed = 1;
  c.pair[2].overlap = 0.00001;
  c.cluster[0].radius = c.cluster[1].radius = 0.54;
  check_words(&c,
              "The mixture's 3 components overlap heavily: by its own densities, 20.0% of points "
              "are expected in a component that is not theirs. Component 1 (class 8) and component "
              "2 (class 8) overlap most: their means are 2.35 standard deviations apart "
              "(Bhattacharyya distance 0.71), and under 0.01% of all points are expected to be "
              "taken for the other. Component 0 and component 2 (class 8) are the farthest apart "
              "(6.50 standard deviations, Bhattacharyya distance 5.25). In these data, component 0 "
              "and component 2 (class 8) are the pair most often taken for each other (1 point). "
              "All are about equally spread out (standard deviation 0.55).");
  c.components = 1;
  check_words(&c, "The mixture has one component: typical standard deviation 0.54, mean distance "
                  "0.9 from its mean.");
}
END_TEST

START_TEST(as_json)
{
  struct lathe_clusters c = by_hand();
  c.cluster[0].label = -1;
  c.pair[0].observed = -1;
  json_t *object = lathe_clusters_json(&c);
  ck_assert_ptr_nonnull(object);
  char *words = lathe_clusters_words(&c);
  ck_assert_str_eq(json_string_value(json_object_get(object, "words")), words);
  free(words);
  json_object_del(object, "words");
  char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6));
  ck_assert_str_eq(
      text, "{\"misassigned\":0.0351,\"clusters\":["
            "{\"component\":0,\"label\":null,\"weight\":0.3,\"points\":40,\"log_volume\":-3.0,"
            "\"radius\":0.21,\"mean_distance\":0.9,\"misassigned\":0.001},"
            "{\"component\":1,\"label\":4,\"weight\":0.3,\"points\":41,\"log_volume\":-1.0,"
            "\"radius\":0.4,\"mean_distance\":1.5,\"misassigned\":0.06},"
            "{\"component\":2,\"label\":8,\"weight\":0.4,\"points\":60,\"log_volume\":-0.5,"
            "\"radius\":0.55,\"mean_distance\":2.1,\"misassigned\":0.04}],\"pairs\":["
            "{\"components\":[0,1],\"labels\":[null,4],\"mahalanobis\":5.25,\"bhattacharyya\":3.5,"
            "\"bound\":0.01,\"overlap\":3e-5,\"observed\":null},"
            "{\"components\":[0,2],\"labels\":[null,8],\"mahalanobis\":6.5,\"bhattacharyya\":5.25,"
            "\"bound\":0.005,\"overlap\":0.002,\"observed\":3},"
            "{\"components\":[1,2],\"labels\":[4,8],\"mahalanobis\":2.345,\"bhattacharyya\":0.71,"
            "\"bound\":0.1,\"overlap\":0.0331,\"observed\":12}],"
            "\"most_overlapping\":[1,2],\"most_confused\":[1,2]}");
  free(text);
  json_decref(object);
}
END_TEST

START_TEST(one_component_and_none_definite)
{
  struct lathe_mixture m;
  struct lathe_clusters c;
  struct lathe_error err;
  ck_assert(lathe_mixture_new(&m, 1, 2, LATHE_TIED, NULL));
  ck_assert(lathe_clusters_new(&c, &m, 0, NULL, NULL, 1, NULL));
  ck_assert(c.pairs == 0 && c.most_overlapping == -1 && c.misassigned == 0);
  json_t *object = lathe_clusters_json(&c);
  ck_assert(json_is_null(json_object_get(object, "most_overlapping")));
  json_decref(object);
  lathe_clusters_free(&c);
  m.covariances[3] = -1;
  ck_assert(!lathe_clusters_new(&c, &m, 0, NULL, NULL, 1, &err));
  ck_assert_ptr_nonnull(strstr(err.text, "component 0 is not positive definite"));
  ck_assert_ptr_null(c.cluster);
  lathe_mixture_free(&m);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("clusters");
  TCase *cases = tcase_create("clusters");
  tcase_add_loop_test(cases, overlap_of_equal_gaussians, 0, sizeof DISTANCES / sizeof *DISTANCES);
  tcase_add_test(cases, separation_of_unequal_gaussians);
  tcase_add_test(cases, three_components);
  tcase_add_test(cases, points_and_confusion);
  tcase_add_test(cases, in_words);
  tcase_add_test(cases, as_json);
  tcase_add_test(cases, one_component_and_none_definite);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
