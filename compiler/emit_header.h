/* The emitted headers. */
#ifndef EMIT_HEADER_H
#define EMIT_HEADER_H

#include "compile.h"
#include "emit.h"

/* The public header: all that a C program needs to use the model. */
void emit_header(struct emitter *e, const struct compilation *c);

/* The same of a mixture alone, which has EM but no encoder and decoder. */
void emit_alone_header(struct emitter *e, const struct compilation *c);

/* The internal header: offsets in the arena, and what the files call of each other. */
void emit_internal_header(struct emitter *e, const struct compilation *c);

#endif
