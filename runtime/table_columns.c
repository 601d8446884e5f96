/* Columns of a table: which of them has the labels, how many there should be. */
#include "decimal.h"
#include "table_parts.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LISTED = 12, LIST_TEXT = 400 };

/* Names of columns, the first few. */
static const char *list_names(const struct table_builder *b, char text[LIST_TEXT])
{
  size_t used = 0;
  text[0] = '\0';
  for (int64_t i = 0; i < b->columns && i < LISTED && used < LIST_TEXT - 40; i++)
    used +=
        (size_t)snprintf(text + used, LIST_TEXT - used, "%s%.24s", i ? ", " : "", b->first[i].text);
  if (b->columns > LISTED)
    snprintf(text + used, LIST_TEXT - used, ", ...");
  return text;
}

/* The column of that name, or number from 1; -1: none, -2: two of that name. */
static int64_t find_column(const struct table_builder *b, const char *name)
{
  int64_t found = -1;
  for (int64_t i = 0; b->named && i < b->columns; i++)
    if (strcmp(b->first[i].text, name) == 0)
      found = found == -1 ? i : -2;
  char *end;
  const long long number = strtoll(name, &end, 10);
  if (found == -1 && end != name && *end == '\0' && number >= 1 && number <= b->columns)
    return number - 1;
  return found;
}

bool lathe_table_find_label(struct table_builder *b, struct lathe_error *err)
{
  const struct lathe_table_wanted *wanted = b->wanted;
  const char *name = wanted->label_column, *path = lathe_reader_name(b->csv.reader);
  char list[LIST_TEXT];
  if (wanted->labels_alone && b->columns == 1) {
    b->label = 0;
    return true;
  }
  if (!name && wanted->labels_alone)
    return lathe_fail(err, "%s: has %lld columns: say which holds the labels with --label-column",
                      path, (long long)b->columns);
  b->label = name ? find_column(b, name) : -1;
  if (!name || b->label >= 0)
    return true;
  if (b->label == -2)
    return lathe_fail(err,
                      "%s: two of its columns are called `%.60s`: give the number of the one with "
                      "the labels, from 1: --label-column 2",
                      path, name);
  if (wanted->optional)
    return true;
  if (b->named)
    return lathe_fail(err, "%s: has no column `%.60s` for --label-column; its columns are %s", path,
                      name, list_names(b, list));
  return lathe_fail(err,
                    "%s: has no line of names, as its first line holds numbers: instead of "
                    "--label-column %.60s give the number of the column, from 1 to %lld",
                    path, name, (long long)b->columns);
}

/* The column that most likely has the labels. */
static int64_t likely_label(const struct table_builder *b)
{
  static const char *const usual[] = {"label", "labels", "class", "target", "species", "y"};
  for (int64_t i = 0; b->named && i < b->columns; i++)
    for (size_t k = 0; k < sizeof usual / sizeof usual[0]; k++)
      if (strcmp(b->first[i].text, usual[k]) == 0)
        return i;
  return b->columns - 1;
}

/* How a user would name it. */
static const char *name_of(const struct table_builder *b, int64_t column, char room[24])
{
  if (b->named && b->first[column].text[0] != '\0')
    return b->first[column].text;
  snprintf(room, 24, "%lld", (long long)column + 1);
  return room;
}

bool lathe_table_check_columns(const struct table_builder *b, struct lathe_error *err)
{
  const struct lathe_table_wanted *wanted = b->wanted;
  const int64_t numbers = b->columns - (b->label >= 0);
  char room[24], advice[200] = "give a table of that width";
  if (numbers == 0 && !wanted->labels_alone)
    return lathe_fail(err, "%s: has no columns besides the labels",
                      lathe_reader_name(b->csv.reader));
  if (wanted->labels_alone || wanted->columns == 0 || numbers == wanted->columns)
    return true;
  if (numbers > 1 && b->named && b->first[0].text[0] == '\0')
    snprintf(advice, sizeof advice,
             "the first has no name, as pandas writes an index: save with to_csv(..., "
             "index=False)");
  else if (numbers == wanted->columns + 1 && b->label < 0)
    snprintf(advice, sizeof advice, "if %.60s is that of the labels, say --label-column %.60s",
             name_of(b, likely_label(b), room), name_of(b, likely_label(b), room));
  else if (b->columns == 1 && strpbrk(b->first[0].text, " \t"))
    snprintf(advice, sizeof advice,
             "cells are parted by commas, semicolons or tabs (np.savetxt: delimiter=\",\")");
  return lathe_csv_fail(&b->csv, b->first[0].line, b->first[0].column, err,
                        "%lld column%s of numbers%s, and model %s takes %lld; %s",
                        (long long)numbers, numbers == 1 ? "" : "s",
                        b->label >= 0 ? " besides the labels" : "",
                        wanted->model ? wanted->model : "?", (long long)wanted->columns, advice);
}

/* ---- Numbers ---- */

