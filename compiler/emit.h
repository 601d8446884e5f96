/* Emission: templates of C text with names filled in, indented as they are written. */
#ifndef EMIT_H
#define EMIT_H

#include "schedule.h"
#include "text.h"

enum { EMIT_MAX_BINDINGS = 256 };

struct binding {
  const char *name, *value;
};

struct emitter {
  struct mem *mem;
  const struct model *model;
  struct text out;
  int depth;  /* of braces */
  int parens; /* of parentheses still open: the line continues */
  bool line_start;
  struct binding bindings[EMIT_MAX_BINDINGS];
  int binding_count;
  const struct kernel_function *function; /* the kernel being emitted */
  struct helper *helpers;                 /* functions that it calls */
  int helper_count, helper_capacity;
};

/* A function that several kernels of a file may call; of one name, one text. */
struct helper {
  const char *name, *text;
};

struct emitter *emitter_new(struct mem *mem, const struct model *model);

/* Gives $name a value, hiding an earlier one, until binding_count is set back to what it was. */
void emit_bind(struct emitter *e, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *emit_value(const struct emitter *e, const char *name); /* what $name stands for */
void emit_bind_int(struct emitter *e, const char *name, int64_t value);

/* Writes template text: $name and ${name} are replaced by bindings. Always bound: $real (float or
 * double), $gemm (cblas_sgemm or cblas_dgemm), $f (the suffix of functions, f or nothing), $F (the
 * suffix of literals). Lines are indented by the braces and parentheses before them. A name that is
 * not bound is a mistake of the compiler and ends it with a message. */
void emit(struct emitter *e, const char *template);

/* Adds a function that the kernel at hand calls, from a template. */
void emit_helper(struct emitter *e, const char *name, const char *template);

/* A number as a literal of the model's precision that reads back as the same number. */
const char *emit_number(const struct emitter *e, double value);
const char *emit_double(const struct emitter *e, double value);

/* `name` as a C identifier: dots become underscores. */
const char *emit_identifier(struct mem *mem, const char *name);
const char *emit_upper(struct mem *mem, const char *name);

#endif
