/* Which algorithm computes a product or a convolution: what the command line or the description
 * asks for, else what `lathe tune` found, else what a cost model thinks the fastest for the shape.
 */
#ifndef ALGORITHM_H
#define ALGORITHM_H

#include "algorithms.h"
#include "schedule.h"

struct algorithm_info {
  const char *name;
  const char *linear, *convolution; /* its title there; "" where it does not apply */
  const char *help;
};

extern const struct algorithm_info algorithm_table[ALGORITHM_COUNT]; /* ALGORITHM_ANY: NULLs */

struct use_info {
  const char *name, *help;
};

extern const struct use_info use_table[USES];

/* What an algorithm is, in a line; NULL for ALGORITHM_ANY. */
const char *algorithm_help(int algorithm);

/* Who has chosen. */
enum chooser { CHOSEN_BY_COST, CHOSEN_BY_MEASUREMENT, CHOSEN_BY_DESCRIPTION, CHOSEN_BY_COMMAND };
enum chooser algorithm_chooser(const struct layer *layer, enum algorithm_use use);
const char *chooser_name(enum chooser chooser); /* "cost model" */

/* A product [images x rows, inner] x [inner, columns], whose right side lies in memory as it is, or
 * transposed. */
struct product {
  int64_t rows, columns, inner;
  bool as_it_lies;
  int images_a_pack; /* of so many images a task, each of which packs the right side; 0: one does */
};

/* For LAYER=NAME, `lathe build --algorithm`: has the layer of that name (encoder.2), or all of that
 * kind (conv2d) for which the algorithm can be used, computed by the algorithm of that name. Says
 * on standard error what is wrong with the text, and returns false. */
bool algorithm_choose(const struct model *model, const char *text);

/* Whether the algorithm can be used for the convolution. */
bool algorithm_suits(const struct convolution *c, int algorithm);

/* Whether a layer has a product or a convolution. */
bool layer_multiplies(const struct layer *layer);

/* Whether it is one that the layer's product or convolution can be computed by for that use, as
 * measurements choose: plain loops are not. */
bool algorithm_serves(const struct layer *layer, enum algorithm_use use, enum algorithm algorithm);

/* What a kernel that makes a product or a convolution is for. */
enum algorithm_use kernel_use(const struct kernel *kernel);

/* What is asked for, for the layer (NULL: none) and that use; ALGORITHM_ANY: nothing. */
enum algorithm algorithm_asked(const struct graph *g, const struct layer *layer,
                               enum algorithm_use use);

/* What a product, or a layer's convolution in the graph's forward part, is computed by. */
enum algorithm linear_algorithm(const struct graph *g, const struct layer *layer,
                                enum algorithm_use use, const struct product *p);
enum algorithm convolution_algorithm(const struct graph *g, const struct layer *layer,
                                     const struct convolution *c);

#endif
