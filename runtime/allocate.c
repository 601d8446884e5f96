#include "allocate.h"
#include <stdlib.h>

void *lathe_allocate(int64_t count, int64_t each, size_t size, const char *what,
                     struct lathe_error *err)
{
  size_t n = count > 0 ? (size_t)count : 1, m = each > 0 ? (size_t)each : 1;
  void *memory = m <= SIZE_MAX / size ? calloc(n, m * size) : NULL;
  if (!memory)
    lathe_fail(err, "not enough memory for %s (%.1f MiB): use fewer images or free some memory",
               what, (double)n * (double)m * (double)size / 0x1p20);
  return memory;
}
