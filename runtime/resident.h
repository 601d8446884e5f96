/* Memory that is not needed any more, given back to the system while the program goes on: what
 * stays resident is what is worked with. Each is a hint; where the system has no such means,
 * nothing happens. */
#ifndef LATHE_RESIDENT_H
#define LATHE_RESIDENT_H

#include <stddef.h>

/* Gives back the whole pages of `bytes` bytes at `memory`, whose contents are lost: they read as
 * anything until written again. */
void lathe_resident_release(void *memory, size_t bytes);

/* Gives back what is free in the heap, and the pages of the program's libraries that were read to
 * start it (symbol tables for the most part, several MB): those in use come back from the files
 * when they are touched. */
void lathe_resident_trim(void);

#endif
