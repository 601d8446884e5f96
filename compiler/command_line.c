#include "command_line.h"
#include "commands.h"
#include "suggest.h"
#include "toolchain.h"
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
#define COMMAND(name, run, least, most, arguments, help) {#name, run, least, most, arguments, help},
#include "commands.def"
};

static const struct option_rule rules[] = {
#define OPTION(kind, member, name, letter, help)                                                   \
  {OPTION_KIND_##kind, name, letter, offsetof(struct command_line, member), help},
#include "options.def"
};

enum { COMMANDS = sizeof commands / sizeof *commands, OPTIONS = sizeof rules / sizeof *rules };

const struct command *command_at(int index)
{
  return index < COMMANDS ? &commands[index] : NULL;
}

const struct option_rule *option_at(int index)
{
  return index < OPTIONS ? &rules[index] : NULL;
}

const struct command *command_find(const char *name)
{
  for (int i = 0; i < COMMANDS; i++)
    if (strcmp(commands[i].name, name) == 0)
      return &commands[i];
  return NULL;
}

const char *command_nearest(const char *name)
{
  struct suggestion near = {.word = name};
  for (int i = 0; i < COMMANDS; i++)
    suggest(&near, commands[i].name);
  return near.best;
}

/* Where `name` stands as a whole option in a command's arguments; NULL: nowhere. */
static const char *find_option(const char *arguments, const char *name)
{
  size_t length = strlen(name);
  for (const char *at = arguments; (at = strstr(at, name)) != NULL; at += length)
    if (strchr(" =]", at[length]) != NULL) /* the end as well */
      return at + length;
  return NULL;
}

bool command_takes(const struct command *command, const struct option_rule *option,
                   const char **words, size_t *length)
{
  char name[32] = "--", letter[3] = {'-', option->letter, '\0'};
  strncat(name, option->name, sizeof name - 3);
  const char *end = find_option(command->arguments, name);
  if (end == NULL && option->letter != 0)
    end = find_option(command->arguments, letter);
  *words = end != NULL && *end == '=' ? end + 1 : "";
  *length = strcspn(*words, " ]");
  return end != NULL;
}

int usage_error(const char *format, const char *word)
{
  fputs("lathe: ", stderr);
  fprintf(stderr, format, word);
  fputs("; see `lathe help`\n", stderr);
  return USAGE;
}

int usage_unknown(const char *what, const char *word, const char *nearest)
{
  fprintf(stderr, "lathe: there is no %s '%s'; ", what, word);
  if (nearest != NULL)
    fprintf(stderr, "did you mean '%s'?\n", nearest);
  else
    fputs("see `lathe help`\n", stderr);
  return USAGE;
}

static void store(struct mem *mem, struct command_line *line, const struct option_rule *rule,
                  const char *value)
{
  char *member = (char *)line + rule->member;
  if (rule->kind == OPTION_KIND_FLAG)
    *(bool *)member = true;
  else if (rule->kind == OPTION_KIND_TEXT)
    *(const char **)member = value;
  else {
    struct option_values *values = (struct option_values *)(void *)member;
    const char **items = mem_alloc(mem, ((size_t)values->count + 1) * sizeof *items);
    if (values->count > 0)
      memcpy(items, values->items, (size_t)values->count * sizeof *items);
    items[values->count++] = value;
    values->items = items;
  }
}

/* The tables in the form that getopt wants; an option goes by its number from FIRST on. */
enum { FIRST = 256 };

static bool find_letter(int letter)
{
  for (int i = 0; i < OPTIONS; i++)
    if (rules[i].letter != 0 && rules[i].letter == letter)
      return true;
  return false;
}

/* The option that getopt stopped at, as it was written. */
static const char *named(struct mem *mem, char **argv, int letter)
{
  if (letter > 0 && letter < FIRST)
    return mem_printf(mem, "-%c", letter);
  return argv[optind - 1];
}

static bool read_options(struct mem *mem, int argc, char **argv, struct command_line *line)
{
  struct option options[OPTIONS + 1] = {0};
  /* ':' first: a missing value is told apart */
  char letters[2 * OPTIONS + 2] = ":", *letter = letters + 1;
  int given;
  for (int i = 0; i < OPTIONS; i++) {
    bool valued = rules[i].kind != OPTION_KIND_FLAG;
    options[i] =
        (struct option){rules[i].name, valued ? required_argument : no_argument, NULL, FIRST + i};
    if (rules[i].letter == 0)
      continue;
    *letter++ = rules[i].letter;
    if (valued)
      *letter++ = ':';
  }
  opterr = 0; /* its messages are lines of their own */
  while ((given = getopt_long(argc, argv, letters, options, NULL)) != -1) {
    for (int i = 0; given < FIRST && i < OPTIONS; i++)
      if (rules[i].letter == given)
        given = FIRST + i;
    if (given < FIRST) {
      bool known = find_letter(optopt) || (optopt >= FIRST && optopt < FIRST + OPTIONS);
      usage_error(!known         ? "there is no option '%s'"
                  : given == ':' ? "%s needs a value"
                                 : "'%s': this option takes no value",
                  named(mem, argv, optopt));
      return false;
    }
    store(mem, line, &rules[given - FIRST], optarg);
  }
  return true;
}

/* Whether so many operands are what the command takes. */
static bool check_operands(const struct command *command, int count)
{
  if (count >= command->least)
    return true;
  bool runs = strncmp(command->arguments, "RUN", 3) == 0;
  usage_error(runs                  ? "%s needs two run folders or more"
              : command->least == 1 ? "%s needs a description, MODEL.lathe"
                                    : "%s needs two descriptions",
              command->name);
  return false;
}

bool command_line_read(struct mem *mem, int argc, char **argv, struct command_line *line)
{
  *line = (struct command_line){0};
  if (!read_options(mem, argc, argv, line))
    return false;
  if (line->help || line->version)
    return true;
  if (line->format != NULL && strcmp(line->format, "json") != 0 &&
      strcmp(line->format, "text") != 0) {
    usage_error("--format is text or json, not '%s'", line->format);
    return false;
  }
  if (line->target != NULL && !target_known(line->target)) {
    usage_error("there is no target '%s'; `lathe help build` lists them", line->target);
    return false;
  }
  if (line->tune != NULL && line->no_tune) {
    usage_error("--tune takes a file, %s none: give one of them", "--no-tune");
    return false;
  }
  char **operands = argv + optind;
  int count = argc - optind - 1; /* behind the command */
  if (count < 0) {
    usage_error("%s", "no command is given");
    return false;
  }
  line->command = command_find(operands[0]);
  if (line->command == NULL) {
    usage_unknown("command", operands[0], command_nearest(operands[0]));
    return false;
  }
  if (count > line->command->most) {
    usage_error("'%s' is one argument too many", operands[1 + line->command->most]);
    return false;
  }
  line->description = count > 0 ? operands[1] : NULL;
  line->second = count > 1 ? operands[2] : NULL;
  line->operands = operands + 1;
  line->operand_count = count;
  return check_operands(line->command, count);
}
