/* lathe: a description of a latent-variable model in, C or a standalone binary out. */
#include "../runtime/version.h"
#include "check.h"
#include "child.h"
#include "commands.h"
#include "diff.h"
#include "emit_model.h"
#include "format.h"
#include "graph_dot.h"
#include "load.h"
#include "lsp.h"
#include "plan_svg.h"
#include "summary.h"
#include "support.h"
#include "text.h"
#include "toolchain.h"
#include "tune.h"
#include "tune_choose.h"
#include "tune_file.h"
#include "verify.h"
#include "write.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAME_MOST = 64 }; /* letters of a model's name */

struct support {
  const char *name;
  void (*print)(FILE *out);
};

/* ---- Commands ---- */

static double seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int command_build(struct mem *mem, const struct command_line *line)
{
  if (line->output == NULL)
    return usage_error("build needs -o %s", "BINARY");
  if (line->cc != NULL && line->cc[strspn(line->cc, " \t\n")] == '\0')
    return usage_error("--cc '%s' names no compiler", line->cc);
  struct compilation *c = load_and_compile(mem, line, STAGE_NONE);
  if (c == NULL)
    return FAILED;
  struct build_options options = {
      .output = line->output,
      .emit_dir = line->emit_dir,
      .cc = line->cc,
      .cflags = line->cflags,
      .target = line->target,
      .progress = !line->quiet,
  };
  const double begun = seconds();
  interrupts_catch();
  if (!build_binary(mem, c->model, emit_model(c), &options))
    return FAILED;
  if (!line->quiet)
    printf("%s: the model %s, for %s, built in %.1f s\n", line->output, c->model->name,
           line->target != NULL ? line->target : "this machine", seconds() - begun);
  return DONE;
}

int command_emit(struct mem *mem, const struct command_line *line)
{
  if (line->output == NULL)
    return usage_error("emit needs -o %s", "DIR");
  struct compilation *c = load_and_compile(mem, line, STAGE_NONE);
  const struct emitted *emitted = c != NULL ? emit_model(c) : NULL;
  if (c == NULL || !write_emitted(emitted, line->output))
    return FAILED;
  if (!line->quiet)
    printf("%s: the model %s, in %d files of C\n", line->output, c->model->name, emitted->count);
  return DONE;
}

int command_check(struct mem *mem, const struct command_line *line)
{
  return load_model(mem, line) != NULL ? DONE : FAILED;
}

int command_summary(struct mem *mem, const struct command_line *line)
{
  struct compilation *c = load_and_compile(mem, line, STAGE_NONE);
  if (c == NULL)
    return FAILED;
  if (line->json)
    return summary_json(stdout, c) ? DONE : FAILED;
  summary_print(stdout, c);
  return DONE;
}

/* Writes what `print` has to say to the file asked for, or to standard output. */
static bool print_result(struct mem *mem, const struct command_line *line,
                         void print(FILE *out, const struct compilation *c,
                                    const struct command_line *line))
{
  struct compilation *c = load_and_compile(mem, line, STAGE_NONE);
  if (c == NULL || (line->output != NULL && !may_replace(line->output, c->model)))
    return false;
  if (c->model->kind == LATHE_ALONE) {
    fprintf(stderr,
            "%s: error: %s is a mixture alone: there are no layers to draw; `lathe summary` says "
            "what it is\n",
            c->model->file, c->model->name);
    return false;
  }
  struct text text = {.mem = mem};
  FILE *out = text_stream(&text);
  print(out, c, line);
  fclose(out);
  return write_result(line->output, text.data);
}

static void print_graph(FILE *out, const struct compilation *c, const struct command_line *line)
{
  bool training = line->stage == NULL || strcmp(line->stage, "training") == 0;
  graph_dot(out, c->programs[PROGRAM_TRAIN]->graph, training);
}

int command_graph(struct mem *mem, const struct command_line *line)
{
  if (line->stage != NULL && strcmp(line->stage, "forward") != 0 &&
      strcmp(line->stage, "training") != 0)
    return usage_error("graph knows --stage=%s", "forward|training");
  return print_result(mem, line, print_graph) ? DONE : FAILED;
}

static void print_plan(FILE *out, const struct compilation *c, const struct command_line *line)
{
  (void)line;
  plan_svg(out, c);
}

int command_plan(struct mem *mem, const struct command_line *line)
{
  return print_result(mem, line, print_plan) ? DONE : FAILED;
}

