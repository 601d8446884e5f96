#include "load.h"
#include "algorithm.h"
#include "ast_dump.h"
#include "check.h"
#include "check_memory.h"
#include "tune_file.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether standard error is a terminal that shows colours, and the user likes them (no-color.org).
 */
static bool has_colours(void)
{
  const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
  return isatty(STDERR_FILENO) && (none == NULL || *none == '\0') &&
         (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

void print_diagnostics(const struct command_line *line, const struct diags *diags)
{
  if (line->format != NULL && strcmp(line->format, "json") == 0)
    diags_print(stdout, diags, DIAG_JSON);
  else
    diags_print(stderr, diags, has_colours() ? DIAG_COLOURED : DIAG_PLAIN);
}

static struct source *read_source(struct mem *mem, const char *path)
{
  char error[512];
  struct source *source = source_read(mem, path, error, sizeof error);
  if (source == NULL)
    fprintf(stderr, "lathe: error: %s\n", error);
  return source;
}

/* Takes over what `lathe tune` found, if it did. */
static bool apply_tune_file(struct mem *mem, const struct command_line *line, struct model *model)
{
  const char *path = line->tune != NULL ? line->tune : tune_path(mem, line->description);
  if (line->no_tune || line->plain || (line->tune == NULL && access(path, F_OK) != 0))
    return true;
  const struct source *source = read_source(mem, path);
  if (source == NULL)
    return false;
  const struct tune_conditions here =
      tune_conditions(mem, line->target != NULL ? line->target : "native", 0);
  struct diags *diags = diags_new(mem, source);
  bool applied = tune_apply(mem, model, &here, source, diags);
  print_diagnostics(line, diags);
  return applied;
}

/* Prints to standard output what there is after `dump`, if that is a stage before the passes. */
static struct model *load_and_dump(struct mem *mem, const struct command_line *line,
                                   enum stage dump)
{
  struct source *source = read_source(mem, line->description);
  if (source == NULL)
    return NULL;
  struct diags *diags = diags_new(mem, source);
  struct ast_model *ast = parse(mem, source, &source->files[0], diags);
  struct expanded *expanded =
      expand(mem, ast, source, line->definitions.items, line->definitions.count, diags);
  if (dump == STAGE_AST || dump == STAGE_EXPANDED)
    ast_dump(stdout, source, dump == STAGE_AST ? ast->items : expanded->items);
  struct model *model = check(mem, expanded, diags);
  bool good = model != NULL;
  if (good)
    model->plain = line->plain;
  for (int i = 0; i < line->algorithms.count && good; i++)
    good = algorithm_choose(model, line->algorithms.items[i]);
  if (good)
    good = apply_tune_file(mem, line, model) && check_memory(mem, model, diags);
  print_diagnostics(line, diags);
  return good ? model : NULL;
}

struct model *load_model(struct mem *mem, const struct command_line *line)
{
  return load_and_dump(mem, line, STAGE_NONE);
}

struct compilation *load_and_compile(struct mem *mem, const struct command_line *line,
                                     enum stage dump)
{
  struct model *model = load_and_dump(mem, line, dump);
  return model != NULL ? compile(mem, model, dump, stdout) : NULL;
}
