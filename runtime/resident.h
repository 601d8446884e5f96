/* What the system is told of memory: what is not needed any more, so that what stays resident is
 * what is worked with, and what is large. Each is a hint; where the system has no such means,
 * nothing happens. */
#ifndef LATHE_RESIDENT_H
#define LATHE_RESIDENT_H

#include <stddef.h>

/* Gives back the whole pages of `bytes` bytes at `memory`, whose contents are lost: they read as
 * anything until written again. */
void lathe_resident_release(void *memory, size_t bytes);

/* Asks for large pages for `bytes` bytes at `memory`, none of them touched yet, which will all be
 * used: touching them for the first time then takes a tenth of the time. */
void lathe_resident_large(void *memory, size_t bytes);

/* Gives back what is free in the heap, and the pages of the program's libraries that were read to
 * start it (symbol tables for the most part, several MB): those in use come back from the files
 * when they are touched. */
void lathe_resident_trim(void);

#endif
