#include "options.h"
#include "words.h"
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum type { TEXT, WHOLE, NUMBER, FLAG, WORDS };

struct row {
  enum type type;
  size_t field; /* offset in struct lathe_options */
  const char *name;
  char letter;
  const char *value; /* what help calls the value */
  double least, most, fallback;
  const char *help;
};

static const struct row rows[LATHE_OPTIONS_ALL] = {
#define OPTION(ID, TYPE, field, name, letter, value, least, most, fallback, help)                  \
  [LATHE_OPTION_##ID] = {TYPE,                                                                     \
                         offsetof(struct lathe_options, field),                                    \
                         name,                                                                     \
                         letter,                                                                   \
                         value,                                                                    \
                         (double)(least),                                                          \
                         (double)(most),                                                           \
                         (double)(fallback),                                                       \
                         help},
#include "options.def"
#undef OPTION
};

static const char *row_name(int i)
{
  return rows[i].name;
}

static bool in_set(uint64_t set, int option)
{
  return (set >> option & 1) != 0;
}

bool lathe_option_given(const struct lathe_options *options, enum lathe_option option)
{
  return in_set(options->given, (int)option);
}

static void *field_of(struct lathe_options *options, const struct row *row)
{
  return (char *)options + row->field;
}

/* A number within the row's bounds, without anything behind it. The bounds of whole numbers are
 * compared as such: a double cannot tell the largest ones apart. */
static bool set_number(struct lathe_options *options, const struct row *row, const char *text,
                       struct lathe_error *err)
{
  char *end;
  errno = 0;
  if (row->type == WHOLE) {
    long long value = strtoll(text, &end, 10);
    bool above = row->most < 0x1p63 && value > (long long)row->most;
    if (end != text && *end == '\0' && errno == 0 && value >= (long long)row->least && !above) {
      *(int64_t *)field_of(options, row) = value;
      return true;
    }
  } else {
    double value = strtod(text, &end);
    if (end != text && *end == '\0' && isfinite(value) && value >= row->least &&
        value <= row->most) {
      *(double *)field_of(options, row) = value;
      return true;
    }
  }
  const char *kind = row->type == WHOLE ? "a whole number" : "a number";
  char short_name[] = " (-?)";
  if (row->letter)
    short_name[3] = row->letter;
  else
    short_name[0] = '\0';
  if (row->most >= 0x1p62)
    return lathe_fail(err, "--%s%s needs %s of at least %.15g, not '%s'", row->name, short_name,
                      kind, row->least, text);
  return lathe_fail(err, "--%s%s needs %s from %.15g to %.15g, not '%s'", row->name, short_name,
                    kind, row->least, row->most, text);
}

static bool set_option(struct lathe_options *options, int option, const char *text,
                       struct lathe_error *err)
{
  const struct row *row = &rows[option];
  options->given |= UINT64_C(1) << option;
  switch (row->type) {
  case FLAG:
    *(bool *)field_of(options, row) = true;
    return true;
  case TEXT:
    if (text[0] == '\0')
      return lathe_fail(err, "--%s needs a value, and was given an empty one", row->name);
    *(const char **)field_of(options, row) = text;
    return true;
  case WHOLE:
  case NUMBER:
    return set_number(options, row, text, err);
  case WORDS: /* no option has them: take_words */
    break;
  }
  return false;
}

static void set_defaults(struct lathe_options *options)
{
  *options = (struct lathe_options){0};
  for (int i = 0; i < LATHE_OPTIONS_ALL; i++) {
    if (rows[i].type == WHOLE)
      *(int64_t *)field_of(options, &rows[i]) = (int64_t)rows[i].fallback;
    else if (rows[i].type == NUMBER)
      *(double *)field_of(options, &rows[i]) = rows[i].fallback;
  }
}

/* Edit distance (Levenshtein 1966) of two short words; longer ones count as far apart. */
static int distance(const char *a, const char *b)
{
  enum { MOST = 31 };
  int from[MOST + 1];
  size_t m = strlen(a), n = strlen(b);
  if (m > MOST || n > MOST)
    return MOST;
  for (size_t j = 0; j <= n; j++)
    from[j] = (int)j;
  for (size_t i = 1; i <= m; i++) {
    int diagonal = from[0];
    from[0] = (int)i;
    for (size_t j = 1; j <= n; j++) {
      int changed = diagonal + (a[i - 1] != b[j - 1]);
      int moved = 1 + (from[j] < from[j - 1] ? from[j] : from[j - 1]);
      diagonal = from[j];
      from[j] = changed < moved ? changed : moved;
    }
  }
  return from[n];
}

const char *lathe_nearest_name(const char *word, int count, const char *(*name)(int))
{
  const char *nearest = NULL;
  int least = 3; /* more than two slips is another word */
  for (int i = 0; i < count; i++) {
    int d = distance(word, name(i));
    if (d < least && d < (int)strlen(name(i))) {
      least = d;
      nearest = name(i);
    }
  }
  return nearest;
}

/* What is wrong with `word`, which getopt did not take as an option of this command. */
static bool fail_unknown(const char *word, const struct lathe_command_line *line,
                         struct lathe_error *err)
{
  char name[32];
  snprintf(name, sizeof name, "%s", word + strspn(word, "-"));
  name[strcspn(name, "=")] = '\0';
  for (int i = 0; i < LATHE_OPTIONS_ALL; i++) {
    if (rows[i].type == WORDS || strcmp(name, rows[i].name) != 0)
      continue;
    if (in_set(line->takes, i) && rows[i].type == FLAG)
      return lathe_fail(err, "--%s takes no value", name);
    return lathe_fail(err, "%s takes no --%s", line->command, name);
  }
  const char *nearest = lathe_nearest_name(name, LATHE_OPTIONS_ALL, row_name);
  if (nearest)
    return lathe_fail(err, "unknown option %s; did you mean --%s?", word, nearest);
  return lathe_fail(err, "unknown option %s", word);
}

