/* The command line's options, all driven by the table options.def. */
#ifndef LATHE_OPTIONS_H
#define LATHE_OPTIONS_H

#include "error.h"
#include "model.h"
#include <stdbool.h>
#include <stdint.h>

enum lathe_option {
#define OPTION(ID, ...) LATHE_OPTION_##ID,
#include "options.def"
#undef OPTION
  LATHE_OPTIONS_ALL
};

/* The C types of the table's TYPE column. */
typedef const char *LATHE_TYPE_TEXT;
typedef int64_t LATHE_TYPE_WHOLE;
typedef double LATHE_TYPE_NUMBER;
typedef bool LATHE_TYPE_FLAG;
typedef struct {
  char **words; /* in argv */
  int count;
} LATHE_TYPE_WORDS;

/* One field an option, as the table says; texts point into argv. */
struct lathe_options {
  uint64_t given; /* bit LATHE_OPTION_X: it was on the command line */
#define OPTION(ID, TYPE, field, ...) LATHE_TYPE_##TYPE field;
#include "options.def"
#undef OPTION
};

bool lathe_option_given(const struct lathe_options *options, enum lathe_option option);

/* What a command accepts: sets of options, bit LATHE_OPTION_X each. */
struct lathe_command_line {
  const char *command;
  uint64_t takes, needs;
};

/* Reads argv[0..argc), argv[0] being the command. Fails, with a hint, for an option that is unknown
 * or not of this command, a value that is missing, no number or out of range, a word that belongs
 * to no option, and a needed option that is absent (unless --help is there). */
bool lathe_options_parse(struct lathe_options *options, const struct lathe_command_line *line,
                         int argc, char **argv, struct lathe_error *err);

/* Prints the help lines of the options in `set` on standard output, in the model's words. */
void lathe_options_help(const struct lathe_model *model, uint64_t set);

/* Writes the options of `set` as a synopsis: "--data FILE -o FILE". */
void lathe_options_synopsis(uint64_t set);

/* Of `count` names that `name(i)` gives, the one nearest to `word` when it is near enough to be
 * what was meant; else NULL. */
const char *lathe_nearest_name(const char *word, int count, const char *(*name)(int));

/* The option, as "data", whose file is the one that --output names and would replace; NULL: none.
 */
const char *lathe_options_overwritten(const struct lathe_options *options);

#endif
