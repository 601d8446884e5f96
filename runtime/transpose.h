/* Arrays in Fortran (column-major) order, brought to C (row-major) order where they lie. */
#ifndef LATHE_TRANSPOSE_H
#define LATHE_TRANSPOSE_H

#include "error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rearranges the values of an array [shape] that are stored with the first index running fastest so
 * that the last one does. An element has `size` bytes: 1, 2, 4 or 8. Needs memory for one row or
 * one column of the matrices that are transposed: of [N, F] at most the larger of N values and F
 * lines of cache. Fails without it, with the values in no order. Method: Catanzaro, Keller,
 * Garland, "A decomposition for in-place matrix transposition" (PPoPP 2014). */
bool lathe_reverse_axes(void *values, int rank, const int64_t *shape, size_t size,
                        struct lathe_error *err);

#endif
