/* A list of named tensors with some metadata: what a weights file holds. */
#ifndef LATHE_TENSORS_H
#define LATHE_TENSORS_H

#include "array.h"

enum { LATHE_TENSORS_MOST = 16384 };

struct lathe_tensors_item {
  char *name;
  struct lathe_array array; /* U8, I64, F32 or F64 */
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
};

void lathe_tensors_free(struct lathe_tensors *tensors);

/* Adds a tensor and returns its zeroed values, to be filled by the caller and owned by `tensors`.
 * Rank 0 is a scalar. NULL when the name is taken, the type none of the four, the shape impossible,
 * there are LATHE_TENSORS_MOST already, or there is no memory. */
void *lathe_tensors_add(struct lathe_tensors *tensors, const char *name, enum lathe_dtype dtype,
                        int rank, const int64_t *shape, struct lathe_error *err);

/* Adds a line of metadata, or replaces the value of `key`. */
bool lathe_tensors_add_metadata(struct lathe_tensors *tensors, const char *key, const char *value,
                                struct lathe_error *err);

/* The tensor of that name; NULL when there is none. Valid until the next add. */
const struct lathe_array *lathe_tensors_find(const struct lathe_tensors *tensors, const char *name);

/* The metadata's value for `key`; NULL when there is none. */
const char *lathe_tensors_metadata(const struct lathe_tensors *tensors, const char *key);

#endif
