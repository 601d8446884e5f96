/* NAME_train.c: the optimiser of the description, and the training step around it. */
#ifndef EMIT_OPTIMISER_H
#define EMIT_OPTIMISER_H

#include "emit.h"

void emit_optimiser(struct emitter *e);

#endif
