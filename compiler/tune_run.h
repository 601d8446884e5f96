/* Building and measuring a model with one choice of algorithms: `lathe tune`'s parts. */
#ifndef TUNE_RUN_H
#define TUNE_RUN_H

#include "chosen.h"
#include "tune.h"
#include "tune_choose.h"

/* A model with algorithms of its own, compiled and built. */
struct tune_build {
  struct model model;
  const struct compilation *c;
  const char *program;
};

/* The measurements of one turn. */
struct tune_turn {
  double *kernels[PROGRAM_COUNT]; /* seconds of each kernel of the schedule; the optimiser's behind
                                     training's; 0: not measured */
  double step, one;               /* a training step; one image through encoder and decoder */
};

/* A copy of the model whose layers can have algorithms of their own. */
struct model tune_copy(struct mem *mem, const struct model *model);

/* Asks for algorithms in a copy, those of `list` [count]. */
void tune_ask(struct model *copy, const struct chosen *list, int count);

/* Compiles the build's model and builds the program that measures it as FOLDER/NAME. False, having
 * said why, when it cannot be built. */
bool tune_build(struct mem *mem, struct tune_build *build, const char *folder, const char *name,
                const struct tune_options *options);

/* Runs it for so many seconds. False, having said why, when it does not end well. */
bool tune_measure(struct mem *mem, const struct tune_build *build, int threads, double seconds,
                  struct tune_turn *turn);

/* Seconds that the product or convolution of a layer took for that use, with its share of the
 * optimiser's time where its weights were not changed on the way. */
double tune_seconds(const struct tune_build *build, const struct tune_turn *turn, const char *layer,
                    enum algorithm_use use);

#endif
