/* The compiler's memory: everything a compilation makes lives until it ends, in one pool. */
#ifndef MEM_H
#define MEM_H

#include <stddef.h>

struct mem;

/* An empty pool; mem_free releases it and all that was allocated from it. Running out of memory
 * ends the compiler with a message and status 1, so no allocation returns NULL. */
struct mem *mem_new(void);
void mem_free(struct mem *mem);

/* Says that memory is out, and ends the compiler; before that calls what mem_when_exhausted has
 * been given last, which must not need the pool. */
_Noreturn void mem_exhausted(void);
void mem_when_exhausted(void clean_up(void));

/* malloc that calls it: for libraries. */
void *mem_malloc(size_t size);

/* `size` zeroed bytes, aligned for any type. */
void *mem_alloc(struct mem *mem, size_t size);

/* A copy of `length` characters, NUL-terminated. */
char *mem_string(struct mem *mem, const char *text, size_t length);

/* A formatted string. */
char *mem_printf(struct mem *mem, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Grows an array in the pool: returns room for at least `needed` items of `size` bytes, the first
 * `*capacity` of them copied, and updates *capacity. */
void *mem_grow(struct mem *mem, void *items, int *capacity, int needed, size_t size);

#endif
