/* Classification scores against scikit-learn. */
#include "read_numbers.h"
#include "runtime/scores.h"
#include "tolerances.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *name, const char *what, const double *got, const double *expected,
                   int count)
{
  for (int i = 0; i < count; i++)
    ck_assert_msg(fabs(got[i] - expected[i]) <= MEASURES, "%s: %s %d is %.15g, not %.15g", name,
                  what, i, got[i], expected[i]);
}

START_TEST(as_scikit_learn)
{
  FILE *in = open_numbers("tests/reference/metrics/scores.txt");
  char name[32];
  int cases = 0, n, k;
  while (fscanf(in, "%31s %d %d", name, &n, &k) == 3) {
    int64_t truth[64], predicted[64], labels[8], confusion[64];
    double expected[8], macro[3], micro[3];
    ck_assert(n <= 64 && k <= 8);
    read_integers(in, n, truth);
    read_integers(in, n, predicted);
    read_integers(in, k, labels);
    read_integers(in, k * k, confusion);
    struct lathe_scores scores;
    ck_assert(lathe_scores_new(&scores, n, truth, predicted, NULL));
    ck_assert_int_eq(scores.classes, k);
    ck_assert_int_eq(scores.total, n);
    ck_assert_mem_eq(scores.labels, labels, (size_t)k * sizeof *labels);
    ck_assert_mem_eq(scores.confusion, confusion, (size_t)(k * k) * sizeof *confusion);
    for (int c = 0; c < k; c++) {
      int64_t support = 0;
      for (int j = 0; j < k; j++)
        support += confusion[c * k + j];
      ck_assert_int_eq(scores.support[c], support);
    }
    read_doubles(in, k, expected);
    expect(name, "precision", scores.precision, expected, k);
    read_doubles(in, k, expected);
    expect(name, "recall", scores.recall, expected, k);
    read_doubles(in, k, expected);
    expect(name, "F1", scores.f1, expected, k);
    read_doubles(in, 1, expected);
    read_doubles(in, 3, macro);
    read_doubles(in, 3, micro);
    expect(name, "accuracy", &scores.accuracy, expected, 1);
    expect(name, "macro", (double[]){scores.macro_precision, scores.macro_recall, scores.macro_f1},
           macro, 3);
    expect(name, "micro", (double[]){scores.micro_precision, scores.micro_recall, scores.micro_f1},
           micro, 3);
    lathe_scores_free(&scores);
    ck_assert_ptr_null(scores.labels);
    cases++;
  }
  ck_assert_int_eq(cases, 8);
  fclose(in);
}
END_TEST

START_TEST(refused)
{
  struct lathe_error err;
  struct lathe_scores scores;
  ck_assert(!lathe_scores_new(&scores, 0, NULL, NULL, &err));
  ck_assert_str_eq(err.text, "no labelled points to score");
  enum { N = 5000 };
  int64_t *labels = malloc(N * sizeof *labels);
  for (int i = 0; i < N; i++)
    labels[i] = i;
  ck_assert(!lathe_scores_new(&scores, N, labels, labels, &err));
  ck_assert_str_eq(err.text, "5000 distinct labels, more than the 4096 that can be scored: check "
                             "that the labels are classes");
  ck_assert_ptr_null(scores.labels);
  ck_assert_int_eq(scores.classes, 0);
  free(labels);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("scores");
  TCase *cases = tcase_create("scores");
  tcase_add_test(cases, as_scikit_learn);
  tcase_add_test(cases, refused);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
