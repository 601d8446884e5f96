/* The command line of lathe: what may stand in it (commands.def, options.def), what is given. */
#ifndef COMMAND_LINE_H
#define COMMAND_LINE_H

#include "mem.h"
#include <stdbool.h>
#include <stddef.h>

/* The values of an option that may be given more than once. */
struct option_values {
  const char **items;
  int count;
};

/* What is given: a member for each row of options.def. */
struct command_line {
  const struct command *command; /* NULL: none */
  const char *description;       /* the first operand: a file, or the word that help is asked for */
  const char *second;
  char *const *operands; /* all of them, behind the command */
  int operand_count;
#define OPTION(kind, member, ...) OPTION_##kind(member)
#define OPTION_TEXT(member) const char *member;
#define OPTION_FLAG(member) bool member;
#define OPTION_LIST(member) struct option_values member;
#include "options.def"
#undef OPTION_TEXT
#undef OPTION_FLAG
#undef OPTION_LIST
};

struct command {
  const char *name;
  int (*run)(struct mem *mem, const struct command_line *line);
  int least, most; /* operands */
  const char *arguments, *help;
};

enum option_kind { OPTION_KIND_TEXT, OPTION_KIND_FLAG, OPTION_KIND_LIST };

struct option_rule {
  enum option_kind kind;
  const char *name;
  char letter; /* 0: none */
  size_t member;
  const char *help;
};

/* The exit status of lathe. */
enum { DONE = 0, FAILED = 1, USAGE = 2 };

/* Both tables in order: index 0 ..; NULL beyond the last. */
const struct command *command_at(int index);
const struct option_rule *option_at(int index);

const struct command *command_find(const char *name);

/* The command whose name is the nearest; NULL when none is near. */
const char *command_nearest(const char *name);

/* Whether the command takes the option, by its arguments. `words`, when the value is one of few,
 * receives them, separated by '|' and not NUL-terminated, and their length; else 0. */
bool command_takes(const struct command *command, const struct option_rule *option,
                   const char **words, size_t *length);

/* One line on standard error, `word` in the place of %s; returns USAGE. */
int usage_error(const char *format, const char *word);

/* The same of a word for `what` that is not known: with the nearest that is, unless it is NULL. */
int usage_unknown(const char *what, const char *word, const char *nearest);

/* Fills *line; false when something is wrong with it, which has been said. */
bool command_line_read(struct mem *mem, int argc, char **argv, struct command_line *line);

#endif
