/* `lathe tune`: which algorithm is the fastest for each product and convolution of a model,
 * measured on this machine. */
#ifndef TUNE_H
#define TUNE_H

#include "model.h"
#include <stdbool.h>
#include <stdio.h>

struct tune_options {
  const char *output;               /* where the choices are kept */
  const char *cc, *cflags, *target; /* as in struct build_options; the target is not NULL */
  int threads;                      /* 0: one for each processor */
  int rounds;                       /* from 3 */
  double seconds;                   /* that are measured in all */
  bool json;                        /* one JSON object instead of tables */
};

/* Builds the model as the cost model has it, and variants of it with other algorithms; measures
 * them, kernel by kernel, turn by turn; chooses what is faster beyond the noise; builds that and
 * measures it against the cost model's, and keeps those choices that are not slower as a whole.
 * Prints what was found to `out`, writes the choices to the file. False, having said why, when that
 * could not be done. */
bool tune(struct mem *mem, const struct model *model, const struct tune_options *options,
          FILE *out);

#endif