int command_diff(struct mem *mem, const struct command_line *line)
{
  struct command_line other = *line;
  other.description = line->second;
  struct compilation *a = load_and_compile(mem, line, STAGE_NONE);
  struct compilation *b = load_and_compile(mem, &other, STAGE_NONE);
  if (a == NULL || b == NULL)
    return FAILED;
  if (line->json)
    return diff_json(stdout, a, b) ? DONE : FAILED;
  diff_print(stdout, a, b);
  return DONE;
}

int command_verify(struct mem *mem, const struct command_line *line)
{
  const struct verify_options options = {
      .keep = line->keep, .cc = line->cc, .cflags = line->cflags, .json = line->json};
  struct model *model = load_model(mem, line);
  interrupts_catch();
  return model != NULL && verify(mem, model, &options, stdout) ? DONE : FAILED;
}

/* A number of the command line, `otherwise` when it is not given; below `least` when it is none. */
static double number(const char *text, double otherwise, double least)
{
  char *end;
  double value = text != NULL ? strtod(text, &end) : otherwise;
  return text != NULL && (*text == '\0' || *end != '\0' || !(value <= 1e6)) ? least - 1 : value;
}

int command_tune(struct mem *mem, const struct command_line *line)
{
  const double threads = number(line->threads, 0, 0), rounds = number(line->rounds, 9, 3);
  const double seconds = number(line->seconds, 20, 1e-9);
  if (threads < 0 || threads > 1024 || threads != floor(threads))
    return usage_error("--threads is a number from 1, not '%s'", line->threads);
  if (rounds < 3 || rounds > TUNE_MOST_ROUNDS || rounds != floor(rounds))
    return usage_error("--rounds is a number from 3 to 101, not '%s'", line->rounds);
  if (!(seconds > 0))
    return usage_error("--seconds is a number above 0, not '%s'", line->seconds);
  struct command_line plain = *line;
  plain.no_tune = true; /* it is about to be written anew */
  struct model *model = load_model(mem, &plain);
  if (model == NULL)
    return FAILED;
  const struct tune_options options = {
      .output = line->output != NULL ? line->output : tune_path(mem, line->description),
      .cc = line->cc,
      .cflags = line->cflags,
      .target = line->target != NULL ? line->target : "native",
      .threads = (int)threads,
      .rounds = (int)rounds,
      .seconds = seconds,
      .json = line->json,
  };
  interrupts_catch();
  return may_replace(options.output, model) && tune(mem, model, &options, stdout) ? DONE : FAILED;
}

int command_dump(struct mem *mem, const struct command_line *line)
{
  static const char *const stages[] = {
      [STAGE_AST] = "ast",           [STAGE_EXPANDED] = "expanded", [STAGE_GRAPH] = "graph",
      [STAGE_BACKWARD] = "backward", [STAGE_SCHEDULE] = "schedule", [STAGE_PLAN] = "plan",
  };
  for (int i = 0; line->stage != NULL && i < STAGE_NONE; i++)
    if (strcmp(stages[i], line->stage) == 0)
      return load_and_compile(mem, line, (enum stage)i) != NULL ? DONE : FAILED;
  return usage_error("dump needs --stage=%s", "ast|expanded|graph|backward|schedule|plan");
}

static void print_options(const struct command *command)
{
  const struct option_rule *option;
  const char *words;
  size_t length;
  for (int i = 0; (option = option_at(i)) != NULL; i++) {
    char letter[] = {'-', option->letter, ',', ' ', '\0'};
    if (command_takes(command, option, &words, &length))
      printf("  %s--%-12s%s\n", option->letter != 0 ? letter : "    ", option->name, option->help);
  }
}

int command_help(struct mem *mem, const struct command_line *line)
{
  (void)mem;
  if (line->description != NULL) {
    const struct command *command = command_find(line->description);
    if (command != NULL) {
      printf("lathe %s %s\n  %s\n", command->name, command->arguments, command->help);
      print_options(command);
      if (command->run == command_build) {
        puts("\nTargets, native by default; a machine that lacks what it needs is told so:");
        targets_help(stdout);
      }
      return DONE;
    }
    if (rules_help(stdout, line->description) || rules_help_related(stdout, line->description))
      return DONE;
    const char *near = command_nearest(line->description);
    return usage_unknown("command, layer or setting", line->description,
                         near != NULL ? near : rules_nearest(line->description));
  }
  puts("lathe: compiles descriptions of latent-variable models into C\n\nCommands:");
  const struct command *command;
  for (int i = 0; (command = command_at(i)) != NULL; i++)
    printf("  lathe %s %s\n      %s\n", command->name, command->arguments, command->help);
  puts("\nThe language:");
  rules_help(stdout, NULL);
  return DONE;
}

