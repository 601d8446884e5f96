/* Loops of the ops that sum each channel over the whole batch. */
#ifndef OP_CHANNEL_H
#define OP_CHANNEL_H

#include "../emit_kernel.h"

enum { CHANNEL_OPERANDS = 2 };

/* What is summed: in the term, $at is the element's index, $c the index into per-channel arrays
 * that are local to this task, $channel the channel's own number. */
struct channel_sum {
  const char *name;                 /* of the sums: double NAME[channels of the task] */
  const char *of[CHANNEL_OPERANDS]; /* the operands that are read at $at; NULL: no more */
  const char *term;
};

/* Emits the sums and the loop that adds the term to them over all rows of `x`'s values. */
void emit_channel_sum(struct emitter *e, const struct kernel *kernel, const struct node *x,
                      const struct channel_sum *sum);

/* Emits the loop over this task's channels; in `body`, $c and $channel as above. */
void emit_each_channel(struct emitter *e, const struct kernel *kernel, const char *body);

#endif
