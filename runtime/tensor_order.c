#include "tensor_order.h"

int64_t lathe_tensor_size(const struct lathe_tensor *tensor)
{
  int64_t size = 1;
  for (int i = 0; i < tensor->rank; i++)
    size *= tensor->shape[i];
  return size;
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
