#include "tensor_order.h"
#include <string.h>

int64_t lathe_tensor_size(const struct lathe_tensor *tensor)
{
  int64_t size = 1;
  for (int i = 0; i < tensor->rank; i++)
    size *= tensor->shape[i];
  return size;
}

const struct lathe_tensor *lathe_tensor_named(const struct lathe_model *model, const char *name)
{
  for (int i = 0; i < model->tensor_count; i++)
    if (strcmp(model->tensors[i].name, name) == 0)
      return &model->tensors[i];
  return NULL;
}

size_t lathe_stored_index(const struct lathe_tensor *tensor, int64_t logical)
{
  if (tensor->axes == 0)
    return (size_t)logical;
  int64_t place[LATHE_MAX_AXES] = {0};
  for (int axis = tensor->axes - 1; axis >= 0; axis--) {
    place[axis] = logical % tensor->extent[axis];
    logical /= tensor->extent[axis];
  }
  int64_t stored = 0;
  for (int i = 0; i < tensor->axes; i++) {
    int axis = tensor->order[i];
    stored = stored * tensor->extent[axis] + place[axis];
  }
  return (size_t)stored;
}

/* Steps the last axis until it is used up, then looks for the next row's first element anew. */
void lathe_stored_indices(const struct lathe_tensor *tensor, int64_t first, int64_t n, size_t *out)
{
  const int last = tensor->axes - 1;
  const int64_t row = tensor->axes == 0 ? lathe_tensor_size(tensor) : tensor->extent[last];
  size_t step = 1; /* from one element of a row to the next, in memory */
  for (int i = last; i >= 0 && tensor->order[i] != last; i--)
    step *= (size_t)tensor->extent[tensor->order[i]];
  for (int64_t i = 0; i < n;) {
    int64_t left = row - (first + i) % row;
    size_t at = lathe_stored_index(tensor, first + i);
    for (; left > 0 && i < n; left--, i++, at += step)
      out[i] = at;
  }
}
