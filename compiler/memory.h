/* What the arena of a binary is made of. */
#ifndef MEMORY_H
#define MEMORY_H

#include "compile.h"

struct memory_part {
  const char *name;
  int64_t inference, training; /* bytes */
};

enum { MEMORY_PARTS = 5, MEMORY_ACTIVATIONS = 2 };

/* Bytes of one value of the model's tensors. */
int64_t value_bytes(const struct compilation *c);

/* The arena's parts for a batch of `capacity` images and so many threads, in the arena's order. */
void memory_parts(const struct compilation *c, int64_t capacity, int64_t threads,
                  struct memory_part parts[MEMORY_PARTS]);
struct memory_part memory_total(const struct memory_part parts[MEMORY_PARTS]);

/* "131,200" */
const char *grouped(struct mem *mem, int64_t value);

#endif
