/* A list of named tensors with some metadata: what a weights file holds. */
#ifndef LATHE_TENSORS_H
#define LATHE_TENSORS_H

#include "array.h"

enum { LATHE_TENSORS_MOST = 16384 };

/* Writes the values first .. first+count-1 of a tensor to `to`. */
typedef void lathe_tensor_values(const void *of, const void *from, int64_t first, int64_t count,
                                 void *to);

struct lathe_tensors_item {
  char *name;
  struct lathe_array array; /* U8, I64, F32 or F64 */
  /* Not NULL: the values are not in array.data, which is NULL, but are asked for when the tensor is
   * written, a few at a time; `of` and `from` are the function's, and outlive the list. */
  lathe_tensor_values *values;
  const void *of, *from;
};

struct lathe_tensors_pair {
  char *key, *value;
};

/* In the order in which they were added. Starts as an all-zero struct; owns all that is in it. */
struct lathe_tensors {
  struct lathe_tensors_item *items;
  int count;
  struct lathe_tensors_pair *metadata;
  int metadata_count;
  bool deferred; /* weights are added without their values, to be written and not to be read */
};

void lathe_tensors_free(struct lathe_tensors *tensors);

/* Adds a tensor and returns its zeroed values, to be filled by the caller and owned by `tensors`.
 * Rank 0 is a scalar. NULL when the name is taken, the type none of the four, the shape impossible,
 * there are LATHE_TENSORS_MOST already, or there is no memory. */
void *lathe_tensors_add(struct lathe_tensors *tensors, const char *name, enum lathe_dtype dtype,
                        int rank, const int64_t *shape, struct lathe_error *err);

/* Adds a tensor whose values will be asked for. */
bool lathe_tensors_defer(struct lathe_tensors *tensors, const char *name, enum lathe_dtype dtype,
                         int rank, const int64_t *shape, lathe_tensor_values *values,
                         const void *of, const void *from, struct lathe_error *err);

/* Adds a line of metadata, or replaces the value of `key`. */
bool lathe_tensors_add_metadata(struct lathe_tensors *tensors, const char *key, const char *value,
                                struct lathe_error *err);

/* The tensor of that name; NULL when there is none. Valid until the next add. */
const struct lathe_array *lathe_tensors_find(const struct lathe_tensors *tensors, const char *name);

/* The metadata's value for `key`; NULL when there is none. */
const char *lathe_tensors_metadata(const struct lathe_tensors *tensors, const char *key);

#endif
