/* One kernel as a C function. */
#ifndef EMIT_KERNEL_H
#define EMIT_KERNEL_H

#include "emit.h"

enum { KERNEL_MAX_OPERANDS = KERNEL_MAX_CHAIN * OP_MAX_OPERANDS + 1 };

/* A function parameter of a kernel: one for each stretch of memory that it reads or writes. */
struct operand {
  const struct node *node; /* its storage node */
  const char *name;
  bool written;
  bool wide; /* double, whatever the model's precision */
};

struct kernel_function {
  const struct schedule *schedule;
  const struct kernel *kernel;
  struct operand operands[KERNEL_MAX_OPERANDS];
  int operand_count;
  const struct helper *helpers; /* functions it calls */
  int helper_count;
  const char *title;     /* one line: layer, ops, source line */
  const char *signature; /* "(int n, int task, ...)" */
  const char *body;      /* "{ ... }": kernels with the same signature and body are one function */
};

struct kernel_function *kernel_function(struct mem *mem, const struct schedule *schedule,
                                        const struct kernel *kernel);

/* The comment above a kernel (emit_banner.c): where it comes from, its ops, the shapes in memory
 * order, its cost; and its parameters. Operands are known by then. */
const char *kernel_banner(struct emitter *e, const struct kernel_function *f);
const char *kernel_signature(struct emitter *e, const struct kernel_function *f);

/* Whether it is run once for each of several parts of its work, numbered by `task`. */
bool kernel_has_task(const struct kernel *kernel);

/* What the op table calls a node's i-th operand. */
const char *operand_role(struct mem *mem, const struct node *node, int i);

/* Whether a function is given the value itself, rather than where it lies. */
bool operand_by_value(const struct node *node);

/* For ops' emit functions. The name of the parameter that holds a value: */
const char *operand_name(const struct emitter *e, const struct node *of);

/* The rest of the kernel's chain (from chain[from] on; emit_epilogue.c), applied in place to the
 * result: for the images begin .. end-1, or for the columns begin .. end-1 of all n rows of
 * `width`. */
void emit_epilogue_images(struct emitter *e, const struct kernel *kernel, int from);
void emit_epilogue_columns(struct emitter *e, const struct kernel *kernel, int from, int64_t width);

#endif
