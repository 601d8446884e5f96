#include "learned.h"
#include "json.h"
#include "normalise.h"
#include "tensor_order.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct lathe_tensor *find_logvar(const struct lathe_model *model)
{
  return lathe_tensor_named(model, "likelihood.logvar");
}

/* Element i of as many as `count`, spread evenly over the tensor's: one stands for all. */
static double element(const struct lathe_session *session, const struct lathe_tensor *tensor,
                      int64_t i, int64_t count)
{
  int64_t at = i * lathe_tensor_size(tensor) / count;
  return (double)session->state.fixed[tensor->offset + lathe_stored_index(tensor, at)];
}

/* How many deviations there are to tell; 0 when none is learned. */
static int64_t deviations(const struct lathe_model *model)
{
  const struct lathe_tensor *logvar = find_logvar(model), *scale = lathe_normalise_scale(model);
  if (!logvar)
    return 0;
  bool one = lathe_tensor_size(logvar) == 1 && (!scale || lathe_tensor_size(scale) == 1);
  return one ? 1 : model->input_size;
}

static double deviation(const struct lathe_session *session, int64_t i, int64_t count)
{
  const struct lathe_model *model = session->model;
  const struct lathe_tensor *scale = lathe_normalise_scale(model);
  double s = element(session, find_logvar(model), i, count);
  return sqrt(model->variance_floor + exp(s)) * (scale ? element(session, scale, i, count) : 1);
}

/* One of the rows of numbers: the i-th of `count`. */
struct row {
  const struct lathe_session *session;
  const struct lathe_tensor *tensor; /* NULL: the deviations */
  int64_t count;
};

static double number(const struct row *row, int64_t i)
{
  return row->tensor ? element(row->session, row->tensor, i, row->count)
                     : deviation(row->session, i, row->count);
}

/* All of a few, of many the least and the greatest. */
static void print_row(const char *name, const struct row *row)
{
  enum { FEW = 16 };
  double least = INFINITY, greatest = -INFINITY;
  if (row->count == 0)
    return;
  printf("%-12s", name);
  for (int64_t i = 0; i < row->count; i++) {
    least = fmin(least, number(row, i));
    greatest = fmax(greatest, number(row, i));
    if (row->count <= FEW)
      printf(" %.4g", number(row, i));
  }
  if (row->count > FEW)
    printf(" %lld, from %.4g to %.4g", (long long)row->count, least, greatest);
  printf("\n");
}

static json_t *row_json(const struct row *row)
{
  json_t *json = json_array();
  for (int64_t i = 0; i < row->count; i++)
    json_array_append_new(json, lathe_json_number(number(row, i)));
  return json;
}

enum { ROWS = 3 };

static void find_rows(const struct lathe_session *session, struct row rows[ROWS])
{
  const struct lathe_model *model = session->model;
  const struct lathe_tensor *tensors[ROWS] = {lathe_normalise_shift(model),
                                              lathe_normalise_scale(model), NULL};
  for (int i = 0; i < ROWS; i++)
    rows[i] = (struct row){session, tensors[i], tensors[i] ? lathe_tensor_size(tensors[i]) : 0};
  rows[ROWS - 1].count = deviations(model);
}

void lathe_learned_print(const struct lathe_session *session)
{
  struct row rows[ROWS];
  find_rows(session, rows);
  print_row("input less", &rows[0]);
  print_row("divided by", &rows[1]);
  print_row("deviation", &rows[2]);
}

void lathe_learned_put(const struct lathe_session *session, json_t *to)
{
  static const char *const names[ROWS] = {"shifts", "scales", "deviations"};
  struct row rows[ROWS];
  find_rows(session, rows);
  for (int i = 0; i < ROWS; i++)
    if (rows[i].count > 0)
      json_object_set_new(to, names[i], row_json(&rows[i]));
}
