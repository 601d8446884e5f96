/* The plan of memory as a picture: SVG. */
#ifndef PLAN_SVG_H
#define PLAN_SVG_H

#include "compile.h"

/* Draws what a training step's activations and their gradients need of the arena: time from left to
 * right, a column a kernel; bytes of one image from the top. Every buffer is a rectangle from the
 * kernel that writes it to the last that uses it (or to the one that writes over it in place), at
 * its offset, with its name, shape, bytes and kernels as a tooltip. Below it stand the parts of the
 * whole arena, for a batch of the description's size and one thread. */
void plan_svg(FILE *out, const struct compilation *c);

#endif
