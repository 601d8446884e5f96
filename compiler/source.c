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
  return (struct span){a.begin, b.end, a.in};
}

struct span span_after(struct span span)
{
  return (struct span){span.end, span.end, span.in};
}

/* Where the lines of the text's bytes begin .. end-1 begin. */
static void index_lines(struct mem *mem, const char *text, struct source_file *file)
{
  int *start = NULL, capacity = 0, lines = 0;
  const char *p = text + file->begin, *end = text + file->end;
  do {
    start = mem_grow(mem, start, &capacity, lines + 2, sizeof *start);
    start[lines++] = (int)(p - text);
    p = memchr(p, '\n', (size_t)(end - p)); /* the text may hold NULs before it is judged */
    p = p == NULL ? NULL : p + 1;
  } while (p != NULL);
  start[lines] = file->end;
  file->line_start = start;
  file->lines = lines;
}

static struct source_file *append(struct mem *mem, struct source *source, const char *path,
                                  const char *text, size_t length)
{
  int begin = source->count == 0 ? 0 : source->length + 1;
  char *all = mem_alloc(mem, (size_t)begin + length + 1);
  if (begin > 0)
    memcpy(all, source->text, (size_t)begin);
  memcpy(all + begin, text, length);
  struct source_file *file = &source->files[source->count++];
  source->text = all;
  source->length = begin + (int)length;
  *file = (struct source_file){
      .path = mem_string(mem, path, strlen(path)), .begin = begin, .end = source->length};
  index_lines(mem, all, file);
  return file;
}

/* What follows the last '/' of a path. */
static const char *last_part(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

/* `written` in the folder of `beside`. */
static const char *join_path(struct mem *mem, const char *beside, const char *written)
{
  if (*written == '/')
    return written;
  return mem_printf(mem, "%.*s%s", (int)(last_part(beside) - beside), beside, written);
}

struct source *source_from_text(struct mem *mem, const char *path, const char *text, size_t length)
{
  struct source *source = mem_alloc(mem, sizeof *source);
  struct source_file *file = append(mem, source, path, text, length);
  file->name = last_part(file->path);
  return source;
}

/* Whether one more file of `length` bytes may be added. */
static bool has_room(const struct source *source, size_t length, char *error, size_t size)
{
  if (source->count == SOURCE_MAX_FILES)
    snprintf(error, size, "a description is made of at most %d files", SOURCE_MAX_FILES);
  else if ((size_t)source->length + 1 + length > SOURCE_MAX_BYTES)
    snprintf(error, size, "a description has at most %d bytes, its included files counted",
             SOURCE_MAX_BYTES);
  else
    return true;
  return false;
}

const struct source_file *source_add_text(struct mem *mem, struct source *source, const char *path,
                                          const char *text, size_t length)
{
  char error[128];
  if (!has_room(source, length, error, sizeof error))
    return NULL;
  struct source_file *file = append(mem, source, path, text, length);
  file->name = file->path;
  return file;
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

/* A file's bytes, to be freed, and its `status`; NULL with one line in `error`. */
static char *read_file(const char *path, size_t *length, struct stat *status, char *error,
                       size_t size)
{
  char *buffer = NULL;
  bool good = false;
  int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO must not block */
  if (file < 0) {
    snprintf(error, size, "cannot open %s: %s", path, strerror(errno));
    return NULL;
  }
  if (fstat(file, status) == 0 && !S_ISREG(status->st_mode))
    snprintf(error, size, "cannot read %s: it is not a regular file", path);
  else if ((buffer = malloc(SOURCE_MAX_BYTES + 1)) == NULL)
    snprintf(error, size, "cannot read %s: out of memory", path);
  else if (read_all(file, buffer, SOURCE_MAX_BYTES, length))
    good = true;
  else if (errno == EFBIG)
    snprintf(error, size, "cannot read %s: it is larger than %d bytes, which no description is",
             path, SOURCE_MAX_BYTES);
  else
    snprintf(error, size, "cannot read %s: %s", path, strerror(errno));
  close(file);
  if (good)
    return buffer;
  free(buffer);
  return NULL;
}

static void identify(struct source_file *file, const struct stat *status)
{
  file->device = (unsigned long long)status->st_dev;
  file->inode = (unsigned long long)status->st_ino;
}

bool source_same_file(const struct source_file *a, const struct source_file *b)
{
  return a == b || (a->inode != 0 && a->inode == b->inode && a->device == b->device);
}

struct source *source_read(struct mem *mem, const char *path, char *error, size_t size)
{
  size_t length;
  struct stat status;
  char *buffer = read_file(path, &length, &status, error, size);
  struct source *source = NULL;
  if (buffer != NULL) {
    source = source_from_text(mem, path, buffer, length);
    identify(&source->files[0], &status);
  }
  free(buffer);
  return source;
}

const struct source_file *source_include(struct mem *mem, struct source *source,
                                         const char *written, struct span included, char *error,
                                         size_t size)
{
  const struct source_file *by = source_file(source, included.begin);
  const char *path = join_path(mem, by->path, written);
  const char *name = *written == '/' ? last_part(written) : join_path(mem, by->name, written);
  struct source_file *file = NULL;
  size_t length;
  struct stat status;
  char *buffer = read_file(path, &length, &status, error, size);
  if (buffer != NULL && has_room(source, length, error, size)) {
    struct span *statement = mem_alloc(mem, sizeof *statement);
    *statement = included;
    file = append(mem, source, path, buffer, length);
    file->name = name;
    file->included = statement;
    identify(file, &status);
  }
  free(buffer);
  return file;
}

const struct source_file *source_file(const struct source *source, int offset)
{
  int i = source->count - 1;
  while (i > 0 && source->files[i].begin > offset)
    i--;
  return &source->files[i];
}

/* Counted from 0. */
static int line_index(const struct source_file *file, int offset)
{
  int low = 0, high = file->lines - 1;
  while (low < high) { /* the last line that begins at or before the offset */
    int middle = (low + high + 1) / 2;
    if (file->line_start[middle] <= offset)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

int source_line_number(const struct source *source, int offset)
{
  return line_index(source_file(source, offset), offset) + 1;
}

struct place source_place(const struct source *source, int offset)
{
  const struct source_file *file = source_file(source, offset);
  struct place place = {file, line_index(file, offset) + 1, 1};
  for (int i = file->line_start[place.line - 1]; i < offset; i++)
    if (((unsigned char)source->text[i] & 0xC0) != 0x80)
      place.column++;
  return place;
}

struct span source_line(const struct source *source, int offset)
{
  const struct source_file *file = source_file(source, offset);
  int line = line_index(file, offset);
  struct span span = {.begin = file->line_start[line], .end = file->line_start[line + 1]};
  const char *text = source->text;
  if (span.end > span.begin && text[span.end - 1] == '\n')
    span.end--;
  if (span.end > span.begin && text[span.end - 1] == '\r')
    span.end--;
  return span;
}

int source_root(const struct source *source, struct span span)
{
  for (;;) {
    while (span.in != NULL)
      span = span.in->call;
    const struct source_file *file = source_file(source, span.begin);
    if (file->included == NULL)
      return span.begin;
    span = *file->included;
  }
}

bool source_before(const struct source *source, struct span a, struct span b)
{
  int first = source_root(source, a), second = source_root(source, b);
  return first < second || (first == second && a.begin < b.begin);
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
