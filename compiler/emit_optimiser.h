/* NAME_train.c: the optimiser of the description, and the training step around it. */
#ifndef EMIT_OPTIMISER_H
#define EMIT_OPTIMISER_H

#include "compile.h"
#include "emit.h"

/* What kernels that apply gradients are told: struct NAME_update and NAME_update(). */
void emit_update_struct(struct emitter *e);

void emit_optimiser(struct emitter *e, const struct compilation *c);

#endif
