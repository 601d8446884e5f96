/* A description's text, and the places in it. */
#ifndef SOURCE_H
#define SOURCE_H

#include "mem.h"
#include <stdbool.h>
#include <stddef.h>

enum { SOURCE_MAX_BYTES = 1 << 20, SOURCE_MAX_FILES = 64 };

struct expansion;

/* Bytes begin .. end-1 of a source's text. */
struct span {
  int begin, end;
  const struct expansion *in; /* what brought the text to where it holds; NULL: it stands there */
};

/* A block that was used, a repetition that came round: its text holds at another place. */
struct expansion {
  const char *what; /* "block `down`" */
  struct span call; /* the place; call.in is the expansion around this one */
};

/* From the first byte of `a` to the last of `b`. */
struct span span_join(struct span a, struct span b);

/* The point behind a span. */
struct span span_after(struct span span);

/* One of the files of which a description is made. */
struct source_file {
  const char *path; /* to open it, and for messages */
  const char *name; /* the same without the folder of the first file, for what is emitted */
  int begin, end;   /* its bytes in the source's text */
  unsigned long long device, inode; /* what is read by two paths is one file; 0: of no file */
  int lines;
  const int *line_start;       /* [lines + 1]: offsets in the source's text; last, `end` */
  const struct span *included; /* the statement that includes it; NULL when none does */
};

/* All texts of a description one behind the other, a NUL after each, so that an offset alone says
 * which file and where in it. */
struct source {
  const char *text;
  int length;
  int count;
  struct source_file files[SOURCE_MAX_FILES]; /* the first is the description itself */
};

/* Lines and columns count from 1; columns in characters (UTF-8), a tab being one. */
struct place {
  const struct source_file *file;
  int line, column;
};

/* Reads a file, NULL with one line in `error` when it cannot be opened or read, is not a regular
 * file or is larger than SOURCE_MAX_BYTES. What it holds is judged by `parse`. */
struct source *source_read(struct mem *mem, const char *path, char *error, size_t size);

/* The same for text in memory (length <= SOURCE_MAX_BYTES), which is copied. */
struct source *source_from_text(struct mem *mem, const char *path, const char *text, size_t length);

/* Reads one more file, found by the path `written` in the statement at `included`: relative to the
 * folder of the file that says it. NULL with one line in `error` as above, or when there would be
 * more than SOURCE_MAX_FILES or, together, SOURCE_MAX_BYTES. Moves source->text. */
const struct source_file *source_include(struct mem *mem, struct source *source,
                                         const char *written, struct span included, char *error,
                                         size_t size);

/* Adds text that no file holds; `path` is its name in messages. NULL as above. */
const struct source_file *source_add_text(struct mem *mem, struct source *source, const char *path,
                                          const char *text, size_t length);

/* Whether two are the same file of the disk. */
bool source_same_file(const struct source_file *a, const struct source_file *b);

/* Where byte `offset` (0 .. length) is. */
struct place source_place(const struct source *source, int offset);
const struct source_file *source_file(const struct source *source, int offset);

/* The line alone, which is found faster. */
int source_line_number(const struct source *source, int offset);

/* The line in which `offset` is, as a span without its line end. */
struct span source_line(const struct source *source, int offset);

/* The offset in the first file at which a span takes effect: its own, or that of the statement
 * that includes or uses what it is part of. */
int source_root(const struct source *source, struct span span);

/* Whether `a` takes effect before `b`. */
bool source_before(const struct source *source, struct span a, struct span b);

/* The text of a span, copied; at most `most` bytes of it, then "...". */
const char *source_text(struct mem *mem, const struct source *source, struct span span, int most);

/* Bytes of the UTF-8 character that begins a NUL-terminated text; 0 when it is not valid. */
int utf8_length(const char *text);

#endif
