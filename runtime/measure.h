/* The model's measurement of itself, kernel by kernel: what `lathe tune` links emitted code with,
 * in the place of the command line's main. */
#ifndef LATHE_MEASURE_H
#define LATHE_MEASURE_H

#include "model.h"
#include "pool.h"

/* BINARY BATCH THREADS SECONDS: takes training steps on batches of made-up images, and single
 * images through encoder and decoder, for about so long, and prints a line for each figure: a name,
 * a number, seconds.
 *
 *   train K      kernel K of a training step, by the schedule's and then the optimiser's number
 *   encode K     kernel K of encoding one image, those left out that make tables of the weights
 *   decode K     the same of decoding one
 *   step 0       a whole step that nobody watches
 *   one 0        encoding and decoding one image, unwatched
 *
 * Returns 0; 1 when it could not be done, with a line on standard error; 2 for wrong usage. */
int lathe_measure_main(int argc, char **argv, const struct lathe_model *model);

/* What lathe_parallel does; the code that is measured is compiled to call this instead, so that the
 * kernels of inference, which tell nobody when they begin, are timed, too. */
void lathe_parallel_timed(struct lathe_pool *pool, int tasks, lathe_task *task, void *arg);

#endif
