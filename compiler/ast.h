/* The description as it is written: words, values, statements and blocks, each with its span. What
 * they mean is the checker's. All nodes live in the pool they were parsed into. */
#ifndef AST_H
#define AST_H

#include "diag.h"
#include "mem.h"
#include "source.h"

/* Operations within operations in one expression: what reads them is recursive. */
enum { EXPRESSION_MAX_DEPTH = 100 };

struct ast_word {
  const char *text;
  struct span span;
};

enum ast_value_kind { VALUE_WORD, VALUE_NUMBER, VALUE_LIST, VALUE_CALL };

struct binding;

struct ast_value {
  enum ast_value_kind kind;
  struct span span;
  const char *text; /* of a VALUE_WORD; of a VALUE_CALL the function or operator */
  double number;    /* of a VALUE_NUMBER; NAN when it was reported not to be one */
  bool integer;     /* of a VALUE_NUMBER: written without point and exponent, or made of such */
  bool computed;    /* of a VALUE_NUMBER or VALUE_LIST: not written at `span`, but made of it */
  int depth;        /* calls within calls */
  struct ast_value *items; /* of a VALUE_LIST its members, of a VALUE_CALL its operands */
  struct ast_value *next;
  /* After `expand`, of a VALUE_WORD: the constant of that name, and all names known there. */
  const struct ast_value *constant;
  const struct binding *scope;
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
  const struct binding *scope; /* after `expand`: all names known there */
  struct ast_node *children;
  struct ast_node *next;
};

/* A whole file. The forms of forms.def are nodes as well:
 *   let NAME = VALUE;         values: the name, the value
 *   block NAME(A, B 1) { }    values: the name; attributes: the parameters, with their defaults
 *   repeat N, index I { }     as it stands
 *   include "PATH";           values: the path as a word
 *   defaults { }, lathe N;    as they stand */
struct ast_model {
  const struct source *source;
  struct ast_node *items;
  bool incomplete; /* text was skipped after a syntax error: what is missing may have been there */
};

/* Reads one file of the source into nodes. Errors go to `diags`; the result is never NULL and holds
 * what could be read, so that it can be checked for further errors. */
struct ast_model *parse(struct mem *mem, const struct source *source,
                        const struct source_file *file, struct diags *diags);

#endif
