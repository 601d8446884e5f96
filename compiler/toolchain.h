/* Running the C compiler on emitted code. */
#ifndef TOOLCHAIN_H
#define TOOLCHAIN_H

#include "emit_model.h"
#include <stdbool.h>
#include <stdio.h>

struct build_options {
  const char *output;   /* the binary */
  const char *emit_dir; /* where the C goes; NULL: a temporary folder, removed afterwards */
  const char *cc;       /* NULL: $CC, else cc */
  const char *cflags;   /* further flags, separated by white space; NULL: none */
  const char *target;   /* a name of targets.def; NULL: native */
  bool progress;        /* says on a terminal's standard error how far it is */
};

/* Whether targets.def has a target of this name. */
bool target_known(const char *name);

/* Writes each target's name and what it has, a line each. */
void targets_help(FILE *out);

/* Whether a result may take the place of what is there: of a file, but of no device or FIFO, and of
 * none of the files that the description was read from. Says why not. */
bool may_replace(const char *output, const struct model *model);

/* Emits, compiles and links the binary. The C compiler's own messages go to standard error. */
bool build_binary(struct mem *mem, const struct model *model, const struct emitted *emitted,
                  const struct build_options *options);

#endif
