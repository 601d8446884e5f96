/* libFuzzer's target: any bytes as a description, through lexer, parser, expansion and checks, its
 * diagnostics printed in every format. What is accepted must be accepted again as the one text that
 * binaries embed, without one error; small models go on through the compiler up to emitted C. */
#include "compiler/check.h"
#include "compiler/compile.h"
#include "compiler/emit_model.h"
#include "compiler/format.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LAYERS = 24, MOST_VALUES = 1 << 22, MOST_LATENT = 64 };

static FILE *nowhere;

/* A file name whose folder does not exist, so that nothing can be included. */
static struct source *read_text(struct mem *mem, const char *text, size_t length)
{
  return source_from_text(mem, "/nonexistent/fuzz.lathe", text, length);
}

static struct model *front(struct mem *mem, struct source *source, struct diags *diags,
                           const char *const *definitions, int count)
{
  struct ast_model *ast = parse(mem, source, &source->files[0], diags);
  struct expanded *expanded = expand(mem, ast, source, definitions, count, diags);
  struct model *model = check(mem, expanded, diags);
  if ((model == NULL) != (diags->errors > 0))
    abort();
  diags_print(nowhere, diags, DIAG_PLAIN);
  diags_print(nowhere, diags, DIAG_COLOURED);
  diags_print(nowhere, diags, DIAG_JSON);
  return model;
}

/* `lathe fmt` changes spaces and line ends alone, and nothing of what it has made. */
static void format(struct mem *mem, const struct source *source)
{
  const char *once = format_source(mem, source);
  struct source *again = read_text(mem, once, strlen(once));
  struct diags *diags = diags_new(mem, again);
  parse(mem, again, &again->files[0], diags);
  if (diags->errors > 0 || strcmp(format_source(mem, again), once) != 0)
    abort();
  const char *a = source->text, *b = once;
  if (strncmp(a, "\xEF\xBB\xBF", 3) == 0)
    a += 3;
  for (;; a++, b++) {
    a += strspn(a, " \t\r\n");
    b += strspn(b, " \t\r\n");
    if (*a != *b)
      abort();
    if (*a == '\0')
      return;
  }
}

static bool is_small(const struct section *section)
{
  bool small = section->count <= MOST_LAYERS;
  for (int i = 0; small && i < section->count; i++)
    small = shape_size(&section->layers[i].out) * shape_size(&section->layers[i].in) < MOST_VALUES;
  return small;
}

static void back(struct mem *mem, const struct model *model)
{
  bool small = is_small(&model->encoder) && is_small(&model->decoder) &&
               model->latent <= MOST_LATENT && model->mixing.components <= MOST_LATENT &&
               model->training.batch <= 1024;
  struct compilation *c = small ? compile(mem, model, STAGE_PLAN, nowhere) : NULL;
  if (c != NULL)
    emit_model(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const definitions[] = {"n=3", "side = [1, 2]"};
  if (size > SOURCE_MAX_BYTES)
    return 0;
  if (nowhere == NULL)
    nowhere = fopen("/dev/null", "w");
  struct mem *mem = mem_new();
  struct source *source = read_text(mem, (const char *)data, size);
  struct diags *diags = diags_new(mem, source);
  parse(mem, source, &source->files[0], diags);
  if (diags->errors == 0 && 2 * size < SOURCE_MAX_BYTES / 4)
    format(mem, source);
  struct model *model = front(mem, source, diags_new(mem, source), NULL, 0);
  if (model != NULL) {
    struct source *flat = read_text(mem, model->source, strlen(model->source));
    if (front(mem, flat, diags_new(mem, flat), NULL, 0) == NULL)
      abort();
    back(mem, model);
  }
  source = read_text(mem, (const char *)data, size);
  front(mem, source, diags_new(mem, source), definitions, 2);
  mem_free(mem);
  return 0;
}
