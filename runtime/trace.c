#include "trace.h"
#include "allocate.h"
#include "columns.h"
#include "tensor_check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers in one image's value, or in the whole of a table. */
static int64_t value_size(const struct lathe_value *value)
{
  int64_t size = 1;
  for (int i = 0; i < value->rank; i++)
    size *= value->shape[i];
  return size;
}

/* One number an image: a part of its loss. */
static bool is_loss(const struct lathe_value *value)
{
  return value->wide && value->per_image && value_size(value) == 1;
}

void lathe_value_name(const struct lathe_value *value, char name[LATHE_TENSOR_NAME])
{
  const char *kind = "activation.", *of = value->name;
  if (is_loss(value))
    kind = "loss.image.";
  if (strncmp(of, "d.", 2) == 0) {
    kind = "gradient.activation.";
    of += 2;
  }
  snprintf(name, LATHE_TENSOR_NAME, "%s%s", kind, of);
}

static void *add_value(const struct lathe_value *value, int n, struct lathe_tensors *out,
                       struct lathe_error *err)
{
  char name[LATHE_TENSOR_NAME];
  int rank = 0;
  int64_t shape[4];
  lathe_value_name(value, name);
  if (value->per_image)
    shape[rank++] = n;
  for (int i = 0; i < value->rank && !is_loss(value); i++)
    shape[rank++] = value->shape[i];
  return lathe_tensors_add(out, name, value->wide ? LATHE_F64 : lathe_real_dtype(), rank, shape,
                           err);
}

/* Copies `count` images' values of `size` numbers each. Those that are interleaved lie with all
 * channels of a place together: number ch * places + p of PyTorch's order at p * channels + ch. */
static void copy_value(const struct lathe_value *value, int64_t count, const void *from, void *to)
{
  size_t bytes = value->wide ? sizeof(double) : sizeof(lathe_real);
  int64_t size = value_size(value);
  int64_t channels = value->interleave > 0 ? value->interleave : 1, places = size / channels;
  const unsigned char *in = from;
  unsigned char *out = to;
  if (channels == 1 || places == 1) {
    memcpy(out, in, (size_t)(count * size) * bytes);
    return;
  }
  for (int64_t i = 0; i < count * size; i++) {
    int64_t image = i / size, channel = i % size / places, place = i % places;
    memcpy(out + (size_t)i * bytes,
           in + (size_t)(image * size + place * channels + channel) * bytes, bytes);
  }
}

static void after_kernel(void *arg, int kernel)
{
  struct lathe_trace *trace = arg;
  const struct lathe_state *state = trace->state;
  for (int i = 0; i < trace->model->value_count; i++) {
    const struct lathe_value *value = &trace->model->values[i];
    if (value->kernel != kernel)
      continue;
    const lathe_real *from = value->per_image
                                 ? state->batch + value->offset * (size_t)state->capacity
                                 : state->fixed + value->offset;
    copy_value(value, value->per_image ? trace->images : 1, from, trace->to[i]);
    trace->copied++;
  }
}

bool lathe_trace_start(struct lathe_trace *trace, const struct lathe_model *model,
                       struct lathe_state *state, int n, struct lathe_tensors *out,
                       struct lathe_error *err)
{
  *trace = (struct lathe_trace){.model = model, .state = state, .images = n};
  trace->to = lathe_allocate(model->value_count, 1, sizeof *trace->to, "the traced values", err);
  if (!trace->to)
    return false;
  for (int i = 0; i < model->value_count; i++)
    if (!(trace->to[i] = add_value(&model->values[i], n, out, err)))
      return false;
  state->after_kernel = after_kernel;
  state->after_arg = trace;
  return true;
}

bool lathe_trace_stop(struct lathe_trace *trace, struct lathe_error *err)
{
  int missed = trace->model->value_count - trace->copied;
  trace->state->after_kernel = NULL;
  trace->state->after_arg = NULL;
  free(trace->to);
  trace->to = NULL;
  return missed == 0 || lathe_fail(err,
                                   "%d values of model %s were not seen in its training step: "
                                   "the emitted code does not fit its table",
                                   missed, trace->model->name);
}
