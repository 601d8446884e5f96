/* What the likelihoods share. */
#ifndef OP_LOSSES_H
#define OP_LOSSES_H

#include "../emit_kernel.h"

/* Emits, for each image of the task, the sum of `term` over the values of `over`, and then
 * `result`, which reads $sum. The term is statements that define `term`; $at is the value's index
 * in the batch and $j the one in its image. Eight sums in turn: they can go side by side in a
 * vector, and the order is fixed. */
void emit_loss_sum(struct emitter *e, const struct node *over, const char *term,
                   const char *result);

/* Several outputs of the decoder, `classes` of them, for each value of the input: channels
 * [classes C], class by class, as [classes, C, ...]. In memory images lie channels last, so that a
 * value's outputs are C apart. */
struct node *op_class_order(struct graph *g, struct node *x);

/* Binds $values, of an image; $first, the index of the first output of value `v` of the batch; and
 * $step, which makes of a class `k` its place behind that: y[$first + k$step]. */
void emit_bind_classes(struct emitter *e, const struct node *y, int64_t classes);

#endif
