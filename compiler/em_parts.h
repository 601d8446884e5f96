/* What the files of EM's emission share; em.h is what others use. */
#ifndef EM_PARTS_H
#define EM_PARTS_H

#include "em.h"

/* How a model's EM is laid out. Dimensions go through registers a few at a time: `whole` of them in
 * groups of equal size, the `rest` in a group of its own. */
struct em_groups {
  int64_t size, whole, rest;
};

struct em_shape {
  int64_t components, dimensions;
  enum lathe_covariance covariance;
  bool matrix;            /* covariances are matrices: full or tied */
  int64_t triangle;       /* numbers in a symmetric matrix */
  int64_t second;         /* second moments */
  int64_t block;          /* points that are worked on together */
  struct em_groups tiles; /* of rows, and columns, of matrices */
  struct em_groups spans; /* of dimensions that only go with themselves */
};

struct em_shape em_shape_of(const struct model *model);

/* em_density.c: struct densities, its preparation, and the posteriors of a block. */
void emit_densities(struct emitter *e, const struct em_shape *shape);

/* em_moments.c: what a block adds to the sums, and the next mixture from them. */
void emit_moments(struct emitter *e, const struct em_shape *shape);

#endif
