/* Which algorithm computes a product or a convolution: what the description or the command line
 * asks for, else what a cost model thinks the fastest for the shape. */
#ifndef ALGORITHM_H
#define ALGORITHM_H

#include "graph.h"

enum algorithm {
#define ALGORITHM(id, ...) ALGORITHM_##id,
#include "algorithms.def"
#undef ALGORITHM
  ALGORITHM_COUNT,
  ALGORITHM_ANY = ALGORITHM_COUNT /* nothing was asked for */
};

struct algorithm_info {
  const char *name;
  const char *linear, *convolution; /* its title there; "" where it does not apply */
  const char *help;
};

extern const struct algorithm_info algorithm_table[ALGORITHM_COUNT];

/* A product [images x rows, inner] x [inner, columns]. */
struct product {
  int64_t rows, columns, inner;
};

enum algorithm linear_algorithm(const struct graph *g, const struct layer *layer,
                                const struct product *p);
enum algorithm convolution_algorithm(const struct graph *g, const struct layer *layer,
                                     const struct convolution *c);

#endif
