#include "command.h"
#include "json.h"
#include "output.h"
#include "run.h"
#include "version.h"
#include "words.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Models that have a command: those of the kinds up to one. */
enum who { PRIOR = LATHE_VARIATIONAL, LAYERS = LATHE_PLAIN, EVERY = LATHE_ALONE };

struct command {
  struct lathe_command_line line;
  enum who who;
  const char *writes; /* the endings of the files that -o may name, unless they say nothing */
  lathe_command *run;
  const char *help;
};

#define O(ID) (UINT64_C(1) << LATHE_OPTION_##ID)
static const struct command commands[] = {
#define COMMAND(name, who, writes, takes, needs, help)                                             \
  {{#name, (takes) | O(HELP), needs}, who, writes, lathe_command_##name, help},
#include "commands.def"
#undef COMMAND
};
#undef O
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const char *command_name(int i)
{
  return commands[i].line.command;
}

static const struct command *find_command(const char *name)
{
  for (int i = 0; i < COMMANDS; i++)
    if (strcmp(commands[i].line.command, name) == 0)
      return &commands[i];
  return NULL;
}

enum lathe_status lathe_status_of(bool done)
{
  return done ? LATHE_DONE : LATHE_FAILED;
}

enum lathe_status lathe_usage(struct lathe_error *err, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  vsnprintf(err->text, sizeof err->text, format, args);
  va_end(args);
  return LATHE_USAGE;
}

void lathe_note(const struct lathe_call *call, const char *path, const char *format, ...)
{
  struct stat status;
  if (call->options.quiet || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
    return;
  va_list args;
  va_start(args, format);
  printf("%s: ", path);
  vprintf(format, args);
  printf("\n");
  va_end(args);
}

bool lathe_check_output(const char *path, struct lathe_error *err)
{
  struct lathe_output *output = lathe_output_open(path, err);
  lathe_output_discard(output);
  return output != NULL;
}

static bool has(const struct lathe_model *model, const struct command *command)
{
  return (int)model->kind <= (int)command->who;
}

static void print_overview(const struct lathe_call *call)
{
  printf("usage: %s COMMAND [OPTION]...\n\nThe model %s:\n\n", call->program, call->model->name);
  char help[LATHE_WORDS];
  for (int i = 0; i < COMMANDS; i++)
    if (has(call->model, &commands[i]))
      printf("  %-12s %s\n", commands[i].line.command,
             lathe_in_words(call->model, commands[i].help, help));
  printf("\n'%s help COMMAND' lists a command's options, '%s --version' the version.\n",
         call->program, call->program);
}

static void print_help(const struct lathe_call *call, const struct command *command)
{
  const struct lathe_command_line *line = &command->line;
  printf("usage: %s %s", call->program, line->command);
  lathe_options_synopsis(line->needs);
  char help[LATHE_WORDS];
  printf(" [OPTION]...\n\n%s: %s\n\n", line->command,
         lathe_in_words(call->model, command->help, help));
  lathe_options_help(call->model, line->takes);
}

static void print_error(const struct lathe_call *call, struct lathe_error *err)
{
  lathe_error_tidy(err);
  fflush(stdout);
  fprintf(stderr, "%s: %s\n", call->program, err->text);
}

/* Whether `word` is one of `words`, which spaces and dots part. */
static bool among(const char *words, const char *word)
{
  size_t length = strlen(word);
  for (const char *at = words; (at = strstr(at, word)) != NULL; at += length)
    if ((at == words || strchr(" .", at[-1])) && strchr(" ", at[length]))
      return true;
  return false;
}

/* Whether `path` ends as another kind of file than those that the command writes. */
static bool wrong_ending(const struct command *command, const char *path)
{
  static const char known[] = "npz npy csv png jpg jpeg svg html json safetensors";
  const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
  return *command->writes && dot && dot[1] && among(known, dot + 1) &&
         !among(command->writes, dot + 1);
}

static enum lathe_status run_command(struct lathe_call *call, int argc, char **argv,
                                     struct lathe_error *err)
{
  const struct command *command = find_command(argv[0]);
  if (!command) {
    const char *nearest = lathe_nearest_name(argv[0], COMMANDS, command_name);
    return lathe_usage(err, "unknown command '%s'; %s%s%s ('%s help' lists them)", argv[0],
                       nearest ? "did you mean " : "name one of the commands",
                       nearest ? nearest : "", nearest ? "?" : "", call->program);
  }
  if (!has(call->model, command))
    return lathe_usage(
        err, "%s takes %s, and model %s is %s ('%s help' lists what it can)", command->line.command,
        command->who == PRIOR ? "a prior" : "an encoder and a decoder", call->model->name,
        lathe_is_alone(call->model) ? "a mixture alone" : "a plain autoencoder", call->program);
  struct lathe_error why;
  if (!lathe_options_parse(&call->options, &command->line, argc, argv, &why))
    return lathe_usage(err, "%.700s ('%.100s help %s' says more)", why.text, call->program,
                       command->line.command);
  if (call->options.help) {
    print_help(call, command);
    return LATHE_DONE;
  }
  const char *overwritten = lathe_options_overwritten(&call->options);
  if (overwritten)
    return lathe_usage(err, "-o %.500s would replace the file that --%s names: give another name",
                       call->options.output, overwritten);
  const char *own = call->options.output && call->options.run
                        ? lathe_run_file_at(call->options.run, call->options.output)
                        : NULL;
  if (own)
    return lathe_usage(err, "-o %.500s would replace %s of the run itself: give another name",
                       call->options.output, own);
  if (call->options.output && wrong_ending(command, call->options.output))
    return lathe_usage(err, "%s writes .%s files: give -o such a name, not '%.500s'",
                       command->line.command, command->writes, call->options.output);
  return command->run(call, err);
}

static bool is(const char *word, const char *a, const char *b, const char *c)
{
  return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

static enum lathe_status dispatch(struct lathe_call *call, int argc, char **argv,
                                  struct lathe_error *err)
{
  if (argc < 2)
    return lathe_usage(err, "no command was given; '%s help' lists them", call->program);
  bool version = is(argv[1], "--version", "-V", "version");
  bool help = is(argv[1], "help", "--help", "-h");
  if ((version && argc > 2) || (help && argc > 3))
    return lathe_usage(err, "'%.500s' is one word too many", argv[version ? 2 : 3]);
  if (version) {
    printf("%s (lathe %s, fingerprint %s)\n", call->model->name, LATHE_VERSION,
           call->model->fingerprint);
    return LATHE_DONE;
  }
  if (!help)
    return run_command(call, argc - 1, argv + 1, err);
  if (argc == 2) {
    print_overview(call);
    return LATHE_DONE;
  }
  char option[] = "--help";
  char *line[] = {argv[2], option, NULL};
  return run_command(call, 2, line, err);
}

int lathe_main(int argc, char **argv, const struct lathe_model *model)
{
  struct lathe_error err = {.text = ""};
  const char *program = argc > 0 && argv[0] ? argv[0] : model->name;
  const char *slash = strrchr(program, '/');
  struct lathe_call call = {.model = model, .program = slash ? slash + 1 : program};

  lathe_json_watch();
  enum lathe_status status = lathe_target_check(model->target, lathe_machine_features(), &err)
                                 ? dispatch(&call, argc, argv, &err)
                                 : LATHE_FAILED;
  bool flushed = fflush(stdout) == 0 && !ferror(stdout);
  if (status == LATHE_DONE && !flushed) {
    lathe_fail(&err, "standard output cannot be written: free some space on its disk");
    status = LATHE_FAILED;
  }
  if (status != LATHE_DONE)
    print_error(&call, &err);
  return (int)status;
}
