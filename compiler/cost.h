/* What each kernel of a training step is, and what it costs: one table for `lathe summary` and for
 * the binary's own `bench --per-layer`. */
#ifndef COST_H
#define COST_H

#include "compile.h"

/* Kernels of a training step: those of the schedule, then the optimiser's. Texts live as long as
 * the compilation. */
int kernel_cost_count(const struct compilation *c);
struct lathe_kernel_cost kernel_cost(const struct compilation *c, int kernel);

/* Forward FLOPs of one layer an image, and the algorithm of its largest kernel. */
double layer_flops(const struct compilation *c, const struct layer *layer, const char **algorithm);

/* "forward", "backward", "update" */
const char *pass_name(enum lathe_pass pass);

#endif
