/* Loops of the ops that sum each channel over the whole batch. */
#ifndef OP_CHANNEL_H
#define OP_CHANNEL_H

#include "../emit_kernel.h"

/* Emits `double NAME[width]` and the loop that adds `term` to it over all rows of `x`'s values. In
 * the term, $at is the element's index, $c the index into per-channel arrays that are local to
 * this task, $channel the channel's own number. */
void emit_channel_sum(struct emitter *e, const struct kernel *kernel, const struct node *x,
                      const char *name, const char *term);

/* Emits the loop over this task's channels; in `body`, $c and $channel as above. */
void emit_each_channel(struct emitter *e, const struct kernel *kernel, const char *body);

#endif