/* What stands for a value that is not known, as R, pandas and others write it. */
static bool is_missing(const char *text)
{
  static const char *const words[] = {"",     "na",   "n/a", "#n/a", "nan", "-nan",
                                      "null", "none", "?",   "-",    "."};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (strcasecmp(text, words[i]) == 0)
      return true;
  return false;
}

static bool is_infinity(const char *text)
{
  text += *text == '-' || *text == '+';
  return strcasecmp(text, "inf") == 0 || strcasecmp(text, "infinity") == 0;
}

/* Digits around a comma: "3,5". */
static bool has_decimal_comma(const char *text)
{
  const char *comma = strchr(text, ',');
  return comma && comma != text && comma[-1] >= '0' && comma[-1] <= '9' && comma[1] >= '0' &&
         comma[1] <= '9';
}

bool lathe_table_bad_number(const struct table_builder *b, int64_t column,
                            const struct lathe_csv_cell *cell, struct lathe_error *err)
{
  const double *range = b->wanted->range;
  char room[24], where[96] = "", what[640];
  double value;
  const char *name = name_of(b, column, room);
  if (b->named)
    snprintf(where, sizeof where, " (column %.60s)", name);
  if (!lathe_decimal_read(cell->text, &value))
    value = NAN;
  if (isfinite((lathe_real)value))
    snprintf(what, sizeof what, "the value %g%s is not in [%g, %g]; scale the values%s", value,
             where, range[0], range[1], value > range[1] ? " (0..255: divide by 255)" : "");
  else if (!isnan(value) || is_infinity(cell->text))
    snprintf(what, sizeof what,
             "`%.40s`%s is not a finite number%s; leave the row out, or mend the value", cell->text,
             where, isfinite(value) ? " in float32" : "");
  else if (is_missing(cell->text))
    snprintf(what, sizeof what, "a value is missing%s%s%.8s%s: fill it in, or leave the row out",
             where, cell->text[0] ? " (`" : "", cell->text, cell->text[0] ? "`)" : "");
  else if (has_decimal_comma(cell->text))
    snprintf(what, sizeof what, "`%.40s`%s is no number: write a point before decimals", cell->text,
             where);
  else if (b->columns == 1 && strpbrk(cell->text, " \t"))
    snprintf(what, sizeof what,
             "`%.40s` is no number: part cells by commas, semicolons or tabs (np.savetxt: "
             "delimiter=\",\")",
             cell->text);
  else
    snprintf(what, sizeof what,
             "`%.40s`%s is no number; if this column holds the labels, say --label-column %.60s",
             cell->text, where, name);
  return lathe_csv_fail(&b->csv, cell->line, cell->column, err, "%s", what);
}

/* ---- Labels ---- */

/* Whether all labels are whole numbers ("3", and "3.0" as pandas has it beside missing ones); then
 * these, for each that was met. */
static bool are_whole(const struct lathe_class_names *met, int64_t *numbers)
{
  for (int i = 0; i < met->count; i++) {
    double value;
    if (!lathe_decimal_read(met->name[i], &value) || value != floor(value) || fabs(value) > 0x1p53)
      return false;
    numbers[i] = (int64_t)value;
  }
  return true;
}

static int compare(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of before keep their numbers; others follow in alphabetic order. */
static bool name_labels(struct table_builder *b, struct lathe_class_names *names, int64_t *numbers,
                        struct lathe_error *err)
{
  const struct lathe_class_names *known = b->wanted->names, *met = &b->met;
  const char **sorted = malloc(((size_t)met->count + 1) * sizeof *sorted);
  if (!sorted)
    return lathe_fail(err, "no memory for the names of classes");
  for (int i = 0; i < met->count; i++)
    sorted[i] = met->name[i];
  qsort(sorted, (size_t)met->count, sizeof *sorted, compare);
  bool good = true;
  for (int i = 0; known && good && i < known->count; i++)
    good = lathe_class_add(names, known->name[i], err);
  for (int i = 0; good && i < met->count; i++)
    good = lathe_class_find(names, sorted[i], strlen(sorted[i])) >= 0 ||
           lathe_class_add(names, sorted[i], err);
  free(sorted);
  for (int i = 0; good && i < met->count; i++)
    numbers[i] = lathe_class_find(names, met->name[i], strlen(met->name[i]));
  return good;
}

/* Whether one of the labels is a name of before. */
static bool any_known(const struct table_builder *b)
{
  const struct lathe_class_names *known = b->wanted->names;
  for (int i = 0; known && i < b->met.count; i++)
    if (lathe_class_find(known, b->met.name[i], strlen(b->met.name[i])) >= 0)
      return true;
  return false;
}

bool lathe_table_number_labels(struct table_builder *b, struct lathe_class_names *names,
                               struct lathe_error *err)
{
  int64_t *numbers = malloc(((size_t)b->met.count + 1) * sizeof *numbers);
  if (!numbers)
    return lathe_fail(err, "no memory for the names of classes");
  bool whole = are_whole(&b->met, numbers) && !any_known(b);
  bool good = whole || name_labels(b, names, numbers, err);
  for (int64_t i = 0; good && i < b->rows; i++)
    b->labels[i] = numbers[b->labels[i]];
  free(numbers);
  return good;
}
