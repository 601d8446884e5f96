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

/* Elements of the last axis, which come one after the other in PyTorch's order; *step receives how
 * far they are apart in memory. */
static int64_t row_of(const struct lathe_tensor *tensor, size_t *step)
{
  const int last = tensor->axes - 1;
  *step = 1;
  for (int i = last; i >= 0 && tensor->order[i] != last; i--)
    *step *= (size_t)tensor->extent[tensor->order[i]];
  return tensor->axes == 0 ? lathe_tensor_size(tensor) : tensor->extent[last];
}

/* Steps the last axis until it is used up, then looks for the next row's first element anew. */
void lathe_stored_indices(const struct lathe_tensor *tensor, int64_t first, int64_t n, size_t *out)
{
  size_t step;
  const int64_t row = row_of(tensor, &step);
  for (int64_t i = 0; i < n;) {
    int64_t left = row - (first + i) % row;
    size_t at = lathe_stored_index(tensor, first + i);
    for (; left > 0 && i < n; left--, i++, at += step)
      out[i] = at;
  }
}

/* Some rows side by side, so that a line of memory, which elements of several rows share, is read
 * once: where rows are 2 KiB apart, few lines fit into a cache. */
void lathe_stored_values(const struct lathe_tensor *tensor, const lathe_real *from, int64_t first,
                         int64_t n, lathe_real *restrict out)
{
  enum { ROWS = 16, ALONG = 16 };
  size_t step;
  const int64_t row = row_of(tensor, &step);
  for (int64_t done = 0; done < n;) {
    int64_t begin[ROWS + 1];
    const lathe_real *at[ROWS];
    int rows = 0;
    for (; rows < ROWS && done < n; rows++) {
      const int64_t left = row - (first + done) % row;
      begin[rows] = done;
      at[rows] = from + lathe_stored_index(tensor, first + done);
      done += left < n - done ? left : n - done;
    }
    begin[rows] = done;
    for (int64_t k = 0; k < row; k += ALONG)
      for (int r = 0; r < rows; r++) {
        const int64_t length = begin[r + 1] - begin[r];
        const int64_t end = length - k < ALONG ? length : k + ALONG;
        for (int64_t i = k; i < end; i++)
          out[begin[r] + i] = at[r][(size_t)i * step];
      }
  }
}
