#include "weights.h"
#include "finite.h"
#include "gmm.h"
#include "mixture_tensors.h"
#include "tensor_check.h"
#include "tensor_order.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What the files of a training hold besides: read by optimiser_state.c and checkpoint.c. */
static const char *const other_prefixes[] = {"optimiser.", "training."};
enum { OTHER_PREFIXES = sizeof other_prefixes / sizeof *other_prefixes };

#ifdef LATHE_FLOAT64
static const enum lathe_dtype real_dtype = LATHE_F64;
static const double largest_real = DBL_MAX;
#else
static const enum lathe_dtype real_dtype = LATHE_F32;
static const double largest_real = FLT_MAX;
#endif

enum { RUN = 256 }; /* elements whose places are looked up at once */

/* Values of a tensor in PyTorch's order, from where they lie in memory. */
static void gather(const void *of, const void *from, int64_t first, int64_t count, void *to)
{
  lathe_stored_values(of, from, first, count, to);
}

/* Adds a tensor whose values start at `from`, in the order of memory. */
static bool export_tensor(struct lathe_tensors *out, const struct lathe_tensor *tensor,
                          const char *prefix, const lathe_real *from, struct lathe_error *err)
{
  char name[LATHE_TENSOR_NAME];
  int64_t size = lathe_tensor_size(tensor);
  snprintf(name, sizeof name, "%s%s", prefix, tensor->name);
  const bool finite = lathe_all_finite(from, (size_t)size);
  for (int64_t i = 0; i < size && !finite; i++) {
    lathe_real value = from[lathe_stored_index(tensor, i)];
    if (!isfinite(value))
      return lathe_fail(err,
                        "weights: %s became %g at %lld: training diverged; lower the learning "
                        "rate",
                        name, (double)value, (long long)i);
  }
  if (out->deferred)
    return lathe_tensors_defer(out, name, real_dtype, tensor->rank, tensor->shape, gather, tensor,
                               from, err);
  lathe_real *to = lathe_tensors_add(out, name, real_dtype, tensor->rank, tensor->shape, err);
  if (to)
    gather(tensor, from, 0, size, to);
  return to != NULL;
}

static void import_tensor(const struct lathe_array *array, const struct lathe_tensor *tensor,
                          lathe_real *to)
{
  size_t at[RUN];
  for (int64_t done = 0; done < array->count; done += RUN) {
    const int64_t n = array->count - done < RUN ? array->count - done : RUN;
    lathe_stored_indices(tensor, done, n, at);
    for (int64_t i = 0; i < n; i++)
      to[at[i]] = (lathe_real)lathe_array_real(array, done + i);
  }
}

bool lathe_weights_export(struct lathe_tensors *out, const struct lathe_model *model,
                          const struct lathe_state *state, const struct lathe_mixture *mixture,
                          int64_t steps, struct lathe_error *err)
{
  for (int i = 0; i < model->tensor_count; i++) {
    const struct lathe_tensor *tensor = &model->tensors[i];
    if (tensor->role == LATHE_COUNTER) {
      int64_t *counter = lathe_tensors_add(out, tensor->name, LATHE_I64, 0, NULL, err);
      if (!counter)
        return false;
      *counter = steps;
    } else if (!export_tensor(out, tensor, "", state->fixed + tensor->offset, err)) {
      return false;
    }
  }
  return !mixture || lathe_mixture_export(out, mixture, err);
}

static bool is_known(const struct lathe_model *model, const char *name)
{
  if (lathe_tensor_named(model, name))
    return true;
  for (int i = 0; i < OTHER_PREFIXES; i++)
    if (strncmp(name, other_prefixes[i], strlen(other_prefixes[i])) == 0)
      return true;
  return lathe_mixture_owns(name);
}

/* Complains about all that does not fit the model's tensors; finds the first counter's value. */
static void check_tensors(const struct lathe_tensors *in, const struct lathe_model *model,
                          int64_t *steps, struct lathe_complaints *complaints)
{
  bool counted = false;
  for (int i = 0; i < model->tensor_count; i++) {
    const struct lathe_tensor *tensor = &model->tensors[i];
    if (tensor->role != LATHE_COUNTER) {
      lathe_expect_tensor(complaints, in, tensor->name, largest_real, tensor->rank, tensor->shape);
    } else if (lathe_tensors_find(in, tensor->name)) {
      const struct lathe_array *array =
          lathe_expect_tensor(complaints, in, tensor->name, 0, tensor->rank, tensor->shape);
      int64_t value = array ? *(const int64_t *)array->data : 0;
      if (value < 0)
        lathe_complain(complaints, "%s counts %lld steps", tensor->name, (long long)value);
      if (!counted)
        *steps = value;
      counted = true;
    }
  }
  for (int i = 0; i < in->count; i++)
    if (!is_known(model, in->items[i].name))
      lathe_complain(complaints, "%.100s is unknown", in->items[i].name);
}

bool lathe_weights_import(const struct lathe_tensors *in, const char *name,
                          const struct lathe_model *model, struct lathe_state *state,
                          struct lathe_mixture *mixture, int64_t *steps, struct lathe_error *err)
{
  struct lathe_complaints complaints = {0};
  int64_t counted = 0;
  check_tensors(in, model, &counted, &complaints);
  if (mixture && !lathe_mixture_import(in, model, mixture, &complaints, err))
    return false;
  if (!lathe_complaints_report(&complaints, name, model->name, err)) {
    if (mixture)
      lathe_mixture_free(mixture);
    return false;
  }
  state->tables = 0;
  for (int i = 0; i < model->tensor_count; i++) {
    const struct lathe_tensor *tensor = &model->tensors[i];
    if (tensor->role != LATHE_COUNTER)
      import_tensor(lathe_tensors_find(in, tensor->name), tensor, state->fixed + tensor->offset);
  }
  if (steps)
    *steps = counted;
  return true;
}

bool lathe_weights_export_block(struct lathe_tensors *out, const struct lathe_model *model,
                                const char *prefix, const lathe_real *block,
                                struct lathe_error *err)
{
  for (int i = 0; i < model->tensor_count; i++) {
    const struct lathe_tensor *tensor = &model->tensors[i];
    if (tensor->role == LATHE_PARAMETER &&
        !export_tensor(out, tensor, prefix, block + tensor->offset, err))
      return false;
  }
  return true;
}

bool lathe_weights_import_block(const struct lathe_tensors *in, const char *name,
                                const struct lathe_model *model, const char *prefix,
                                lathe_real *block, struct lathe_error *err)
{
  struct lathe_complaints complaints = {0};
  char full[LATHE_TENSOR_NAME];
  for (int copy = 0; copy < 2; copy++) { /* look at all of them before any is copied */
    for (int i = 0; i < model->tensor_count; i++) {
      const struct lathe_tensor *tensor = &model->tensors[i];
      if (tensor->role != LATHE_PARAMETER)
        continue;
      snprintf(full, sizeof full, "%s%s", prefix, tensor->name);
      if (copy)
        import_tensor(lathe_tensors_find(in, full), tensor, block + tensor->offset);
      else
        lathe_expect_tensor(&complaints, in, full, largest_real, tensor->rank, tensor->shape);
    }
    if (!lathe_complaints_report(&complaints, name, model->name, err))
      return false;
  }
  return true;
}
