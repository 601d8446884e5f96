/* Which class each component stands for. */
#include "density.h"
#include "gmm_parts.h"
#include "labels.h"
#include <math.h>
#include <stdlib.h>

/* The assignment of the n columns of cost [n, n] to its rows that costs least: Kuhn's Hungarian
 * method with potentials, O(n^3). Rows and columns count from 1, 0 being "none yet": row_of[j] is
 * column j's row. The five arrays hold n + 1 each. */
struct assignment {
  int n;
  const double *cost;
  double *row_potential, *column_potential, *slack;
  int *row_of, *previous;
  bool *reached;
};

static double reduced_cost(const struct assignment *a, int row, int column)
{
  return a->cost[(int64_t)(row - 1) * a->n + column - 1] - a->row_potential[row] -
         a->column_potential[column];
}

/* Extends the tree of alternating paths by the unreached column of least slack, which it returns.
 */
static int extend(struct assignment *a, int column)
{
  int row = a->row_of[column], next = 0;
  double least = INFINITY;
  a->reached[column] = true;
  for (int j = 1; j <= a->n; j++) {
    if (a->reached[j])
      continue;
    double slack = reduced_cost(a, row, j);
    if (slack < a->slack[j]) {
      a->slack[j] = slack;
      a->previous[j] = column;
    }
    if (next == 0 || a->slack[j] < least) {
      least = a->slack[j];
      next = j;
    }
  }
  for (int j = 0; j <= a->n; j++) {
    if (a->reached[j]) {
      a->row_potential[a->row_of[j]] += least;
      a->column_potential[j] -= least;
    } else {
      a->slack[j] -= least;
    }
  }
  return next;
}

static void assign_row(struct assignment *a, int row)
{
  for (int j = 0; j <= a->n; j++) {
    a->slack[j] = INFINITY;
    a->reached[j] = false;
  }
  a->row_of[0] = row;
  int column = 0;
  do
    column = extend(a, column);
  while (a->row_of[column] != 0);
  while (column != 0) {
    a->row_of[column] = a->row_of[a->previous[column]];
    column = a->previous[column];
  }
}

/* column [n] of each row (from 0); false when memory ran out. */
static bool assign(int n, const double *cost, int *column_of)
{
  size_t size = (size_t)n + 1;
  struct assignment a = {
      .n = n,
      .cost = cost,
      .row_potential = calloc(size, sizeof(double)),
      .column_potential = calloc(size, sizeof(double)),
      .slack = calloc(size, sizeof(double)),
      .row_of = calloc(size, sizeof(int)),
      .previous = calloc(size, sizeof(int)),
      .reached = calloc(size, sizeof(bool)),
  };
  bool done =
      a.row_potential && a.column_potential && a.slack && a.row_of && a.previous && a.reached;
  if (done) {
    for (int row = 1; row <= n; row++)
      assign_row(&a, row);
    for (int j = 1; j <= n; j++)
      column_of[a.row_of[j] - 1] = j - 1;
  }
  free(a.row_potential);
  free(a.column_potential);
  free(a.slack);
  free(a.row_of);
  free(a.previous);
  free(a.reached);
  return done;
}

/* total [K, classes]: the posterior that each class's points have in each component. */
static bool name_one_to_one(struct lathe_mixture *mixture, const double *total,
                            const int64_t *classes)
{
  int k = mixture->components;
  double *cost = calloc((size_t)k, (size_t)k * sizeof *cost);
  int *class_of = calloc((size_t)k, sizeof *class_of);
  bool done = cost && class_of;
  if (done) {
    for (int i = 0; i < k * k; i++)
      cost[i] = -total[i];
    done = assign(k, cost, class_of);
  }
  for (int i = 0; done && i < k; i++)
    mixture->labels[i] = classes[class_of[i]];
  free(cost);
  free(class_of);
  return done;
}

static void name_by_majority(struct lathe_mixture *mixture, int count, const double *total,
                             const int64_t *classes, bool keep_named)
{
  for (int k = 0; k < mixture->components; k++) {
    if (keep_named && mixture->labels[k] != -1)
      continue;
    const double *row = total + (int64_t)k * count;
    int best = 0;
    for (int c = 1; c < count; c++)
      if (row[c] > row[best])
        best = c;
    mixture->labels[k] = row[best] > 0 ? classes[best] : -1;
  }
}

bool lathe_gmm_assign_labels(struct lathe_mixture *mixture, int64_t n, const double *posterior,
                             const int64_t *labels, bool keep_named, struct lathe_error *err)
{
  int components = mixture->components;
  int64_t distinct;
  int64_t *classes = lathe_labels_distinct(n, labels, &distinct);
  double *total = calloc((size_t)components, ((size_t)distinct + 1) * sizeof *total);
  bool done = classes && total;
  if (done) {
    int count = (int)distinct;
    for (int64_t i = 0; i < n; i++) {
      int class = lathe_label_index(count, classes, labels[i]);
      for (int k = 0; k < components; k++)
        total[(int64_t)k * count + class] += posterior[i * components + k];
    }
    if (count == components)
      done = name_one_to_one(mixture, total, classes);
    else
      name_by_majority(mixture, count, total, classes, keep_named);
  }
  free(classes);
  free(total);
  return done || lathe_fail(err, "not enough memory to name %d components", components);
}

bool lathe_gmm_name_components(struct lathe_mixture *mixture, int64_t n, const lathe_real *points,
                               const int64_t *labels, struct lathe_error *err)
{
  if (n <= 0) {
    for (int k = 0; k < mixture->components; k++)
      mixture->labels[k] = -1;
    return true;
  }
  struct lathe_density density;
  size_t components = (size_t)mixture->components;
  double *posterior = calloc((size_t)n, components * sizeof *posterior);
  if (!posterior)
    return lathe_fail(err, "not enough memory to name %zu components", components);
  bool done = lathe_density_new(&density, mixture, NULL, err);
  if (done) {
    for (int64_t i = 0; i < n; i++)
      lathe_density_at_real(&density, points + i * mixture->dimensions,
                            posterior + (size_t)i * components);
    lathe_density_free(&density);
    done = lathe_gmm_assign_labels(mixture, n, posterior, labels, false, err);
  }
  free(posterior);
  return done;
}
