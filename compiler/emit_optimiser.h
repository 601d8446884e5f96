/* NAME_train.c: the optimiser of the description, and the training step around it. */
#ifndef EMIT_OPTIMISER_H
#define EMIT_OPTIMISER_H

#include "compile.h"
#include "emit.h"

/* What kernels that apply gradients are told: struct NAME_update and NAME_update(). */
void emit_update_struct(struct emitter *e);

/* NAME_update itself. */
void emit_update(struct emitter *e, const struct compilation *c);

/* NAME_to_update, a helper of the kernel at hand: what NAME_update will read, for a product before
 * it to fetch. */
void emit_to_update(struct emitter *e);

/* What the optimiser calls its moment `i`: "exp_avg". */
const char *optimiser_moment(const struct emitter *e, int i);

/* Whether its rule is Adam's, and whether it takes weight decay off apart from the gradients. */
bool optimiser_is_adam(const struct emitter *e);
bool optimiser_shrinks(const struct emitter *e);

void emit_optimiser(struct emitter *e, const struct compilation *c);

#endif
