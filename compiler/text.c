#define _GNU_SOURCE /* fopencookie, which the C libraries of Linux have */
#include "text.h"
#include <stdio.h>
#include <string.h>

static void reserve(struct text *text, size_t more)
{
  size_t needed = text->length + more + 1;
  if (needed <= text->capacity)
    return;
  size_t larger = text->capacity < 256 ? 256 : text->capacity * 2;
  if (larger < needed)
    larger = needed;
  char *data = mem_alloc(text->mem, larger);
  if (text->length > 0)
    memcpy(data, text->data, text->length);
  text->data = data;
  text->capacity = larger;
}

void text_add(struct text *text, const char *data, size_t length)
{
  reserve(text, length);
  memcpy(text->data + text->length, data, length);
  text->length += length;
  text->data[text->length] = '\0';
}

/* Printed where there mostly is room for it, and once more where there was not. */
void text_vprintf(struct text *text, const char *format, va_list args)
{
  enum { MOSTLY = 60 };
  va_list again;
  va_copy(again, args);
  reserve(text, MOSTLY);
  size_t room = text->capacity - text->length;
  size_t length = (size_t)vsnprintf(text->data + text->length, room, format, args);
  if (length >= room) {
    reserve(text, length);
    vsnprintf(text->data + text->length, length + 1, format, again);
  }
  va_end(again);
  text->length += length;
}

void text_printf(struct text *text, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  text_vprintf(text, format, args);
  va_end(args);
}

static ssize_t add_printed(void *cookie, const char *bytes, size_t size)
{
  text_add(cookie, bytes, size);
  return (ssize_t)size;
}

FILE *text_stream(struct text *text)
{
  text_add(text, "", 0); /* the text of a stream that nothing is printed to is empty */
  FILE *stream = fopencookie(text, "w", (cookie_io_functions_t){.write = add_printed});
  if (stream == NULL)
    mem_exhausted();
  return stream;
}

int text_column(int width, const char *cell)
{
  int length = (int)strlen(cell);
  return length > width ? length : width;
}
