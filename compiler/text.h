/* A growing string. */
#ifndef TEXT_H
#define TEXT_H

#include "mem.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

struct text {
  struct mem *mem;
  char *data; /* NUL-terminated once anything was added; NULL before */
  size_t length, capacity;
};

void text_add(struct text *text, const char *data, size_t length);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *text, const char *format, va_list args);

/* What is printed to the stream is added to the text, all of it once the stream is closed: like
 * open_memstream, but a lack of memory ends the program as everywhere in the compiler. */
FILE *text_stream(struct text *text);

/* The width of a table's column that is `width` wide and has to hold `cell` as well. */
int text_column(int width, const char *cell);

#endif
