/* What the compiler knows of products (pack.h, product.h), whatever machine the code is compiled
 * for: the room that a packed operand takes, and how much is fetched ahead. */
#ifndef LATHE_PACKED_H
#define LATHE_PACKED_H

#include <stddef.h>

/* Columns of the widest panel there is (product.h): two vectors of 64 bytes of floats. */
enum { LATHE_WIDEST_PANEL = 32 };

/* Stretches that a product can fetch for its caller, at most: a weight and two means of an
 * optimiser. */
enum { LATHE_NEXT = 3 };

/* Elements of a packed operand [k, n], at most. */
#define LATHE_PACKED(k, n)                                                                         \
  ((size_t)(k) * (((size_t)(n) + LATHE_WIDEST_PANEL - 1) / LATHE_WIDEST_PANEL * LATHE_WIDEST_PANEL))

#endif
