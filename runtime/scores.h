/* How well a classification agrees with the truth, as scikit-learn defines its scores with
 * zero_division=0: a score whose denominator is 0 counts as 0. */
#ifndef LATHE_SCORES_H
#define LATHE_SCORES_H

#include "error.h"
#include <stdbool.h>
#include <stdint.h>

struct lathe_scores {
  int classes;        /* distinct labels in truth and prediction together */
  int64_t *labels;    /* [classes], ascending */
  int64_t total;      /* points */
  int64_t *confusion; /* [classes, classes]: row the true class, column the predicted one */
  int64_t *support;   /* [classes]: points whose true class it is */
  double *precision;  /* [classes] */
  double *recall;     /* [classes] */
  double *f1;         /* [classes] */
  double accuracy;
  double macro_precision, macro_recall, macro_f1; /* unweighted means over the classes */
  double micro_precision, micro_recall, micro_f1; /* from counts summed over the classes */
};

/* Scores n points. The arrays in *scores belong to it; lathe_scores_free releases them. Fails, with
 * *scores zeroed, when n is 0, when there are more than 4096 distinct labels, or without memory. */
bool lathe_scores_new(struct lathe_scores *scores, int64_t n, const int64_t *truth,
                      const int64_t *predicted, struct lathe_error *err);
void lathe_scores_free(struct lathe_scores *scores);

#endif
