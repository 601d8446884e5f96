/* Checks tensors from a file against what a model expects, and collects all that is wrong, so that
 * one message names every mismatch. */
#ifndef LATHE_TENSOR_CHECK_H
#define LATHE_TENSOR_CHECK_H

#include "tensors.h"

enum { LATHE_TENSOR_NAME = 256 };

/* Starts as an all-zero struct. */
struct lathe_complaints {
  char text[720];
  size_t used;
  int unsaid; /* those for which there was no room */
};

void lathe_complain(struct lathe_complaints *complaints, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* True when there are none; else fails with all of them. `name` is the file's, `model` the model's.
 */
bool lathe_complaints_report(const struct lathe_complaints *complaints, const char *name,
                             const char *model, struct lathe_error *err);

/* The tensor of that name and shape: real numbers (F32 or F64), finite and of a magnitude of at
 * most `largest`; or whole ones (I64) when `largest` is 0. NULL, with a complaint, when it is not
 * there or not so. */
const struct lathe_array *lathe_expect_tensor(struct lathe_complaints *complaints,
                                              const struct lathe_tensors *tensors, const char *name,
                                              double largest, int rank, const int64_t *shape);

/* Value i of an F32 or F64 array. */
double lathe_array_real(const struct lathe_array *array, int64_t i);

#endif
