/* Memory asked for before it is needed. */
#ifndef LATHE_FETCH_H
#define LATHE_FETCH_H

#include "real.h"
#include <stddef.h>
#include <stdint.h>

/* Begins to bring the line of values[index] near. It need not exist: an address, not an element. */
static inline void lathe_fetch(const lathe_real *values, ptrdiff_t index)
{
  __builtin_prefetch((const void *)((uintptr_t)values + (uintptr_t)index * sizeof *values));
}

#endif
