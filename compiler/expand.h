/* Between parser and checker: what is said once is put where it is meant. Constants get their
 * values, files are included, blocks and repetitions become the layers that they stand for. */
#ifndef EXPAND_H
#define EXPAND_H

#include "ast.h"

/* The version of the language that this compiler reads. */
enum { LANGUAGE_VERSION = 1 };

enum {
  EXPAND_MAX_STATEMENTS = 16384, /* once expanded, repetitions counted */
  EXPAND_MAX_CONSTANTS = 1024,
  EXPAND_MAX_PARAMETERS = 16, /* of a block */
  EXPAND_MAX_DEPTH = 64       /* blocks and repetitions within one another, files within files */
};

/* A description without forms. */
struct expanded {
  const struct source *source;
  const char *text;          /* the description as one file that means the same */
  struct ast_node *items;    /* every value a word, a number or a list of numbers */
  struct ast_node *defaults; /* the statements of all `defaults` */
  bool incomplete;           /* as in struct ast_model */
};

/* Expands `ast`, the first file of the source, which grows by those that are included.
 * `definitions` are `count` texts "NAME=VALUE" that replace constants. Errors go to `diags`; the
 * result is never NULL. */
struct expanded *expand(struct mem *mem, const struct ast_model *ast, struct source *source,
                        const char *const *definitions, int count, struct diags *diags);

#endif
