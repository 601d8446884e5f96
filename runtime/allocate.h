/* Memory whose size comes from what a person asked for or a file holds. */
#ifndef LATHE_ALLOCATE_H
#define LATHE_ALLOCATE_H

#include "error.h"
#include <stddef.h>
#include <stdint.h>

/* `count` x `each` zeroed values of `size` bytes, to be freed with free(); NULL, with a message
 * that says what they were for, when there is no such memory. */
void *lathe_allocate(int64_t count, int64_t each, size_t size, const char *what,
                     struct lathe_error *err);

#endif
