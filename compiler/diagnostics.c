#include "diagnostics.h"
#include <string.h>
#include <strings.h>

static const struct diagnostic diagnostics[] = {
#define DIAGNOSTIC(name, number, about, more, where, bad, good)                                    \
  [CODE_##name] = {#number, about, more, PLACE_##where, bad, good},
#include "diagnostics.def"
};

#define MODEL_HEAD "model m {\n  input image [1, 28, 28];\n  latent z [20];\n"
#define ENCODER "  encoder { flatten; gaussian z; }\n"
#define DECODER "  decoder { linear 784; reshape [1, 28, 28]; sigmoid; }\n"

/* How a place is shown around an example, and the rest that makes a description of it. */
static const struct {
  const char *shown_before, *shown_after, *before, *after;
} places[] = {
    [PLACE_FILE] = {"", "", "", ""},
    [PLACE_BEFORE] = {"", "", "", "\n" MODEL_HEAD ENCODER DECODER "}\n"},
    [PLACE_MODEL] = {"", "", MODEL_HEAD, "\n" ENCODER DECODER "}\n"},
    [PLACE_ENCODER] = {"encoder { ", " ... }", MODEL_HEAD "  encoder { ",
                       " gaussian z; }\n" DECODER "}\n"},
    [PLACE_DECODER] = {"decoder { ", " }", MODEL_HEAD ENCODER "  decoder { ", " }\n}\n"},
    [PLACE_TRAIN] = {"train { ", " }", MODEL_HEAD ENCODER DECODER "  train { ", " }\n}\n"},
    [PLACE_BLOCK] = {"block down(channels, stride 1) { ... }\n\nencoder { ", " ... }",
                     "block down(channels, stride 1) { conv2d channels, kernel 3, stride stride; "
                     "}\n" MODEL_HEAD "  encoder { ",
                     " gaussian z; }\n" DECODER "}\n"},
};

const struct diagnostic *diagnostic_of(enum diag_code code)
{
  return &diagnostics[code];
}

bool diagnostic_warns(enum diag_code code)
{
  return *diagnostics[code].code == 'W';
}

const char *diagnostic_example(struct mem *mem, enum example_place place, const char *text)
{
  return mem_printf(mem, "%s%s%s", places[place].before, text, places[place].after);
}

/* Text in lines of at most 80 characters, each after `indent`. */
static void print_wrapped(FILE *out, const char *text, const char *indent)
{
  enum { COLUMNS = 80 };
  while (*text != '\0') {
    size_t length = strlen(text), line = length;
    if (length > COLUMNS)
      for (line = COLUMNS; line > 1 && text[line] != ' ';)
        line--;
    fprintf(out, "%s%.*s\n", indent, (int)line, text);
    text += line;
    text += *text == ' ';
  }
}

/* An example in its place, indented. */
static void print_example(FILE *out, const char *title, enum example_place place, const char *text)
{
  bool start = true;
  if (text == NULL || *text == '\0')
    return;
  fprintf(out, "\n%s\n", title);
  const char *const parts[] = {places[place].shown_before, text, places[place].shown_after};
  for (int i = 0; i < 3; i++)
    for (const char *c = parts[i]; *c != '\0'; c++) {
      fputs(start && *c != '\n' ? "    " : "", out);
      fputc(*c, out);
      start = *c == '\n';
    }
  fputs(start ? "" : "\n", out);
}

bool diagnostics_explain(FILE *out, const char *code)
{
  for (int i = 0; i < CODES; i++) {
    const struct diagnostic *d = &diagnostics[i];
    if (code == NULL)
      fprintf(out, "%s  %s\n", d->code, d->title);
    else if (strcasecmp(d->code, code) == 0) {
      fprintf(out, "%s: %s\n\n", d->code, d->title);
      print_wrapped(out, d->explanation, "  ");
      print_example(out, "Wrong:", d->place, d->wrong);
      print_example(out, "Right:", d->place, d->right);
      return true;
    }
  }
  return code == NULL;
}

void diagnostics_markdown(FILE *out)
{
  fputs("| Code | Meaning |\n|---|---|\n", out);
  for (int i = 0; i < CODES; i++)
    fprintf(out, "| %s | %s |\n", diagnostics[i].code, diagnostics[i].title);
}
