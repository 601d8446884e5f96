/* Arrays of real numbers that commands read from .npz and .npy files: noise, points, mixtures. */
#ifndef LATHE_NUMBERS_H
#define LATHE_NUMBERS_H

#include "array.h"

/* Reads float32 or float64 numbers: the file's only array, or of an .npz the member `member`, or
 * else, when `otherwise` is not NULL, that one. An extent of -1 (one at most) stands for any of at
 * least 1. Fails, naming both, for another type or shape, and for values that are not finite. `out`
 * is to be freed with lathe_array_free; it is empty on failure. */
bool lathe_numbers_read(struct lathe_array *out, const char *path, const char *member,
                        const char *otherwise, int rank, const int64_t *shape,
                        struct lathe_error *err);

#endif
