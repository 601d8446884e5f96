/* What linear.c and linear_weight.c share. */
#ifndef LINEAR_H
#define LINEAR_H

#include "../algorithm.h"
#include "../emit_kernel.h"
#include "../op.h"
#include "runtime/packed.h"

enum {
  LINEAR_BLOCK = LATHE_WIDEST_PANEL,    /* columns are cut in panels */
  LINEAR_HALF_BLOCK = LINEAR_BLOCK / 2, /* a panel of any machine, or half of the widest */
  LINEAR_TASKS = 8,
};

/* The weight as it lies in memory. */
struct linear_weight {
  int64_t rows, columns;
  bool outputs_last;
};

/* Of any of the three ops: inputs K and outputs N of the forward product, its weight, and the
 * algorithm that makes it. */
void linear_sizes(const struct node *node, int64_t *inputs, int64_t *outputs);
struct linear_weight linear_weight_of(const struct node *node);
enum algorithm linear_choose(const struct kernel *kernel);

/* Cuts a kernel along `width` columns. */
void linear_cut(struct kernel *kernel, int64_t width);

/* "w + begin * 784", or "w" in a kernel of a single task. */
void linear_bind_from(struct emitter *e, const struct kernel *kernel, const char *name,
                      const char *array, int64_t stride);

/* Each element of a product, summed over $inner in a plain loop. */
void linear_emit_plain(struct emitter *e, const char *loops, const char *term, const char *result);

#endif
