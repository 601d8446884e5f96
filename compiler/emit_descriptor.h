/* NAME_model.c: the table by which the runtime knows the model, and NAME_classify. */
#ifndef EMIT_DESCRIPTOR_H
#define EMIT_DESCRIPTOR_H

#include "compile.h"
#include "emit.h"

/* `blas`: the other files call it. */
void emit_descriptor(struct emitter *e, const struct compilation *c, bool blas);

#endif
