/* lathe: a description of a latent-variable model in, C or a standalone binary out. */
#include "algorithm.h"
#include "check.h"
#include "child.h"
#include "compile.h"
#include "emit_model.h"
#include "format.h"
#include "summary.h"
#include "toolchain.h"
#include "verify.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct command_line {
  const char *command;
  const char *description; /* the file, or the word that help is asked for */
  const char *output, *emit_dir, *cc, *cflags, *stage, *keep, *target;
  const char **definitions; /* of -D */
  int definition_count;
  const char **algorithms; /* of --algorithm */
  int algorithm_count;
  bool json, plain, json_diagnostics, compare, write;
};

enum { DONE = 0, FAILED = 1, USAGE = 2 };

static int usage_error(const char *format, const char *word)
{
  fputs("lathe: ", stderr);
  fprintf(stderr, format, word);
  fputs("; see `lathe help`\n", stderr);
  return USAGE;
}

/* ---- From a file to a checked and compiled model ---- */

/* Whether standard error is a terminal that shows colours, and the user likes them (no-color.org).
 */
static bool has_colours(void)
{
  const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
  return isatty(STDERR_FILENO) && (none == NULL || *none == '\0') &&
         (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

static void print_diagnostics(const struct command_line *line, const struct diags *diags)
{
  if (line->json_diagnostics)
    diags_print(stdout, diags, DIAG_JSON);
  else
    diags_print(stderr, diags, has_colours() ? DIAG_COLOURED : DIAG_PLAIN);
}

static struct model *load(struct mem *mem, const struct command_line *line)
{
  char error[512];
  struct source *source = source_read(mem, line->description, error, sizeof error);
  if (source == NULL) {
    fprintf(stderr, "lathe: error: %s\n", error);
    return NULL;
  }
  struct diags *diags = diags_new(mem, source);
  struct ast_model *ast = parse(mem, source, &source->files[0], diags);
  struct expanded *expanded =
      expand(mem, ast, source, line->definitions, line->definition_count, diags);
  struct model *model = check(mem, expanded, diags);
  print_diagnostics(line, diags);
  for (int i = 0; i < line->algorithm_count && model != NULL; i++)
    if (!algorithm_choose(model, line->algorithms[i]))
      return NULL;
  return model;
}

static struct compilation *load_and_compile(struct mem *mem, const struct command_line *line,
                                            enum stage dump)
{
  struct model *model = load(mem, line);
  if (model == NULL)
    return NULL;
  model->plain = line->plain;
  return compile(mem, model, dump, stdout);
}

/* ---- Commands ---- */

static int command_build(struct mem *mem, const struct command_line *line)
{
  if (line->output == NULL)
    return usage_error("build needs -o %s", "BINARY");
  if (line->target != NULL && !target_known(line->target))
    return usage_error("there is no target '%s'; `lathe help build` lists them", line->target);
  struct compilation *c = load_and_compile(mem, line, STAGE_NONE);
  if (c == NULL)
    return FAILED;
  struct build_options options = {
      .output = line->output,
      .emit_dir = line->emit_dir,
      .cc = line->cc,
      .cflags = line->cflags,
      .target = line->target,
  };
  interrupts_catch();
  return build_binary(mem, c->model, emit_model(c), &options) ? DONE : FAILED;
}

static int command_emit(struct mem *mem, const struct command_line *line)
{
  if (line->output == NULL)
    return usage_error("emit needs -o %s", "DIR");
  struct compilation *c = load_and_compile(mem, line, STAGE_NONE);
  return c != NULL && write_emitted(emit_model(c), line->output) ? DONE : FAILED;
}

static int command_check(struct mem *mem, const struct command_line *line)
{
  return load(mem, line) != NULL ? DONE : FAILED;
}

static int command_summary(struct mem *mem, const struct command_line *line)
{
  struct compilation *c = load_and_compile(mem, line, STAGE_NONE);
  if (c == NULL)
    return FAILED;
  if (line->json)
    return summary_json(stdout, c) ? DONE : FAILED;
  summary_print(stdout, c);
  return DONE;
}

static int command_verify(struct mem *mem, const struct command_line *line)
{
  const struct verify_options options = {
      .keep = line->keep, .cc = line->cc, .cflags = line->cflags, .json = line->json};
  struct model *model = load(mem, line);
  interrupts_catch();
  return model != NULL && verify(mem, model, &options, stdout) ? DONE : FAILED;
}

static int command_dump(struct mem *mem, const struct command_line *line)
{
  static const char *const stages[] = {
      [STAGE_GRAPH] = "graph",
      [STAGE_BACKWARD] = "backward",
      [STAGE_SCHEDULE] = "schedule",
      [STAGE_PLAN] = "plan",
  };
  for (int i = 0; line->stage != NULL && i < STAGE_NONE; i++)
    if (strcmp(stages[i], line->stage) == 0)
      return load_and_compile(mem, line, (enum stage)i) != NULL ? DONE : FAILED;
  return usage_error("dump needs --stage=%s", "graph|backward|schedule|plan");
}

static int command_fmt(struct mem *mem, const struct command_line *line);
static int command_explain(struct mem *mem, const struct command_line *line);
static int command_help(struct mem *mem, const struct command_line *line);

static const struct command {
  const char *name;
  int (*run)(struct mem *mem, const struct command_line *line);
  const char *arguments, *help;
} commands[] = {
#define COMMAND(name, run, arguments, help) {#name, run, arguments, help},
#include "commands.def"
#undef COMMAND
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static const struct command *find_command(const char *name)
{
  for (int i = 0; i < COMMANDS; i++)
    if (strcmp(commands[i].name, name) == 0)
      return &commands[i];
  return NULL;
}

static int command_help(struct mem *mem, const struct command_line *line)
{
  (void)mem;
  if (line->description != NULL) {
    const struct command *command = find_command(line->description);
    if (command != NULL) {
      printf("lathe %s %s\n  %s\n", command->name, command->arguments, command->help);
      if (command->run == command_build) {
        puts("\nTargets, native by default; a machine that lacks what it needs is told so:");
        targets_help(stdout);
      }
      return DONE;
    }
    if (rules_help(stdout, line->description))
      return DONE;
    return usage_error("there is no command, layer or setting '%s'", line->description);
  }
  puts("lathe: compiles descriptions of latent-variable models into C\n\nCommands:");
  for (int i = 0; i < COMMANDS; i++)
    printf("  lathe %s %s\n      %s\n", commands[i].name, commands[i].arguments, commands[i].help);
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

static int command_fmt(struct mem *mem, const struct command_line *line)
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

static int command_explain(struct mem *mem, const struct command_line *line)
{
  (void)mem;
  if (diagnostics_explain(stdout, line->description))
    return DONE;
  return usage_error("there is no diagnostic '%s'; `lathe explain` lists them", line->description);
}

/* ---- The command line ---- */

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'}, {"emit-dir", required_argument, NULL, 'e'},
    {"cc", required_argument, NULL, 'c'},     {"cflags", required_argument, NULL, 'f'},
    {"stage", required_argument, NULL, 's'},  {"keep", required_argument, NULL, 'k'},
    {"json", no_argument, NULL, 'j'},         {"plain", no_argument, NULL, 'p'},
    {"check", no_argument, NULL, 'C'},        {"write", no_argument, NULL, 'w'},
    {"format", required_argument, NULL, 'm'}, {"define", required_argument, NULL, 'D'},
    {"target", required_argument, NULL, 't'}, {"algorithm", required_argument, NULL, 'a'},
    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
};

/* Fills *line; false when something is wrong with it, which getopt or this function has said. */
static bool read_command_line(int argc, char **argv, struct command_line *line)
{
  int option;
  while ((option = getopt_long(argc, argv, "o:D:wh", long_options, NULL)) != -1) {
    switch (option) {
    case 'o':
      line->output = optarg;
      break;
    case 'e':
      line->emit_dir = optarg;
      break;
    case 'c':
      line->cc = optarg;
      break;
    case 'f':
      line->cflags = optarg;
      break;
    case 's':
      line->stage = optarg;
      break;
    case 'k':
      line->keep = optarg;
      break;
    case 't':
      line->target = optarg;
      break;
    case 'j':
      line->json = true;
      break;
    case 'p':
      line->plain = true;
      break;
    case 'm':
      line->json_diagnostics = strcmp(optarg, "json") == 0;
      if (line->json_diagnostics || strcmp(optarg, "text") == 0)
        break;
      usage_error("--format is text or json, not '%s'", optarg);
      return false;
    case 'C':
      line->compare = true;
      break;
    case 'w':
      line->write = true;
      break;
    case 'a':
      line->algorithms[line->algorithm_count++] = optarg;
      break;
    case 'D':
      line->definitions[line->definition_count++] = optarg;
      break;
    case 'h':
      line->command = "help";
      return true;
    default:
      fputs("lathe: see `lathe help`\n", stderr);
      return false;
    }
  }
  if (optind < argc)
    line->command = argv[optind++];
  if (optind < argc)
    line->description = argv[optind++];
  if (optind < argc) {
    usage_error("'%s' is one argument too many", argv[optind]);
    return false;
  }
  return true;
}

static int run_command(struct mem *mem, const struct command_line *line)
{
  if (line->command == NULL)
    return usage_error("%s", "no command is given");
  const struct command *command = find_command(line->command);
  if (command == NULL)
    return usage_error("there is no command '%s'", line->command);
  if (line->description == NULL && command->run != command_help && command->run != command_explain)
    return usage_error("%s needs a description, MODEL.lathe", command->name);
  return command->run(mem, line);
}

int main(int argc, char **argv)
{
  struct mem *mem = mem_new();
  struct command_line line = {
      .definitions = mem_alloc(mem, (size_t)argc * sizeof(char *)),
      .algorithms = mem_alloc(mem, (size_t)argc * sizeof(char *)),
  };
  int status = read_command_line(argc, argv, &line) ? run_command(mem, &line) : USAGE;
  mem_free(mem);
  interrupts_end();
  if (fflush(stdout) != 0 || ferror(stdout)) {
    perror("lathe: error: cannot write standard output");
    return FAILED;
  }
  return status;
}
