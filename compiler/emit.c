#include "emit.h"
#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct emitter *emitter_new(struct mem *mem, const struct model *model)
{
  struct emitter *e = mem_alloc(mem, sizeof *e);
  e->mem = mem;
  e->model = model;
  e->out.mem = mem;
  e->line_start = true;
  emit_bind(e, "real", model->float64 ? "double" : "float");
  emit_bind(e, "gemm", model->float64 ? "cblas_dgemm" : "cblas_sgemm");
  emit_bind(e, "f", model->float64 ? "" : "f");
  emit_bind(e, "F", model->float64 ? "" : "F");
  emit_bind(e, "model", "%s", model->name);
  emit_bind(e, "MODEL", "%s", emit_upper(mem, model->name));
  return e;
}

static void bind(struct emitter *e, const char *name, const char *value)
{
  if (e->binding_count == EMIT_MAX_BINDINGS) {
    fputs("lathe: internal error: too many template bindings\n", stderr);
    exit(1);
  }
  e->bindings[e->binding_count++] = (struct binding){name, value};
}

void emit_bind(struct emitter *e, const char *name, const char *format, ...)
{
  struct text text = {.mem = e->mem};
  va_list args;
  va_start(args, format);
  text_vprintf(&text, format, args);
  va_end(args);
  bind(e, name, text.data);
}

static const char *lookup(const struct emitter *e, const char *name, size_t length)
{
  for (int i = e->binding_count - 1; i >= 0; i--) {
    const struct binding *b = &e->bindings[i];
    if (strlen(b->name) == length && memcmp(b->name, name, length) == 0)
      return b->value;
  }
  fprintf(stderr, "lathe: internal error: template name $%.*s is not bound\n", (int)length, name);
  exit(1);
}

const char *emit_value(const struct emitter *e, const char *name)
{
  return lookup(e, name, strlen(name));
}

void emit_bind_int(struct emitter *e, const char *name, int64_t value)
{
  emit_bind(e, name, "%lld", (long long)value);
}

enum { COLUMNS = 100 };

/* Breaks the line just written at spaces where it is too long. Lines with strings, comments or
 * directives stay as they are. */
static void break_line(struct emitter *e)
{
  size_t start = e->out.length;
  while (start > 0 && e->out.data[start - 1] != '\n')
    start--;
  size_t length = e->out.length - start;
  if (length <= COLUMNS)
    return;
  char *line = mem_string(e->mem, e->out.data + start, length);
  if (strpbrk(line, "\"#") != NULL || strstr(line, "/*") != NULL)
    return;
  size_t indent = strspn(line, " ");
  e->out.length = start;
  while (strlen(line) > COLUMNS) {
    char *cut = line + COLUMNS;
    while (cut > line + indent + 4 && *cut != ' ')
      cut--;
    if (*cut != ' ')
      break;
    text_printf(&e->out, "%.*s\n", (int)(cut - line), line);
    line = mem_printf(e->mem, "%*s%s", (int)indent + 4, "", cut + 1);
  }
  text_printf(&e->out, "%s", line);
}

/* Whether the line before this one goes on here. */
static bool ends_with_assignment(const struct emitter *e)
{
  return e->out.length >= 2 && memcmp(e->out.data + e->out.length - 2, "=\n", 2) == 0;
}

static void begin_line(struct emitter *e, char first)
{
  static const char blanks[] = "                                                                ";
  int depth = e->depth - (first == '}' ? 1 : 0);
  bool continued = e->parens > 0 || ends_with_assignment(e);
  size_t indent = (size_t)(2 * depth + (continued ? 4 : 0));
  for (; indent >= sizeof blanks; indent -= sizeof blanks - 1)
    text_add(&e->out, blanks, sizeof blanks - 1);
  text_add(&e->out, blanks, indent);
}

/* Writes characters that are already final C, keeping count of braces and parentheses. */
static void put(struct emitter *e, const char *text, size_t length)
{
  const char *const end = text + length;
  while (text < end) {
    if (*text == '\n') {
      break_line(e);
      text_add(&e->out, text++, 1);
      e->line_start = true;
      continue;
    }
    if (e->line_start && *text != '#') /* the preprocessor's lines stay at the margin */
      begin_line(e, *text);
    e->line_start = false;
    const char *const begin = text;
    for (; text < end && *text != '\n'; text++) {
      e->depth += (*text == '{') - (*text == '}');
      e->parens += (*text == '(') - (*text == ')');
    }
    text_add(&e->out, begin, (size_t)(text - begin));
  }
}

void emit(struct emitter *e, const char *template)
{
  for (const char *p = template; *p != '\0';) {
    if (*p != '$') {
      size_t plain = strcspn(p, "$");
      put(e, p, plain);
      p += plain;
      continue;
    }
    bool braced = p[1] == '{';
    const char *name = p + (braced ? 2 : 1);
    size_t length = 0;
    while (isalnum((unsigned char)name[length]) || name[length] == '_')
      length++;
    const char *value = lookup(e, name, length);
    put(e, value, strlen(value));
    p = name + length + (braced ? 1 : 0);
  }
}

static const char *shortest(const struct emitter *e, double value, bool narrow)
{
  char digits[40];
  if (narrow) /* what a float cannot hold becomes what it holds next to it */
    value = fabs(value) > FLT_MAX ? copysign(FLT_MAX, value) : (double)(float)value;
  if (fabs(value) < 1e6 && value == floor(value)) /* as people write it, not as 3e+01 */
    return mem_printf(e->mem, "%.1f", value);
  for (int precision = 1; precision <= 17; precision++) {
    snprintf(digits, sizeof digits, "%.*g", precision, value);
    double back = strtod(digits, NULL);
    bool same = narrow ? (float)back == (float)value : back == value;
    if (same)
      break;
  }
  bool point = strpbrk(digits, ".en") != NULL; /* e: exponent; n: inf or nan */
  return mem_printf(e->mem, "%s%s", digits, point ? "" : ".0");
}

const char *emit_number(const struct emitter *e, double value)
{
  if (e->model->float64)
    return shortest(e, value, false);
  return mem_printf(e->mem, "%sF", shortest(e, value, true));
}

const char *emit_double(const struct emitter *e, double value)
{
  return shortest(e, value, false);
}

static const char *converted(struct mem *mem, const char *name, int convert(int))
{
  char *copy = mem_string(mem, name, strlen(name));
  for (char *p = copy; *p != '\0'; p++)
    *p = isalnum((unsigned char)*p) ? (char)convert((unsigned char)*p) : '_';
  return copy;
}

static int same(int c)
{
  return c;
}

const char *emit_identifier(struct mem *mem, const char *name)
{
  return converted(mem, name, same);
}

const char *emit_upper(struct mem *mem, const char *name)
{
  return converted(mem, name, toupper);
}

void emit_helper(struct emitter *e, const char *name, const char *template)
{
  for (int i = 0; i < e->helper_count; i++)
    if (strcmp(e->helpers[i].name, name) == 0)
      return;
  struct text kernel = e->out;
  int depth = e->depth;
  e->out = (struct text){.mem = e->mem};
  e->depth = 0;
  e->line_start = true;
  emit(e, template);
  e->helpers =
      mem_grow(e->mem, e->helpers, &e->helper_capacity, e->helper_count + 1, sizeof *e->helpers);
  e->helpers[e->helper_count++] = (struct helper){name, e->out.data};
  e->out = kernel;
  e->depth = depth;
}
