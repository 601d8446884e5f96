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
};

/* Whether targets.def has a target of this name. */
bool target_known(const char *name);

/* Writes each target's name and what it has, a line each. */
void targets_help(FILE *out);

/* Writes all files into `folder`, which is made if need be; each appears under its name only when
 * complete. On failure says why on standard error and returns false. */
bool write_emitted(const struct emitted *emitted, const char *folder);

/* Writes `text` to a file, which is there when it is complete and is left alone when it says the
 * same; to standard output when `path` is NULL. On failure says why and returns false. */
bool write_result(const char *path, const char *text);

/* Writes `text` to a file that is not there yet. On failure says why and returns false. */
bool write_new(const char *path, const char *text);

/* Puts `text` in the place of a file that is there: complete, or not at all. Follows links, keeps
 * the file's permissions. On failure says why on standard error and returns false. */
bool write_over(const char *path, const char *text);

/* Emits, compiles and links the binary. The C compiler's own messages go to standard error. */
bool build_binary(struct mem *mem, const struct model *model, const struct emitted *emitted,
                  const struct build_options *options);

#endif
