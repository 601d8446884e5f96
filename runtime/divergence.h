/* Where a training that came upon NaN or infinity went wrong: the step is found by doing the steps
 * since the last checkpoint again, and in that step the kernel, the layer and the number.
 *
 * No copy of the state is kept while training goes well: a step is a function of the state before
 * it, the seed and the step's number, and the checkpoint, or the seed's initial weights, are such a
 * state. So finding a fault costs what training since then has cost, once, and healthy training
 * nothing but a look at the loss and at a small share of the weights (finite.h). */
#ifndef LATHE_DIVERGENCE_H
#define LATHE_DIVERGENCE_H

#include "error.h"
#include "model.h"
#include "tensor_check.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct lathe_trainer;

struct lathe_divergence {
  int64_t noticed;  /* the step after which a number was found not to be finite; 0: none was */
  const char *sign; /* what was: "the loss is NaN" */
  int64_t kept;     /* the steps of the last good checkpoint; -1: there is none */
  double rate;      /* the learning rate that the description or the command line gave */

  bool searched; /* the steps from there on, or from the first, have been done again */
  bool found;    /* it came about again; then: */
  int64_t step;
  int epoch;
  enum lathe_pass pass;
  char layer[LATHE_TENSOR_NAME];             /* "encoder.1", or "loss" */
  const char *text;                          /* the layer's statement; NULL when it is none */
  int line;                                  /* of the description; 0: not known */
  const char *ops;                           /* what the kernel computes; NULL in the update */
  char tensor[LATHE_TENSOR_NAME], place[64]; /* as `trace` names it; "[3, 17]" */
  double value;
  int64_t image;     /* of the training file; -1: not of one image */
  const char *input; /* what the model's images are called (words.h) */
  double weight;     /* the largest magnitude of a parameter before the step */
};

/* Finds where it began, for trainer->diverged of which `noticed` and `sign` are set. The trainer
 * and its session are left in the midst of it, and are of no further use. A signal (stop.h), or too
 * little memory, ends the search without a finding. */
void lathe_divergence_find(struct lathe_trainer *trainer);

/* What happened, in a line without its end. */
enum { LATHE_DIVERGENCE_WORDS = 800 };
void lathe_divergence_words(const struct lathe_divergence *divergence,
                            char text[LATHE_DIVERGENCE_WORDS]);

/* The same as an object, whose "words" are that line; NULL without memory. */
json_t *lathe_divergence_json(const struct lathe_divergence *divergence);

#endif
