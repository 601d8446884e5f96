/* `lathe fmt`: a description laid out as all are. */
#ifndef FORMAT_H
#define FORMAT_H

#include "source.h"

/* The text of a source's first file, laid out anew: the same words, numbers, marks and comments in
 * the same order, two spaces a level, one space between words, comments behind code below one
 * another. Which statements share a line, where a statement is broken, and single empty lines stay
 * as they are written. Formatting the result changes nothing. The file must parse without errors.
 */
const char *format_source(struct mem *mem, const struct source *source);

/* A line of the result, before columns are padded. */
struct line {
  const char *code;    /* without indentation; "" for a comment alone */
  const char *comment; /* NULL: none */
  int indent;          /* columns */
  int word;            /* bytes of the first word where the second stands in a column; 0: nowhere */
  bool block;          /* it ends with a brace: it stands in a column with its like */
  bool apart;          /* an empty line stands before it */
};

/* Pads what stands in columns, and gives the text (format_align.c). */
const char *format_lines(struct mem *mem, const struct line *lines, int count);

#endif
