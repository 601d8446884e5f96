/* Diagnostics: collected while a description is read and checked, printed in the end. */
#ifndef DIAG_H
#define DIAG_H

#include "source.h"
#include <stdarg.h>
#include <stdio.h>

enum severity { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE, DIAG_HELP };

enum { DIAG_MAX_ERRORS = 20 };

struct diag {
  enum severity severity;
  struct span span; /* a help has none */
  int order;        /* of being found, among the errors and warnings */
  int root;         /* where it takes effect in the first file, for the order of printing */
  bool repeated;    /* said before of another use of the same block: not printed */
  const char *message;
  struct diag *details, *last_detail; /* notes and helps */
  struct diag *next;
};

struct diags {
  struct mem *mem;
  const struct source *source;
  struct diag *first, *last;
  int errors, warnings;
};

/* An empty list about `source`. */
struct diags *diags_new(struct mem *mem, const struct source *source);

/* Adds an error or a warning. An empty span is a point: the caret stands before its byte. */
void diag_error(struct diags *diags, struct span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_warning(struct diags *diags, struct span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Add to the last error or warning: a note with a place of its own, or advice without one. */
void diag_note(struct diags *diags, struct span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_help(struct diags *diags, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints all in the order of their places, at most DIAG_MAX_ERRORS errors:
 *   file:line:column: error: message
 *      12 |   conv2 64, kernel 4;
 *         |   ^~~~~
 * and below it its notes, and what includes or uses the text.  * Long lines are cut to the part
 * around the caret. */
void diags_print(FILE *out, const struct diags *diags);

#endif
