#include "tune_choose.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double tune_median(const double *values, int count)
{
  double sorted[TUNE_MOST_ROUNDS] = {0};
  memcpy(sorted, values, (size_t)count * sizeof *values);
  qsort(sorted, (size_t)count, sizeof *sorted, compare);
  return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

struct tune_ratio tune_ratio(const double *a, const double *b, int rounds)
{
  /* Of normal errors, a deviation is 1.4826 of the median absolute one, and the error of a median
   * 1.2533 of a mean's. */
  static const double errors = 3 * 1.4826 * 1.2533;
  double ratios[TUNE_MOST_ROUNDS] = {0}, apart[TUNE_MOST_ROUNDS] = {0};
  for (int i = 0; i < rounds; i++)
    ratios[i] = a[i] / b[i];
  const double median = tune_median(ratios, rounds);
  for (int i = 0; i < rounds; i++)
    apart[i] = fabs(ratios[i] - median);
  return (struct tune_ratio){median, errors * tune_median(apart, rounds) / sqrt(rounds)};
}

bool tune_is_faster(struct tune_ratio ratio)
{
  return ratio.median + ratio.noise < 1;
}

bool tune_is_slower(struct tune_ratio ratio)
{
  return ratio.median - ratio.noise > 1;
}

/* What rows are held against: how many rounds, and seconds of all rows of inference, of training.
 */
struct scale {
  int rounds;
  double whole[2];
};

static bool in_training(const struct tune_row *row)
{
  return row->use != USE_INFERENCE;
}

/* Whether `a` is faster than `b` by what is worth another choice. */
static bool worth(const double *a, const double *b, const struct scale *scale, bool training)
{
  static const double share = 0.02, share_of_whole = 0.002;
  const struct tune_ratio ratio = tune_ratio(a, b, scale->rounds);
  const double gain = 1 - ratio.median;
  return tune_is_faster(ratio) && gain >= share &&
         gain * tune_median(b, scale->rounds) >= share_of_whole * scale->whole[training];
}

/* The fastest of the row's candidates that are worth it beside its first, or that. `except` is left
 * out. */
static int fastest(const struct tune_row *row, enum algorithm except, const struct scale *scale)
{
  int best = 0;
  double least = 1;
  for (int k = 1; k < row->count; k++) {
    const double median = tune_ratio(row->seconds[k], row->seconds[0], scale->rounds).median;
    if (row->candidates[k] != except && median < least &&
        worth(row->seconds[k], row->seconds[0], scale, in_training(row))) {
      best = k;
      least = median;
    }
  }
  return best;
}

/* Where among its candidates a row has Winograd's algorithm; -1: it has not. */
static int winograd_of_row(const struct tune_row *row)
{
  for (int k = 0; k < row->count; k++)
    if (row->candidates[k] == ALGORITHM_WINOGRAD && in_training(row))
      return k;
  return -1;
}

/* What the best other than the cost model's Winograd is held against: the fastest of them. */
static int least_other(const struct tune_row *row, int rounds)
{
  int least = -1;
  for (int k = 0; k < row->count; k++)
    if (row->candidates[k] != ALGORITHM_WINOGRAD &&
        (least < 0 ||
         tune_median(row->seconds[k], rounds) < tune_median(row->seconds[least], rounds)))
      least = k;
  return least;
}

/* A layer's rows in training that could all be Winograd's. */
static void choose_together(struct mem *mem, struct tune_row *rows, int count,
                            const struct scale *scale)
{
  const int rounds = scale->rounds;
  double *together = mem_alloc(mem, (size_t)rounds * sizeof *together);
  double *apart = mem_alloc(mem, (size_t)rounds * sizeof *apart);
  const bool first = rows[0].candidates[0] == ALGORITHM_WINOGRAD;
  for (int i = 0; i < count; i++) {
    struct tune_row *row = &rows[i];
    row->chosen = first ? least_other(row, rounds) : fastest(row, ALGORITHM_WINOGRAD, scale);
    for (int r = 0; r < rounds; r++) {
      together[r] += row->seconds[winograd_of_row(row)][r];
      apart[r] += row->seconds[row->chosen][r];
    }
  }
  const bool winograd =
      first ? !worth(apart, together, scale, true) : worth(together, apart, scale, true);
  for (int i = 0; i < count && winograd; i++)
    rows[i].chosen = winograd_of_row(&rows[i]);
}

void tune_choose(struct mem *mem, struct tune_row *rows, int count, int rounds)
{
  struct scale scale = {.rounds = rounds};
  for (int i = 0; i < count; i++)
    scale.whole[in_training(&rows[i])] += tune_median(rows[i].seconds[0], rounds);
  for (int i = 0, next; i < count; i = next) {
    next = i + 1;
    if (winograd_of_row(&rows[i]) < 0) {
      rows[i].chosen = fastest(&rows[i], ALGORITHM_ANY, &scale);
      continue;
    }
    while (next < count && rows[next].layer == rows[i].layer)
      next++;
    choose_together(mem, &rows[i], next - i, &scale);
  }
}
