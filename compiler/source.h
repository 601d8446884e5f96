/* A description's text, and the places in it. */
#ifndef SOURCE_H
#define SOURCE_H

#include "mem.h"
#include <stdbool.h>
#include <stddef.h>

enum { SOURCE_MAX_BYTES = 1 << 20 };

/* Bytes begin .. end-1 of a source's text. */
struct span {
  int begin, end;
};

/* From the first byte of `a` to the last of `b`. */
struct span span_join(struct span a, struct span b);

struct source {
  const char *path; /* as it was given, for messages */
  const char *text; /* NUL-terminated */
  int length;
  int lines;
  const int *line_start; /* [lines + 1]: where each begins; last, the length */
};

/* Lines and columns count from 1; columns in characters (UTF-8), a tab being one. */
struct place {
  int line, column;
};

/* Reads a file, NULL with one line in `error` when it cannot be opened or read, is not a regular
 * file or is larger than SOURCE_MAX_BYTES. What it holds is judged by `parse`. */
struct source *source_read(struct mem *mem, const char *path, char *error, size_t size);

/* The same for text in memory (length <= SOURCE_MAX_BYTES), which is copied. */
struct source *source_from_text(struct mem *mem, const char *path, const char *text, size_t length);

/* Where byte `offset` (0 .. length) is. */
struct place source_place(const struct source *source, int offset);

/* The line alone, which is found faster. */
int source_line_number(const struct source *source, int offset);

/* The line (from 1) as a span without its line end. */
struct span source_line(const struct source *source, int line);

/* The text of a span, copied; at most `most` bytes of it, then "...". */
const char *source_text(struct mem *mem, const struct source *source, struct span span, int most);

/* Bytes of the UTF-8 character that begins a NUL-terminated text; 0 when it is not valid. */
int utf8_length(const char *text);

#endif
