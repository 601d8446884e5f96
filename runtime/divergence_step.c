#include "divergence_step.h"
#include "finite.h"
#include "optimiser_state.h"
#include "tensor_order.h"
#include "trace.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* "[3, 17]" of element `index` of a shape, row-major. */
static void write_place(char text[64], int rank, const int64_t *shape, int64_t index)
{
  int64_t at[LATHE_MAX_RANK + 1] = {0};
  int used = 0;
  for (int i = rank - 1; i >= 0; i--) {
    at[i] = index % shape[i];
    index /= shape[i];
  }
  text[0] = '\0';
  for (int i = 0; i < rank && used < 48; i++)
    used +=
        snprintf(text + used, 64 - (size_t)used, "%s%lld", i == 0 ? "[" : ", ", (long long)at[i]);
  if (rank > 0)
    snprintf(text + used, 64 - (size_t)used, "]");
}

static void find_layer(struct lathe_divergence *found, const struct lathe_model *model,
                       const char *layer)
{
  snprintf(found->layer, sizeof found->layer, "%s", layer);
  for (int i = 0; i < model->layer_count; i++)
    if (strcmp(model->layers[i].name, layer) == 0)
      found->text = model->layers[i].text;
  for (int i = 0; i < model->kernel_count && found->line == 0; i++)
    if (strcmp(model->kernels[i].layer, layer) == 0)
      found->line = model->kernels[i].line;
}

/* ---- Values of the batch ---- */

static double value_at(const struct lathe_value *value, const void *from, int64_t stored)
{
  return value->wide ? ((const double *)from)[stored] : (double)((const lathe_real *)from)[stored];
}

/* Number `index` of PyTorch's order is stored there: trace.c says how. */
static int64_t stored_at(const struct lathe_value *value, int64_t size, int64_t index)
{
  int64_t channels = value->interleave > 0 ? value->interleave : 1, places = size / channels;
  int64_t image = index / size, within = index % size;
  return image * size + within % places * channels + within / places;
}

static bool look_at_value(struct lathe_step_watch *watch, const struct lathe_value *value)
{
  const struct lathe_state *state = watch->state;
  struct lathe_divergence *found = watch->divergence;
  const lathe_real *from = value->per_image ? state->batch + value->offset * (size_t)state->capacity
                                            : state->fixed + value->offset;
  int64_t size = 1, shape[4], count = value->per_image ? watch->images : 1;
  int rank = 0;
  if (value->per_image)
    shape[rank++] = count;
  for (int i = 0; i < value->rank; i++)
    size *= shape[rank++] = value->shape[i];
  for (int64_t i = 0; i < count * size; i++) {
    double number = value_at(value, from, stored_at(value, size, i));
    if (isfinite(number))
      continue;
    lathe_value_name(value, found->tensor);
    write_place(found->place, rank, shape, i);
    found->value = number;
    found->image = value->per_image ? i / size : -1;
    return found->found = true;
  }
  return false;
}

/* ---- What is laid out as the parameters are ---- */

/* The tensors of one role in a block of `fixed`, whose names in `trace` have that prefix. */
static bool look_at_block(struct lathe_step_watch *watch, enum lathe_role role, size_t block,
                          const char *prefix)
{
  struct lathe_divergence *found = watch->divergence;
  for (int t = 0; t < watch->model->tensor_count; t++) {
    const struct lathe_tensor *tensor = &watch->model->tensors[t];
    const lathe_real *from = watch->state->fixed + block + tensor->offset;
    int64_t size = lathe_tensor_size(tensor), i = 0;
    if (tensor->role != role || lathe_all_finite(from, (size_t)size))
      continue;
    while (i < size - 1 && isfinite(from[lathe_stored_index(tensor, i)]))
      i++;
    snprintf(found->tensor, sizeof found->tensor, "%s%s", prefix, tensor->name);
    write_place(found->place, tensor->rank, tensor->shape, i);
    found->value = (double)from[lathe_stored_index(tensor, i)];
    found->image = -1;
    return found->found = true;
  }
  return false;
}

/* The optimiser's state comes before the parameters that it changes. */
static bool look_at_update(struct lathe_step_watch *watch)
{
  struct lathe_divergence *found = watch->divergence;
  const struct lathe_model *model = watch->model;
  char prefix[LATHE_TENSOR_NAME] = "";
  for (int i = 0; i < LATHE_MOMENTS && !found->found; i++)
    if (model->moments[i] != 0) {
      lathe_moment_prefix(model, i, prefix);
      look_at_block(watch, LATHE_PARAMETER, model->moments[i], prefix);
    }
  if (!found->found) {
    prefix[0] = '\0';
    if (!look_at_block(watch, LATHE_PARAMETER, 0, prefix))
      return false;
  }
  found->pass = LATHE_UPDATE;
  char layer[LATHE_TENSOR_NAME];
  snprintf(layer, sizeof layer, "%s", found->tensor + strlen(prefix)); /* "encoder.1.weight" */
  char *last = strrchr(layer, '.');
  if (last)
    *last = '\0';
  find_layer(found, watch->model, layer);
  return true;
}

static void after_kernel(void *arg, int kernel)
{
  struct lathe_step_watch *watch = arg;
  struct lathe_divergence *found = watch->divergence;
  const struct lathe_model *model = watch->model;
  if (found->found || kernel >= model->kernel_count)
    return;
  const struct lathe_kernel_cost *at = &model->kernels[kernel];
  bool here = false;
  if (at->pass == LATHE_UPDATE) {
    look_at_update(watch);
    return;
  }
  for (int i = 0; i < model->value_count && !here; i++)
    here = model->values[i].kernel == kernel && look_at_value(watch, &model->values[i]);
  if (at->pass == LATHE_FORWARD)
    here = here || look_at_block(watch, LATHE_BUFFER, 0, "");
  else
    here = here || look_at_block(watch, LATHE_PARAMETER, model->gradients, "gradient.");
  if (!here)
    return;
  found->pass = at->pass;
  found->ops = at->ops;
  find_layer(found, model, at->layer);
}

void lathe_step_watch_start(struct lathe_step_watch *watch, const struct lathe_model *model,
                            struct lathe_state *state, int n, struct lathe_divergence *divergence)
{
  *watch = (struct lathe_step_watch){model, state, n, divergence};
  /* Gradients of an earlier step, or what fast code leaves in their place, are not this one's. */
  if (model->trained > 0)
    memset(state->fixed + model->gradients, 0, model->trained * sizeof(lathe_real));
  state->keep_gradients = true;
  state->after_kernel = after_kernel;
  state->after_arg = watch;
}

void lathe_step_watch_stop(struct lathe_step_watch *watch, struct lathe_loss loss)
{
  struct lathe_divergence *found = watch->divergence;
  watch->state->after_kernel = NULL;
  watch->state->after_arg = NULL;
  if (found->found || look_at_update(watch) || isfinite(loss.total))
    return;
  found->found = true; /* of values that are never in memory */
  found->pass = LATHE_FORWARD;
  snprintf(found->layer, sizeof found->layer, "the loss");
  snprintf(found->tensor, sizeof found->tensor, "loss.total");
  found->value = loss.total;
}
