#include "diag.h"
#include "text.h"
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 100, BEFORE_CARET = 60 }; /* characters shown of a long line */

struct diags *diags_new(struct mem *mem, const struct source *source)
{
  struct diags *diags = mem_alloc(mem, sizeof *diags);
  diags->mem = mem;
  diags->source = source;
  return diags;
}

static struct diag *make(struct diags *diags, enum severity severity, const char *format,
                         va_list args)
{
  struct text message = {.mem = diags->mem};
  text_vprintf(&message, format, args);
  struct diag *diag = mem_alloc(diags->mem, sizeof *diag);
  diag->severity = severity;
  diag->message = message.data;
  return diag;
}

static void append(struct diags *diags, struct diag *diag, struct span span)
{
  diag->span = span;
  diag->order = diags->errors + diags->warnings;
  if (diags->last == NULL)
    diags->first = diag;
  else
    diags->last->next = diag;
  diags->last = diag;
}

static void append_detail(struct diag *parent, struct diag *detail)
{
  if (parent->last_detail == NULL)
    parent->details = detail;
  else
    parent->last_detail->next = detail;
  parent->last_detail = detail;
}

void diag_error(struct diags *diags, struct span span, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  append(diags, make(diags, DIAG_ERROR, format, args), span);
  va_end(args);
  diags->errors++;
}

void diag_warning(struct diags *diags, struct span span, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  append(diags, make(diags, DIAG_WARNING, format, args), span);
  va_end(args);
  diags->warnings++;
}

void diag_note(struct diags *diags, struct span span, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  struct diag *note = make(diags, DIAG_NOTE, format, args);
  va_end(args);
  note->span = span;
  append_detail(diags->last, note);
}

void diag_help(struct diags *diags, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  append_detail(diags->last, make(diags, DIAG_HELP, format, args));
  va_end(args);
}

/* The length of the character at `text`; 0 when it is not valid UTF-8 or not printable. */
static int printable(const char *text)
{
  int length = utf8_length(text);
  bool control = length == 1 && (unsigned char)*text < ' ' && *text != '\t';
  return control || *text == 0x7F ? 0 : length;
}

/* Prints bytes begin..end-1, at most `most` characters; what is not text as U+FFFD. */
static int print_text(FILE *out, const char *text, int begin, int end, int most)
{
  while (begin < end && most > 0) {
    int length = printable(text + begin);
    if (length == 0)
      fputs("\xEF\xBF\xBD", out);
    else
      fwrite(text + begin, 1, (size_t)length, out);
    begin += length > 0 ? length : 1;
    most--;
  }
  return begin;
}

/* Where to start showing a line so that the caret is in sight: `begin`, or so many characters
 * before the caret. */
static int window_start(const char *text, int begin, int end, int caret)
{
  int characters = 0, start = caret;
  for (int i = begin; i < end && characters <= WINDOW; i++)
    characters += ((unsigned char)text[i] & 0xC0) != 0x80;
  if (characters <= WINDOW)
    return begin;
  for (int back = 0; start > begin && back < BEFORE_CARET; start--)
    back += ((unsigned char)text[start - 1] & 0xC0) != 0x80;
  return start;
}

/* The source line of a span, and below it the caret and tildes; nothing for an empty line or one
 * that is not text. */
static void print_excerpt(FILE *out, const struct source *source, struct span span)
{
  const char *text = source->text;
  int number = source_line_number(source, span.begin);
  struct span line = source_line(source, number);
  if (line.begin == line.end || memchr(text + line.begin, 0, (size_t)(line.end - line.begin)))
    return;
  int start = window_start(text, line.begin, line.end, span.begin);
  const char *cut = start > line.begin ? "..." : "";
  fprintf(out, "%5d | %s", number, cut);
  int end = print_text(out, text, start, line.end, WINDOW);
  fprintf(out, "%s\n      | %*s", end < line.end ? "..." : "", (int)strlen(cut), "");
  for (int i = start; i < span.begin && i < end;) {
    int length = printable(text + i);
    fputc(text[i] == '\t' ? '\t' : ' ', out);
    i += length > 0 ? length : 1;
  }
  fputc('^', out);
  for (int i = span.begin + 1; i < span.end && i < end; i++)
    if (((unsigned char)text[i] & 0xC0) != 0x80)
      fputc('~', out);
  fputc('\n', out);
}

static void print_diag(FILE *out, const struct source *source, const struct diag *diag)
{
  static const char *const names[] = {
      [DIAG_ERROR] = "error", [DIAG_WARNING] = "warning", [DIAG_NOTE] = "note"};
  if (diag->severity == DIAG_HELP) {
    fprintf(out, "      = help: %s\n", diag->message);
    return;
  }
  struct place place = source_place(source, diag->span.begin);
  fprintf(out, "%s:%d:%d: %s: %s\n", source->path, place.line, place.column, names[diag->severity],
          diag->message);
  print_excerpt(out, source, diag->span);
  for (const struct diag *detail = diag->details; detail != NULL; detail = detail->next)
    print_diag(out, source, detail);
}

static int by_place(const void *a, const void *b)
{
  const struct diag *x = *(const struct diag *const *)a, *y = *(const struct diag *const *)b;
  int first = x->span.begin, second = y->span.begin;
  if (first == second) {
    first = x->order;
    second = y->order;
  }
  return (first > second) - (first < second);
}

void diags_print(FILE *out, const struct diags *diags)
{
  size_t count = (size_t)diags->errors + (size_t)diags->warnings, n = 0;
  const struct diag **sorted = mem_alloc(diags->mem, count * sizeof *sorted);
  for (const struct diag *d = diags->first; d != NULL; d = d->next)
    sorted[n++] = d;
  if (n > 0)
    qsort(sorted, n, sizeof *sorted, by_place);
  int errors = 0;
  for (size_t i = 0; i < n && errors < DIAG_MAX_ERRORS; i++) {
    print_diag(out, diags->source, sorted[i]);
    errors += sorted[i]->severity == DIAG_ERROR;
  }
  if (diags->errors > DIAG_MAX_ERRORS)
    fprintf(out, "%s: error: too many errors; the first %d are shown\n", diags->source->path,
            DIAG_MAX_ERRORS);
}
