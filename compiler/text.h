/* A growing string. */
#ifndef TEXT_H
#define TEXT_H

#include "mem.h"
#include <stdarg.h>
#include <stddef.h>

struct text {
  struct mem *mem;
  char *data; /* NUL-terminated once anything was added; NULL before */
  size_t length, capacity;
};

void text_add(struct text *text, const char *data, size_t length);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *text, const char *format, va_list args);

#endif
