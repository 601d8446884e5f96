/* What the lowering of layers shares. */
#ifndef LOWER_PARTS_H
#define LOWER_PARTS_H

#include "lower.h"

struct lowering {
  struct mem *mem;
  const struct model *model;
  struct graph *graph;
  struct parameters *parameters;
  bool training;
  const struct section *section; /* being lowered, */
  int position;                  /* at this layer */
  struct node **inputs;          /* what each layer of the section received */
  struct node *mean, *logvar;    /* set by the head */
  struct node *draw;             /* what random numbers derive from; NULL while none is drawn */
  int dropouts;
};

/* Parameters `LAYER.weight` (1 at first) and `LAYER.bias` (0) of the shape given, whose values, as
 * a vector, lie in memory with that interleave. */
struct scale_and_shift {
  struct node *weight, *bias;
};
struct scale_and_shift lower_scale_and_shift(struct lowering *l, const struct layer *layer,
                                             const struct shape *shape, int64_t interleave);

#endif
