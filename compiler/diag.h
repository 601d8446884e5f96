/* Diagnostics: collected while a description is read and checked, printed in the end. */
#ifndef DIAG_H
#define DIAG_H

#include "diagnostics.h"
#include "source.h"
#include <stdarg.h>
#include <stdio.h>

/* What a diagnostic is made of: itself, and below it notes with places of their own, advice, and
 * the shapes that led to it. */
enum diag_kind { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE, DIAG_HELP, DIAG_SHAPES };

enum { DIAG_MAX_ERRORS = 20, DIAG_MAX_WARNINGS = 20 };

struct diag {
  enum diag_kind kind;
  enum diag_code code; /* of an error or a warning */
  struct span span;    /* helps and shapes have none */
  int order;           /* of being found, among the errors and warnings */
  int root;            /* where it takes effect in the first file, for the order of printing */
  bool repeated;       /* said before of another use of the same block: not printed */
  const char *message;
  const char *suggestion;             /* what the span should be instead; NULL: not known */
  bool asks;                          /* whether people are asked if they meant it */
  struct diag *details, *last_detail; /* notes, helps and shapes */
  struct diag *next;
};

struct diags {
  struct mem *mem;
  const struct source *source;
  struct diag *first, *last;
  int errors, warnings;
  struct diag_name *unknown; /* names that were reported as unknown */
};

/* An empty list about `source`. */
struct diags *diags_new(struct mem *mem, const struct source *source);

/* Adds an error or a warning, as its code says. An empty span is a point: the caret stands before
 * its byte. */
void diag_report(struct diags *diags, enum diag_code code, struct span span, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

/* Add to the last error or warning: a note with a place of its own, advice without one, the shapes
 * of a chain of layers, "did you mean `word`?" (unless it is NULL), and (for programs alone) the
 * text that should stand in place of its span. */
void diag_note(struct diags *diags, struct span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_help(struct diags *diags, const char *format, ...) __attribute__((format(printf, 2, 3)));
void diag_shapes(struct diags *diags, const char *chain);
void diag_suggest(struct diags *diags, const char *word);
void diag_replace(struct diags *diags, const char *text);

/* Whether an unknown name of a constant is met for the first time: it is reported once, wherever
 * else it is used. */
bool diag_unknown(struct diags *diags, const char *name);

/* How to print: for people, the same with colours, or a JSON object a line. */
enum diag_format { DIAG_PLAIN, DIAG_COLOURED, DIAG_JSON };

/* Prints all errors, or all warnings when there is no error, in the order of their places, at most
 * DIAG_MAX_ERRORS errors and DIAG_MAX_WARNINGS warnings: file:line:column: error[E0401]: message 12
 * |   conv2 64, kernel 4; |   ^~~~~ and below it its notes, and what includes or uses the text.
 * Long lines are cut to the part around the caret. As JSON, {"code", "severity", "file", "line",
 * "col", "end_line", "end", "message", "help", "notes", "suggestion"}: lines and columns from 1,
 * `end` the column behind the last. */
void diags_print(FILE *out, const struct diags *diags, enum diag_format format);

/* ---- diag_json.c ---- */

void diag_print_json(FILE *out, const struct diags *diags, const struct diag *diag);

#endif
