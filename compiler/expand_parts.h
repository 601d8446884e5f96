/* The parts of expansion: names in scope, values, forms, the text as one file. */
#ifndef EXPAND_PARTS_H
#define EXPAND_PARTS_H

#include "expand.h"
#include "rules.h"
#include "suggest.h"

/* A constant, a parameter or a block, and what was known before it. */
struct binding {
  struct ast_word name;
  int level;                     /* of the braces around it; a name stands once in a level */
  const struct ast_value *value; /* NULL of a block, or of a constant whose value is not known */
  const struct ast_node *block;  /* NULL of a constant */
  bool used;
  struct binding *outer;
};

/* A constant of the command line. */
struct definition {
  const struct ast_node *let;
  bool used;
};

/* A piece of a file that is another in the description as one file: the text of a file, or words.
 */
struct edit {
  struct span at;
  const struct source_file *file;
  const char *text;
};

struct expander {
  struct mem *mem;
  struct source *source;
  struct diags *diags;
  struct expanded *result;
  struct ast_node *last_default;
  struct definition *definitions;
  int definition_count;
  struct edit *edits;
  int edit_count, edit_capacity;
  struct binding **given; /* all constants and blocks, but for parameters and indices */
  int given_count, given_capacity;
  int constant_count, statements;
  bool stopped; /* a limit was met: nothing more is expanded */
};

enum where { IN_FILE, IN_MODEL, IN_LAYERS, IN_SETTINGS };

/* Where expansion is. Names that a statement binds are added to its scope. */
struct context {
  enum where where;
  struct binding *scope;
  int level, depth;
  const struct expansion *in;
  const struct ast_node *first; /* of the statements of this file */
  const struct ast_node *block; /* the innermost that is being expanded */
  const struct context *outer;  /* where that was used */
  struct ast_node **end;        /* where the next node of the result goes */
};

/* ---- expand.c ---- */

/* Expands a list of statements. */
void expand_nodes(struct expander *x, struct context *context, const struct ast_node *nodes);

/* Counts one more statement or repetition; false, reported at `span`, when they are too many. */
bool expand_count(struct expander *x, const struct context *context, struct span span);

/* Expands nothing more: a limit was met. */
void expand_stop(struct expander *x);

/* A span as the context has it. */
struct span span_in(const struct context *context, struct span span);

/* Adds a copy of the statement, its values evaluated, to the end of the result. */
struct ast_node *expand_copy(struct expander *x, struct context *context,
                             const struct ast_node *node);

/* Parses and expands one file in place of the statement that includes it. */
void expand_file(struct expander *x, struct context *context, const struct source_file *file);

/* ---- block.c ---- */

/* Puts the layers of a block where a statement uses it. */
void expand_block(struct expander *x, struct context *context, const struct ast_node *use,
                  struct binding *block);

/* ---- scope.c ---- */

struct binding *scope_find(struct binding *scope, const char *name);

/* Keeps a binding among those that must be used. */
void scope_keep(struct expander *x, struct binding *binding);

/* Reports what is never used of the description's own file. */
void scope_report_unused(const struct expander *x);

/* Binds a name to a value or a block; NULL and a report when it stands in this level already. */
struct binding *scope_bind(struct expander *x, struct context *context, struct ast_word name,
                           const struct ast_value *value, const struct ast_node *block);

/* ---- evaluate.c ---- */

/* A value in its context: words stay (with what they name beside them), operations become numbers,
 * NAN where that was reported not to be possible. */
struct ast_value *evaluate_written(struct expander *x, const struct context *context,
                                   const struct ast_value *value);

/* The same where a number or a list is needed. */
struct ast_value *evaluate(struct expander *x, const struct context *context,
                           const struct ast_value *value);

/* ---- flatten.c ---- */

void flatten_edit(struct expander *x, struct span at, const struct source_file *file,
                  const char *text);

/* The first file with all edits made. */
const char *flatten(struct expander *x);

#endif
