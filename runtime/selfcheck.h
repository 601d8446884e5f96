/* The model's check of itself: what `lathe verify` links emitted code with, in the place of the
 * command line's main. A binary holds one precision of a model, fast or plain; what is compared
 * between two of them goes through files. */
#ifndef LATHE_SELFCHECK_H
#define LATHE_SELFCHECK_H

#include "model.h"

/* BINARY CHECK [ARGUMENT]...: makes one check of selfcheck.def and prints what it finds, one JSON
 * object a line (selfcheck_parts.h). Returns 0 when the check was made, whatever it found; 1 when
 * it could not be, with a line on standard error; 2 for wrong usage. */
int lathe_selfcheck_main(int argc, char **argv, const struct lathe_model *model);

#endif
