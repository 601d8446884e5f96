/* Choosing algorithms by measurements. */
#ifndef TUNE_CHOOSE_H
#define TUNE_CHOOSE_H

#include "algorithms.h"
#include "mem.h"
#include <stdbool.h>

struct layer;

enum { TUNE_MOST_ROUNDS = 101 };

/* A layer's product or convolution for one use: what can compute it, and what that took. */
struct tune_row {
  const struct layer *layer;
  enum algorithm_use use;
  int count;
  enum algorithm candidates[ALGORITHM_COUNT]; /* the first is the cost model's */
  double *seconds[ALGORITHM_COUNT];           /* [rounds] of each, measured turn by turn */
  int chosen;                                 /* of the candidates */
};

/* How two compare: the median over rounds of a's seconds by b's, and how far off it may be (three
 * standard errors of a median, from the median absolute deviation). */
struct tune_ratio {
  double median, noise;
};
struct tune_ratio tune_ratio(const double *a, const double *b, int rounds);

/* Whether it says that `a` is faster, or slower, than `b`, beyond the noise. */
bool tune_is_faster(struct tune_ratio ratio);
bool tune_is_slower(struct tune_ratio ratio);

double tune_median(const double *values, int count);

/* Sets each row's `chosen`: the fastest of those that are faster than the cost model's choice, or
 * that, where what is gained is less than 2 % of it, or than 0.2 % of all rows of training or of
 * inference: so little is worth no other code. In training, Winograd's algorithm is chosen for all
 * uses of a layer (rows that follow each other), by their sum, or for none. */
void tune_choose(struct mem *mem, struct tune_row *rows, int count, int rounds);

#endif
