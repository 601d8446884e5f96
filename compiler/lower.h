/* Lowering: the typed model as graphs of ops, one for each of the programs that a binary needs. */
#ifndef LOWER_H
#define LOWER_H

#include "graph.h"

enum program {
  PROGRAM_ENCODE,   /* images -> mean, logvar; batch-norm in evaluation mode */
  PROGRAM_DECODE,   /* latents -> images; likewise */
  PROGRAM_EVALUATE, /* images, noise -> losses; likewise */
  PROGRAM_TRAIN,    /* images, noise -> losses; batch-norm in training mode */
  PROGRAM_COUNT
};

/* The forward graph of `program`, of a mixture alone an empty one. Parameters are found in (or
 * added to) `parameters`. */
struct graph *lower(struct mem *mem, const struct model *model, enum program program,
                    struct parameters *parameters);

/* Lowers one layer: the value that it makes of `x`. layers.def names one for each layer. */
struct lowering;
typedef struct node *lower_layer(struct lowering *l, const struct layer *layer, struct node *x);
lower_layer lower_linear, lower_conv, lower_conv_transpose, lower_max_pool, lower_avg_pool,
    lower_global_avg_pool, lower_upsample, lower_dropout, lower_residual, lower_concat, lower_shortcut,
    lower_layernorm, lower_groupnorm, lower_batchnorm, lower_activation, lower_view, lower_gaussian,
    lower_code;

#endif
