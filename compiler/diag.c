#include "diag.h"
#include "text.h"
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 100, BEFORE_CARET = 60 }; /* characters shown of a long line */
enum { MOST_TRACED = 6 };                 /* expansions shown of an error */

struct diags *diags_new(struct mem *mem, const struct source *source)
{
  struct diags *diags = mem_alloc(mem, sizeof *diags);
  diags->mem = mem;
  diags->source = source;
  return diags;
}

static struct diag *make(struct diags *diags, enum diag_kind kind, const char *format, va_list args)
{
  struct text message = {.mem = diags->mem};
  text_vprintf(&message, format, args);
  struct diag *diag = mem_alloc(diags->mem, sizeof *diag);
  diag->kind = kind;
  diag->message = message.data;
  return diag;
}

/* Whether the same was said of the same text: a block's mistakes are told once, however often it
 * is used. */
static bool is_known(const struct diags *diags, const struct diag *diag, struct span span)
{
  for (const struct diag *d = span.in == NULL ? NULL : diags->first; d != NULL; d = d->next)
    if (d->span.begin == span.begin && d->span.end == span.end &&
        strcmp(d->message, diag->message) == 0)
      return true;
  return false;
}

static void append(struct diags *diags, struct diag *diag, struct span span)
{
  diag->repeated = is_known(diags, diag, span);
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

void diag_report(struct diags *diags, enum diag_code code, struct span span, const char *format,
                 ...)
{
  va_list args;
  bool warns = diagnostic_warns(code);
  va_start(args, format);
  struct diag *diag = make(diags, warns ? DIAG_WARNING : DIAG_ERROR, format, args);
  va_end(args);
  diag->code = code;
  append(diags, diag, span);
  *(warns ? &diags->warnings : &diags->errors) += 1;
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

void diag_shapes(struct diags *diags, const char *chain)
{
  struct diag *shapes = mem_alloc(diags->mem, sizeof *shapes);
  shapes->kind = DIAG_SHAPES;
  shapes->message = chain;
  append_detail(diags->last, shapes);
}

void diag_suggest(struct diags *diags, const char *word)
{
  diags->last->suggestion = word;
  diags->last->asks = word != NULL;
}

struct diag_name {
  const char *text;
  struct diag_name *next;
};

bool diag_unknown(struct diags *diags, const char *name)
{
  for (const struct diag_name *known = diags->unknown; known != NULL; known = known->next)
    if (strcmp(known->text, name) == 0)
      return false;
  struct diag_name *added = mem_alloc(diags->mem, sizeof *added);
  *added = (struct diag_name){name, diags->unknown};
  diags->unknown = added;
  return true;
}

void diag_replace(struct diags *diags, const char *text)
{
  diags->last->suggestion = text;
}

/* ---- Printing for people ---- */

struct printer {
  FILE *out;
  const struct diags *diags;
  bool colour;
};

enum colour { RED, MAGENTA, CYAN, GREEN, BOLD, PLAIN };

/* Switches to a colour, if there are any. */
static const char *colour(const struct printer *p, enum colour colour)
{
  static const char *const codes[] = {
      [RED] = "\033[1;31m",   [MAGENTA] = "\033[1;35m", [CYAN] = "\033[1;36m",
      [GREEN] = "\033[1;32m", [BOLD] = "\033[1m",       [PLAIN] = "\033[0m"};
  return p->colour ? codes[colour] : "";
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
static void print_excerpt(const struct printer *p, struct span span)
{
  FILE *out = p->out;
  const struct source *source = p->diags->source;
  const char *text = source->text;
  int number = source_line_number(source, span.begin);
  struct span line = source_line(source, span.begin);
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
  fprintf(out, "%s^", colour(p, GREEN));
  for (int i = span.begin + 1; i < span.end && i < end; i++)
    if (((unsigned char)text[i] & 0xC0) != 0x80)
      fputc('~', out);
  fprintf(out, "%s\n", colour(p, PLAIN));
}

static void print_place(const struct printer *p, struct span span, enum diag_kind kind,
                        const char *code, const char *message)
{
  static const struct {
    const char *name;
    enum colour colour;
  } kinds[] = {[DIAG_ERROR] = {"error", RED},
               [DIAG_WARNING] = {"warning", MAGENTA},
               [DIAG_NOTE] = {"note", CYAN}};
  struct place place = source_place(p->diags->source, span.begin);
  const char *bold = colour(p, BOLD), *plain = colour(p, PLAIN);
  fprintf(p->out, "%s%s:%d:%d:%s ", bold, place.file->path, place.line, place.column, plain);
  fprintf(p->out, "%s%s%s:%s ", colour(p, kinds[kind].colour), kinds[kind].name, code, plain);
  fprintf(p->out, "%s%s%s\n", kind == DIAG_NOTE ? "" : bold, message,
          kind == DIAG_NOTE ? "" : plain);
  print_excerpt(p, span);
}

/* How a text came to hold where it does: the blocks and repetitions, then the files. */
static void print_trace(const struct printer *p, struct span span)
{
  int shown = 0;
  for (; span.in != NULL; span = span.in->call)
    if (shown++ < MOST_TRACED)
      print_place(p, span.in->call, DIAG_NOTE, "",
                  mem_printf(p->diags->mem, "in expansion of %s here", span.in->what));
  if (shown > MOST_TRACED)
    fprintf(p->out, "      = note: and %d expansions more\n", shown - MOST_TRACED);
  const struct source *source = p->diags->source;
  const struct source_file *file = source_file(source, span.begin);
  for (; file->included != NULL; file = source_file(source, file->included->begin))
    print_place(p, *file->included, DIAG_NOTE, "", "included here");
}

static void print_diag(const struct printer *p, const struct diag *diag)
{
  const char *code = mem_printf(p->diags->mem, "[%s]", diagnostic_of(diag->code)->code);
  const char *question = diag->asks ? diag->suggestion : NULL;
  print_place(p, diag->span, diag->kind, code,
              question == NULL
                  ? diag->message
                  : mem_printf(p->diags->mem, "%s; did you mean `%s`?", diag->message, question));
  for (const struct diag *d = diag->details; d != NULL; d = d->next)
    if (d->kind == DIAG_NOTE)
      print_place(p, d->span, DIAG_NOTE, "", d->message);
    else
      fprintf(p->out, "      %s= %s:%s %s\n", colour(p, CYAN),
              d->kind == DIAG_HELP ? "help" : "shapes", colour(p, PLAIN), d->message);
  print_trace(p, diag->span);
}

static int by_place(const void *a, const void *b)
{
  const struct diag *x = *(const struct diag *const *)a, *y = *(const struct diag *const *)b;
  int first = x->root, second = y->root;
  if (first == second && x->span.in == NULL && y->span.in == NULL) {
    first = x->span.begin;
    second = y->span.begin;
  }
  if (first == second) {
    first = x->order;
    second = y->order;
  }
  return (first > second) - (first < second);
}

void diags_print(FILE *out, const struct diags *diags, enum diag_format format)
{
  const struct printer printer = {out, diags, format == DIAG_COLOURED};
  size_t count = (size_t)diags->errors + (size_t)diags->warnings, n = 0;
  const struct diag **sorted = mem_alloc(diags->mem, count * sizeof *sorted);
  for (struct diag *d = diags->first; d != NULL; d = d->next) {
    d->root = source_root(diags->source, d->span);
    bool waits = d->kind == DIAG_WARNING && diags->errors > 0; /* it may be an echo */
    if (!d->repeated && !waits)
      sorted[n++] = d;
  }
  if (n > 0)
    qsort(sorted, n, sizeof *sorted, by_place);
  int shown[] = {[DIAG_ERROR] = 0, [DIAG_WARNING] = 0};
  static const int most[] = {[DIAG_ERROR] = DIAG_MAX_ERRORS, [DIAG_WARNING] = DIAG_MAX_WARNINGS};
  for (size_t i = 0; i < n && shown[DIAG_ERROR] <= DIAG_MAX_ERRORS; i++) {
    enum diag_kind kind = sorted[i]->kind;
    if (shown[kind]++ >= most[kind])
      continue;
    if (format == DIAG_JSON)
      diag_print_json(out, diags, sorted[i]);
    else
      print_diag(&printer, sorted[i]);
  }
  for (int kind = DIAG_ERROR; kind <= DIAG_WARNING && format != DIAG_JSON; kind++)
    if (shown[kind] > most[kind])
      fprintf(out, "%s: %s: too many %ss; the first %d are shown\n", diags->source->files[0].path,
              kind == DIAG_ERROR ? "error" : "warning", kind == DIAG_ERROR ? "error" : "warning",
              most[kind]);
}
