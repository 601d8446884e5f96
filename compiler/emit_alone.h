/* What is emitted of a mixture alone, beside its EM: a model without encoder and decoder. */
#ifndef EMIT_ALONE_H
#define EMIT_ALONE_H

#include "compile.h"
#include "emit.h"

/* NAME.h: sizes, EM, classification. */
void emit_alone_header(struct emitter *e, const struct compilation *c);

/* NAME_classify, in NAME_model.c. */
void emit_alone_classify(struct emitter *e);

#endif
