/* Which algorithm computes a product or a convolution: what the description or the command line
 * asks for, else what a cost model thinks the fastest for the shape. */
#ifndef ALGORITHM_H
#define ALGORITHM_H

#include "algorithms.h"
#include "graph.h"

struct algorithm_info {
  const char *name;
  const char *linear, *convolution; /* its title there; "" where it does not apply */
  const char *help;
};

extern const struct algorithm_info algorithm_table[ALGORITHM_COUNT];

/* A product [images x rows, inner] x [inner, columns], whose right side lies in memory as it is, or
 * transposed. */
struct product {
  int64_t rows, columns, inner;
  bool as_it_lies;
};

/* For LAYER=NAME, `lathe build --algorithm`: has the layer of that name (encoder.2), or all of that
 * kind (conv2d) for which the algorithm can be used, computed by the algorithm of that name. Says
 * on standard error what is wrong with the text, and returns false. */
bool algorithm_choose(const struct model *model, const char *text);

/* Whether the algorithm can be used for the convolution. */
bool algorithm_suits(const struct convolution *c, int algorithm);

enum algorithm linear_algorithm(const struct graph *g, const struct layer *layer,
                                const struct product *p);
enum algorithm convolution_algorithm(const struct graph *g, const struct layer *layer,
                                     const struct convolution *c);

#endif
