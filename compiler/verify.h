/* `lathe verify`: a model's emitted code checked on this machine, against what it must equal. */
#ifndef VERIFY_H
#define VERIFY_H

#include "model.h"
#include <stdbool.h>
#include <stdio.h>

struct verify_options {
  const char *keep;   /* where emitted C, binaries and numbers stay; NULL: nowhere */
  const char *cc;     /* as in struct build_options */
  const char *cflags; /* the same */
  bool json;          /* one JSON object a finding and a line, instead of a table */
};

/* Emits, builds and runs the model in four variants, in float64 and float32, as it is and with
 * plain loops, and prints what was checked to `out`: that a second emission gives the same bytes;
 * fast code against plain; float32 against float64; gradients against finite differences; optimiser
 * and EM against their definitions; the same bits for any threads and memory; and no write outside
 * the arena (runtime/selfcheck.def). What is out of tolerance is also named on standard error, with
 * its line in the description. True when nothing was. */
bool verify(struct mem *mem, const struct model *model, const struct verify_options *options,
            FILE *out);

#endif
