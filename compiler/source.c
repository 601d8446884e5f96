#include "source.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct span span_join(struct span a, struct span b)
{
  return (struct span){a.begin, b.end};
}

static void index_lines(struct mem *mem, struct source *source)
{
  int *start = NULL, capacity = 0, lines = 0;
  const char *p = source->text, *end = source->text + source->length;
  do {
    start = mem_grow(mem, start, &capacity, lines + 2, sizeof *start);
    start[lines++] = (int)(p - source->text);
    p = memchr(p, '\n', (size_t)(end - p)); /* the text may hold NULs before it is judged */
    p = p == NULL ? NULL : p + 1;
  } while (p != NULL);
  start[lines] = source->length;
  source->line_start = start;
  source->lines = lines;
}

struct source *source_from_text(struct mem *mem, const char *path, const char *text, size_t length)
{
  struct source *source = mem_alloc(mem, sizeof *source);
  source->path = mem_string(mem, path, strlen(path));
  source->text = mem_string(mem, text, length);
  source->length = (int)length;
  index_lines(mem, source);
  return source;
}

/* Reads `file` to its end into `buffer`; false when that fails or there are more than `size` bytes
 * (*length is then size + 1). */
static bool read_all(int file, char *buffer, size_t size, size_t *length)
{
  *length = 0;
  while (*length <= size) {
    ssize_t got = read(file, buffer + *length, size + 1 - *length);
    if (got == 0)
      return true;
    if (got < 0 && errno != EINTR)
      return false;
    *length += got > 0 ? (size_t)got : 0;
  }
  errno = EFBIG;
  return false;
}

struct source *source_read(struct mem *mem, const char *path, char *error, size_t size)
{
  struct source *source = NULL;
  struct stat status;
  char *buffer = NULL;
  size_t length;
  int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO must not block */
  if (file < 0) {
    snprintf(error, size, "cannot open %s: %s", path, strerror(errno));
    return NULL;
  }
  if (fstat(file, &status) == 0 && !S_ISREG(status.st_mode))
    snprintf(error, size, "cannot read %s: it is not a regular file", path);
  else if ((buffer = malloc(SOURCE_MAX_BYTES + 1)) == NULL)
    snprintf(error, size, "cannot read %s: out of memory", path);
  else if (read_all(file, buffer, SOURCE_MAX_BYTES, &length))
    source = source_from_text(mem, path, buffer, length);
  else if (errno == EFBIG)
    snprintf(error, size, "cannot read %s: it is larger than %d bytes, which no description is",
             path, SOURCE_MAX_BYTES);
  else
    snprintf(error, size, "cannot read %s: %s", path, strerror(errno));
  free(buffer);
  close(file);
  return source;
}

int source_line_number(const struct source *source, int offset)
{
  int low = 0, high = source->lines - 1;
  while (low < high) { /* the last line that begins at or before the offset */
    int middle = (low + high + 1) / 2;
    if (source->line_start[middle] <= offset)
      low = middle;
    else
      high = middle - 1;
  }
  return low + 1;
}

struct place source_place(const struct source *source, int offset)
{
  struct place place = {source_line_number(source, offset), 1};
  for (int i = source->line_start[place.line - 1]; i < offset; i++)
    if (((unsigned char)source->text[i] & 0xC0) != 0x80)
      place.column++;
  return place;
}

struct span source_line(const struct source *source, int line)
{
  struct span span = {source->line_start[line - 1], source->line_start[line]};
  const char *text = source->text;
  if (span.end > span.begin && text[span.end - 1] == '\n')
    span.end--;
  if (span.end > span.begin && text[span.end - 1] == '\r')
    span.end--;
  return span;
}

const char *source_text(struct mem *mem, const struct source *source, struct span span, int most)
{
  int length = span.end - span.begin;
  const char *text = source->text + span.begin;
  if (length <= most)
    return mem_string(mem, text, (size_t)length);
  while (most > 0 && ((unsigned char)text[most] & 0xC0) == 0x80)
    most--; /* not in the middle of a character */
  return mem_printf(mem, "%.*s...", most, text);
}

int utf8_length(const char *text)
{
  const unsigned char *u = (const unsigned char *)text;
  /* By the first byte: how many follow, and the range of the second (Unicode 15, table 3-7). */
  static const struct {
    unsigned char first, last, low, high, length;
  } forms[] = {
      {0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
      {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
      {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
  };
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    if (u[0] < forms[i].first || u[0] > forms[i].last)
      continue;
    if (forms[i].length > 1 && (u[1] < forms[i].low || u[1] > forms[i].high))
      return 0;
    for (int k = 2; k < forms[i].length; k++)
      if ((u[k] & 0xC0) != 0x80)
        return 0;
    return forms[i].length;
  }
  return 0;
}
