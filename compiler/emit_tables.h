/* The tables of NAME_model.c: the description, tensors, values, layers, and what kernels cost. */
#ifndef EMIT_TABLES_H
#define EMIT_TABLES_H

#include "compile.h"
#include "emit.h"

/* Of a mixture alone, the description only. */
void emit_tables(struct emitter *e, const struct compilation *c);

/* "1, 28, 28" */
const char *emit_list(struct emitter *e, const int64_t *values, int count);

#endif
