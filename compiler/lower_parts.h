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
  struct node **inputs;          /* what each layer of the section received, */
  struct node **outputs;         /* and gave */
  struct node *mean, *logvar;    /* set by the head; a code has no logvar, and is the mean */
  struct node *draw;             /* what random numbers derive from; NULL while none is drawn */
  int dropouts;
};

/* The parameter, buffer or counter (then NULL) of that name, known already or new. `layer` may be
 * NULL.
 */
struct node *lower_parameter(struct lowering *l, const struct layer *layer, struct lathe_tensor t);

/* Splits a logical dimension of `size` values that lie interleaved into (channels, positions), and
 * appends the parts to the tensor's axes; in memory the positions come first. */
void lower_split_axis(struct lathe_tensor *t, int64_t size, int64_t interleave);

/* The input's values on the scale on which they are encoded and compared, and what is decoded back
 * from it (lower_normalise.c); as they are when the description has no `normalise`. */
struct node *lower_normalise(struct lowering *l, struct node *images);
struct node *lower_restore(struct lowering *l, struct node *decoded);

/* The losses of what was decoded, as the graph's outputs (lower_losses.c). */
void lower_losses(struct lowering *l, struct node *images, struct node *decoded);

/* What is decoded of what the decoder gives: the likelihood's mean, or its likeliest value. */
struct node *lower_value(struct graph *g, const struct model *model, struct node *decoded);

/* Parameters `LAYER.weight` (1 at first) and `LAYER.bias` (0) of the shape given, whose values, as
 * a vector, lie in memory with that interleave. */
struct scale_and_shift {
  struct node *weight, *bias;
};
struct scale_and_shift lower_scale_and_shift(struct lowering *l, const struct layer *layer,
                                             const struct shape *shape, int64_t interleave);

#endif
