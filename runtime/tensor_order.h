/* From a tensor's PyTorch (row-major) order to the order in which it lies in memory. */
#ifndef LATHE_TENSOR_ORDER_H
#define LATHE_TENSOR_ORDER_H

#include "model.h"
#include <stddef.h>
#include <stdint.h>

/* Elements of the tensor: the product of its shape, 1 for a scalar. */
int64_t lathe_tensor_size(const struct lathe_tensor *tensor);

/* The model's tensor of that name, NULL if it has none. */
const struct lathe_tensor *lathe_tensor_named(const struct lathe_model *model, const char *name);

/* The initial value of element `logical` of a tensor whose values are not drawn. */
static inline double lathe_tensor_initial(const struct lathe_tensor *tensor, int64_t logical)
{
  return tensor->values ? tensor->values[logical] : tensor->fill;
}

/* Where element `logical` (row-major in tensor->shape, 0 <= logical < lathe_tensor_size) is stored:
 * elements from state->fixed + tensor->offset. A tensor with no axes is stored as it is. */
size_t lathe_stored_index(const struct lathe_tensor *tensor, int64_t logical);

/* The same of the n elements from `first` on, faster than one by one. */
void lathe_stored_indices(const struct lathe_tensor *tensor, int64_t first, int64_t n, size_t *out);

/* Their values, of a tensor that lies at `from`. */
void lathe_stored_values(const struct lathe_tensor *tensor, const lathe_real *from, int64_t first,
                         int64_t n, lathe_real *restrict out);

#endif