/* Writes "-o FILE" or "--data FILE", "--quiet". */
static void write_usage(const struct row *row, char *text, size_t size)
{
  if (row->type == WORDS) {
    snprintf(text, size, "%s", row->value);
    return;
  }
  int length = row->letter ? snprintf(text, size, "-%c", row->letter)
                           : snprintf(text, size, "--%s", row->name);
  if (row->value)
    snprintf(text + length, size - (size_t)length, " %s", row->value);
}

static bool check_needed(const struct lathe_options *options, const struct lathe_command_line *line,
                         struct lathe_error *err)
{
  char usage[64];
  for (int i = 0; i < LATHE_OPTIONS_ALL; i++)
    if (in_set(line->needs & ~options->given, i)) {
      write_usage(&rows[i], usage, sizeof usage);
      return lathe_fail(err, "%s needs %s: %s", line->command, usage, rows[i].help);
    }
  return true;
}

/* The words that belong to no option, for a command that wants them. */
static bool take_words(struct lathe_options *options, const struct lathe_command_line *line,
                       int count, char **words, struct lathe_error *err)
{
  if (count == 0)
    return true;
  for (int i = 0; i < LATHE_OPTIONS_ALL; i++)
    if (rows[i].type == WORDS && in_set(line->takes, i)) {
      options->given |= UINT64_C(1) << i;
      *(LATHE_TYPE_WORDS *)field_of(options, &rows[i]) = (LATHE_TYPE_WORDS){words, count};
      return true;
    }
  return lathe_fail(err, "'%s' belongs to no option", words[0]);
}

bool lathe_options_parse(struct lathe_options *options, const struct lathe_command_line *line,
                         int argc, char **argv, struct lathe_error *err)
{
  enum { LONG = 256 }; /* values of long options begin here, behind all letters */
  struct option longs[LATHE_OPTIONS_ALL + 1] = {0};
  char letters[2 * LATHE_OPTIONS_ALL + 2] = ":"; /* ':' first: a missing value is told apart */
  size_t letter = 1;
  int count = 0, of_letter[LONG] = {0};
  for (int i = 0; i < LATHE_OPTIONS_ALL; i++) {
    if (!in_set(line->takes, i) || rows[i].type == WORDS)
      continue;
    bool valued = rows[i].type != FLAG;
    int argument = valued ? required_argument : no_argument;
    longs[count++] = (struct option){rows[i].name, argument, NULL, LONG + i};
    if (rows[i].letter) {
      of_letter[(unsigned char)rows[i].letter] = i;
      letters[letter++] = rows[i].letter;
      if (valued)
        letters[letter++] = ':';
    }
  }

  set_defaults(options);
  opterr = 0;
  optind = 0; /* starts GNU getopt afresh */
  int got;
  while ((got = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
    char unknown[3] = {'-', (char)optopt, '\0'};
    if (got == ':')
      return lathe_fail(err, "%s needs a value", argv[optind - 1]);
    if (got == '?')
      return fail_unknown(optopt > 0 && optopt < LONG ? unknown : argv[optind - 1], line, err);
    if (!set_option(options, got < LONG ? of_letter[got] : got - LONG, optarg, err))
      return false;
  }
  if (!take_words(options, line, argc - optind, argv + optind, err))
    return false;
  return options->help || check_needed(options, line, err);
}

const char *lathe_options_overwritten(const struct lathe_options *options)
{
  struct stat output, input;
  if (!options->output || stat(options->output, &output) != 0 || !S_ISREG(output.st_mode))
    return NULL;
  for (int i = 0; i < LATHE_OPTIONS_ALL; i++) {
    if (rows[i].type != TEXT || i == LATHE_OPTION_OUTPUT || !in_set(options->given, i))
      continue;
    const char *path = *(const char *const *)((const char *)options + rows[i].field);
    if (stat(path, &input) == 0 && input.st_dev == output.st_dev && input.st_ino == output.st_ino)
      return rows[i].name;
  }
  return NULL;
}

void lathe_options_help(const struct lathe_model *model, uint64_t set)
{
  for (int i = 0; i < LATHE_OPTIONS_ALL; i++) {
    if (!in_set(set, i))
      continue;
    bool valued = rows[i].value != NULL;
    char letter[8] = "", usage[80], help[LATHE_WORDS];
    if (rows[i].letter)
      snprintf(letter, sizeof letter, "-%c, ", rows[i].letter);
    if (rows[i].type == WORDS)
      snprintf(usage, sizeof usage, "%s", rows[i].value);
    else
      snprintf(usage, sizeof usage, "%s--%s%s%s", letter, rows[i].name, valued ? " " : "",
               valued ? rows[i].value : "");
    printf("  %-20s %s\n", usage, lathe_in_words(model, rows[i].help, help));
  }
}

void lathe_options_synopsis(uint64_t set)
{
  char usage[64];
  for (int i = 0; i < LATHE_OPTIONS_ALL; i++)
    if (in_set(set, i)) {
      write_usage(&rows[i], usage, sizeof usage);
      printf(" %s", usage);
    }
}
