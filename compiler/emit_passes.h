/* NAME_forward.c and NAME_backward.c: the passes' kernels, and the functions that run them. */
#ifndef EMIT_PASSES_H
#define EMIT_PASSES_H

#include "compile.h"
#include "emit.h"

/* Each says whether what it emits calls BLAS. */
bool emit_forward(struct emitter *e, const struct compilation *c);
bool emit_backward(struct emitter *e, const struct compilation *c);

#endif