/* Reads and parses the description alone; NULL when it is not to be read. */
static struct source *load_text(struct mem *mem, const struct command_line *line)
{
  char error[512];
  struct source *source = source_read(mem, line->description, error, sizeof error);
  if (source == NULL) {
    fprintf(stderr, "lathe: error: %s\n", error);
    return NULL;
  }
  struct diags *diags = diags_new(mem, source);
  parse(mem, source, &source->files[0], diags);
  print_diagnostics(line, diags);
  return diags->errors == 0 ? source : NULL;
}

int command_fmt(struct mem *mem, const struct command_line *line)
{
  if (line->compare && line->write)
    return usage_error("fmt takes --check or %s, not both", "-w");
  const struct source *source = load_text(mem, line);
  if (source == NULL)
    return FAILED;
  const char *text = format_source(mem, source);
  bool same = strcmp(text, source->text) == 0;
  if (line->compare) {
    if (!same)
      fprintf(stderr, "%s: not laid out as `lathe fmt` does it\n", line->description);
    return same ? DONE : FAILED;
  }
  if (line->write)
    return same || write_over(line->description, text) ? DONE : FAILED;
  fputs(text, stdout);
  return DONE;
}

int command_explain(struct mem *mem, const struct command_line *line)
{
  (void)mem;
  if (diagnostics_explain(stdout, line->description))
    return DONE;
  return usage_error("there is no diagnostic '%s'; `lathe explain` lists them", line->description);
}

/* Whether a model can go by that name: what lathe makes of it is checked as any description is. */
static bool starts(struct mem *mem, const char *text, size_t size)
{
  struct source *source = source_from_text(mem, "new.lathe", text, size);
  struct diags *diags = diags_new(mem, source);
  struct ast_model *ast = parse(mem, source, &source->files[0], diags);
  return check(mem, expand(mem, ast, source, NULL, 0, diags), diags) != NULL;
}

int command_new(struct mem *mem, const struct command_line *line)
{
  struct text text = {.mem = mem};
  FILE *out = text_stream(&text);
  const char *name = line->description;
  if (name != NULL && strlen(name) <= NAME_MOST)
    starter_print(out, name);
  else
    starter_print(out, name != NULL ? "?" : "first");
  fclose(out);
  if (!starts(mem, text.data, text.length))
    return usage_error("'%s' cannot be a model's name", name);
  if (name != NULL)
    return write_new(mem_printf(mem, "%s.lathe", name), text.data) ? DONE : FAILED;
  fputs(text.data, stdout);
  return DONE;
}

/* What the tables are made into, under the name that it is asked for by. */
static int print_support(const struct command_line *line, const struct support *kinds, int count)
{
  for (int i = 0; line->description != NULL && i < count; i++)
    if (strcmp(kinds[i].name, line->description) == 0) {
      kinds[i].print(stdout);
      return DONE;
    }
  fprintf(stderr, "lathe: %s is for %s; see `lathe help`\n", line->command->name,
          line->command->arguments);
  return USAGE;
}

int command_completion(struct mem *mem, const struct command_line *line)
{
  static const struct support kinds[] = {{"bash", completion_bash}};
  (void)mem;
  return print_support(line, kinds, 1);
}

int command_support(struct mem *mem, const struct command_line *line)
{
  static const struct support kinds[] = {
      {"man", manual_page}, {"vim", syntax_vim}, {"vscode", syntax_textmate}};
  (void)mem;
  return print_support(line, kinds, 3);
}

int command_lsp(struct mem *mem, const struct command_line *line)
{
  (void)mem;
  (void)line;
  return lsp_serve(stdin, stdout);
}

int main(int argc, char **argv)
{
  json_set_alloc_funcs(mem_malloc, free);
  struct mem *mem = mem_new();
  struct command_line line;
  int status = USAGE;
  if (command_line_read(mem, argc, argv, &line))
    status = line.version ? puts("lathe " LATHE_VERSION) < 0
             : line.help  ? command_help(mem, &line)
                          : line.command->run(mem, &line);
  mem_free(mem);
  interrupts_end();
  if (fflush(stdout) != 0 || ferror(stdout)) {
    perror("lathe: error: cannot write standard output");
    return FAILED;
  }
  return status;
}
