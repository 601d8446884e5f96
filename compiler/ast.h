/* The description as it is written: words, values, statements and blocks, each with its span. What
 * they mean is the checker's. All nodes live in the pool they were parsed into. */
#ifndef AST_H
#define AST_H

#include "diag.h"
#include "mem.h"
#include "source.h"

struct ast_word {
  const char *text;
  struct span span;
};

enum ast_value_kind { VALUE_WORD, VALUE_NUMBER, VALUE_LIST };

struct ast_value {
  enum ast_value_kind kind;
  struct span span;
  const char *text;        /* of a VALUE_WORD */
  double number;           /* of a VALUE_NUMBER; NAN when it was reported not to be one */
  struct ast_value *items; /* of a VALUE_LIST: numbers */
  struct ast_value *next;
};

/* `name value*` after a comma. */
struct ast_attribute {
  struct ast_word name;
  struct span span;
  struct ast_value *values;
  struct ast_attribute *next;
};

/* `name value* (, attribute)* ;` or the same with `{ children }` in place of the semicolon. */
struct ast_node {
  struct ast_word name;
  struct span span; /* all of it, semicolon or braces included */
  struct span head; /* without them */
  struct ast_value *values;
  struct ast_attribute *attributes;
  bool block;
  struct ast_node *children;
  struct ast_node *next;
};

/* A whole file. */
struct ast_model {
  const struct source *source;
  struct ast_node *items;
  bool incomplete; /* text was skipped after a syntax error: what is missing may have been there */
};

/* Reads the source into nodes. Errors go to `diags`; the result is never NULL and holds what could
 * be read, so that it can be checked for further errors. */
struct ast_model *parse(struct mem *mem, const struct source *source, struct diags *diags);

#endif
