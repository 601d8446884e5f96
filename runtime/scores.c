#include "scores.h"
#include "labels.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_CLASSES = 4096 };

/* The distinct labels of the truth and the prediction together: each side's are found first, as
 * they are usually few however many points there are. */
static bool collect_labels(struct lathe_scores *scores, int64_t n, const int64_t *truth,
                           const int64_t *predicted, struct lathe_error *err)
{
  int64_t true_count, predicted_count, count = 0;
  int64_t *of_truth = lathe_labels_distinct(n, truth, &true_count);
  int64_t *of_prediction = lathe_labels_distinct(n, predicted, &predicted_count);
  int64_t *both = calloc((size_t)(true_count + predicted_count) + 1, sizeof *both);
  if (of_truth && of_prediction && both) {
    memcpy(both, of_truth, (size_t)true_count * sizeof *both);
    memcpy(both + true_count, of_prediction, (size_t)predicted_count * sizeof *both);
    scores->labels = lathe_labels_distinct(true_count + predicted_count, both, &count);
  }
  free(of_truth);
  free(of_prediction);
  free(both);
  if (!scores->labels)
    return lathe_fail(err, "not enough memory to score %lld points", (long long)n);
  if (count > MAX_CLASSES)
    return lathe_fail(err,
                      "%lld distinct labels, more than the %d that can be scored: check that the "
                      "labels are classes",
                      (long long)count, MAX_CLASSES);
  scores->classes = (int)count;
  return true;
}

static int index_of(const struct lathe_scores *scores, int64_t label)
{
  return lathe_label_index(scores->classes, scores->labels, label);
}

static double ratio(double part, double whole)
{
  return whole > 0 ? part / whole : 0;
}

static double f1_score(double precision, double recall)
{
  return ratio(2 * precision * recall, precision + recall);
}

static void score_classes(struct lathe_scores *scores)
{
  int k = scores->classes;
  int64_t correct = 0;
  for (int c = 0; c < k; c++) {
    int64_t hits = scores->confusion[c * k + c], given = 0, predicted = 0;
    for (int other = 0; other < k; other++) {
      given += scores->confusion[c * k + other];
      predicted += scores->confusion[other * k + c];
    }
    correct += hits;
    scores->support[c] = given;
    scores->precision[c] = ratio((double)hits, (double)predicted);
    scores->recall[c] = ratio((double)hits, (double)given);
    scores->f1[c] = f1_score(scores->precision[c], scores->recall[c]);
    scores->macro_precision += scores->precision[c] / k;
    scores->macro_recall += scores->recall[c] / k;
    scores->macro_f1 += scores->f1[c] / k;
  }
  /* Each point has one true and one predicted class, so the summed counts agree. */
  scores->accuracy = ratio((double)correct, (double)scores->total);
  scores->micro_precision = scores->micro_recall = scores->micro_f1 = scores->accuracy;
}

bool lathe_scores_new(struct lathe_scores *scores, int64_t n, const int64_t *truth,
                      const int64_t *predicted, struct lathe_error *err)
{
  *scores = (struct lathe_scores){.total = n};
  if (n <= 0) {
    scores->total = 0;
    return lathe_fail(err, "no labelled points to score");
  }
  if (!collect_labels(scores, n, truth, predicted, err)) {
    lathe_scores_free(scores);
    return false;
  }
  size_t k = (size_t)scores->classes;
  scores->confusion = calloc(k * k, sizeof *scores->confusion);
  scores->support = calloc(k, sizeof *scores->support);
  scores->precision = calloc(k, sizeof *scores->precision);
  scores->recall = calloc(k, sizeof *scores->recall);
  scores->f1 = calloc(k, sizeof *scores->f1);
  if (!scores->confusion || !scores->support || !scores->precision || !scores->recall ||
      !scores->f1) {
    lathe_scores_free(scores);
    return lathe_fail(err, "not enough memory for the scores of %zu classes", k);
  }
  for (int64_t i = 0; i < n; i++)
    scores->confusion[index_of(scores, truth[i]) * scores->classes +
                      index_of(scores, predicted[i])]++;
  score_classes(scores);
  return true;
}

void lathe_scores_free(struct lathe_scores *scores)
{
  free(scores->labels);
  free(scores->confusion);
  free(scores->support);
  free(scores->precision);
  free(scores->recall);
  free(scores->f1);
  *scores = (struct lathe_scores){0};
}
