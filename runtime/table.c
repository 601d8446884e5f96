#include "table.h"
#include "columns.h"
#include "csv.h"
#include "decimal.h"
#include "table_parts.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MOST = 1 << 20 };

void lathe_table_free(struct lathe_table *table)
{
  lathe_array_free(&table->values);
  lathe_array_free(&table->labels);
  lathe_class_names_free(&table->names);
}

bool lathe_table_detect(struct lathe_reader *reader)
{
  unsigned char first[8];
  return lathe_csv_detect(first, lathe_reader_peek(reader, first, sizeof first));
}

static void builder_free(struct table_builder *b)
{
  for (int64_t i = 0; i < b->columns; i++)
    free(b->first[i].text);
  free(b->first);
  free(b->values);
  free(b->labels);
  lathe_class_names_free(&b->met);
}

/* ---- Rows ---- */

static bool no_memory(const struct table_builder *b, struct lathe_error *err)
{
  return lathe_fail(err, "%s: no memory for its rows from line %lld on",
                    lathe_reader_name(b->csv.reader), (long long)b->csv.line);
}

/* Numbers of a row. */
static int64_t width(const struct table_builder *b)
{
  return b->wanted->labels_alone ? 0 : b->columns - (b->label >= 0);
}

/* Room for one more row. */
static bool make_room(struct table_builder *b, struct lathe_error *err)
{
  if (b->rows < b->room)
    return true;
  const int64_t room = b->room > 0 ? 2 * b->room : 1;
  if (lathe_shape_count(2, (int64_t[]){room, width(b)}, sizeof *b->values) < 0)
    return no_memory(b, err);
  const size_t numbers = (size_t)room * (size_t)width(b);
  lathe_real *values = realloc(b->values, (numbers + 1) * sizeof *values);
  if (!values)
    return no_memory(b, err);
  b->values = values;
  if (b->label >= 0) {
    int64_t *labels = realloc(b->labels, (size_t)room * sizeof *labels);
    if (!labels)
      return no_memory(b, err);
    b->labels = labels;
  }
  b->room = room;
  return true;
}

static bool add_number(struct table_builder *b, int64_t column, const struct lathe_csv_cell *cell,
                       struct lathe_error *err)
{
  const double *range = b->wanted->range;
  double value;
  if (!lathe_decimal_read(cell->text, &value) || !isfinite((lathe_real)value) ||
      (range && !(value >= range[0] && value <= range[1])))
    return lathe_table_bad_number(b, column, cell, err);
  const int64_t place = column - (b->label >= 0 && column > b->label);
  b->values[b->rows * width(b) + place] = (lathe_real)value;
  return true;
}

/* What people are shown, and JSON is to hold, must be: jansson takes no other text. */
static bool is_utf8(const char *text)
{
  json_t *string = json_string(text);
  json_decref(string);
  return string != NULL;
}

/* Labels are numbered as they are met, until all are known. */
static bool add_label(struct table_builder *b, const struct lathe_csv_cell *cell,
                      struct lathe_error *err)
{
  if (cell->text[0] == '\0')
    return lathe_csv_fail(&b->csv, cell->line, cell->column, err,
                          "a label is missing: each row needs one");
  int found = lathe_class_find(&b->met, cell->text, strlen(cell->text));
  if (found < 0) {
    struct lathe_error why;
    if (!is_utf8(cell->text))
      return lathe_csv_fail(&b->csv, cell->line, cell->column, err,
                            "the label is not in UTF-8; save the file in that encoding");
    found = b->met.count;
    if (!lathe_class_add(&b->met, cell->text, &why))
      return lathe_csv_fail(&b->csv, cell->line, cell->column, err, "%s", why.text);
  }
  b->labels[b->rows] = found;
  return true;
}

static bool add_cell(struct table_builder *b, int64_t column, const struct lathe_csv_cell *cell,
                     struct lathe_error *err)
{
  if (column == 0 && !make_room(b, err))
    return false;
  if (column == b->columns)
    return lathe_csv_fail(&b->csv, cell->line, cell->column, err,
                          "this row has more cells than the first line, which has %lld; what holds "
                          "a %s is to be quoted",
                          (long long)b->columns,
                          b->csv.separator == '\t'  ? "tab"
                          : b->csv.separator == ';' ? "semicolon"
                                                    : "comma");
  if (column == b->label ? !add_label(b, cell, err)
                         : !b->wanted->labels_alone && !add_number(b, column, cell, err))
    return false;
  if (cell->last && column + 1 < b->columns)
    return lathe_csv_fail(&b->csv, cell->line, cell->column, err,
                          "this row has %lld cells, and the first line %lld: a value is missing",
                          (long long)column + 1, (long long)b->columns);
  b->rows += cell->last;
  return true;
}

static bool read_rows(struct table_builder *b, struct lathe_error *err)
{
  struct lathe_csv_cell cell;
  bool found;
  for (int64_t column = 0;; column = cell.last ? 0 : column + 1) {
    if (!lathe_csv_next(&b->csv, &cell, &found, err))
      return false;
    if (!found)
      return true;
    if (!add_cell(b, column, &cell, err))
      return false;
  }
}

/* ---- The first line ---- */

static bool keep_first(struct table_builder *b, const struct lathe_csv_cell *cell,
                       struct lathe_error *err)
{
  if (b->columns == COLUMNS_MOST)
    return lathe_csv_fail(&b->csv, cell->line, cell->column, err, "more than %d columns",
                          COLUMNS_MOST);
  if (b->columns == b->first_room) {
    const int64_t room = 2 * b->first_room + 16;
    struct table_first *more = realloc(b->first, (size_t)room * sizeof *more);
    if (!more)
      return no_memory(b, err);
    b->first = more;
    b->first_room = room;
  }
  struct table_first *first = &b->first[b->columns];
  *first = (struct table_first){strdup(cell->text), cell->line, cell->column};
  if (!first->text)
    return no_memory(b, err);
  b->columns++;
  return true;
}

/* Whether the first line names the columns: it has no number, or no other than pandas has for
 * columns without names, 0, 1, 2, ... Two columns of 0 and 1 are as likely values. */
static bool has_names(const struct table_builder *b)
{
  bool any = false;
  for (int64_t i = 0; i < b->columns; i++) {
    double value;
    any |= b->first[i].text[0] != '\0';
    if (lathe_decimal_read(b->first[i].text, &value) && (b->columns < 3 || value != (double)i))
      return false;
  }
  return any;
}

/* np.savetxt begins its line of names with "# ". */
static void tidy_names(struct table_builder *b)
{
  char *name = b->first[0].text;
  if (b->named && name[0] == '#')
    memmove(name, name + 1 + strspn(name + 1, " "), strlen(name + 1 + strspn(name + 1, " ")) + 1);
}

static bool read_first(struct table_builder *b, struct lathe_error *err)
{
  struct lathe_csv_cell cell = {.last = false};
  bool found = true;
  while (found && !cell.last)
    if (!lathe_csv_next(&b->csv, &cell, &found, err) || (found && !keep_first(b, &cell, err)))
      return false;
  if (b->columns == 0)
    return lathe_fail(err, "%s: holds no rows; give a table with a point a row",
                      lathe_reader_name(b->csv.reader));
  b->named = has_names(b);
  tidy_names(b);
  return lathe_table_find_label(b, err) && lathe_table_check_columns(b, err);
}

/* The first line's values, when that is what it has. */
static bool add_first(struct table_builder *b, struct lathe_error *err)
{
  for (int64_t i = 0; !b->named && i < b->columns; i++) {
    struct lathe_csv_cell cell = {
        .line = b->first[i].line, .column = b->first[i].column, .last = i + 1 == b->columns};
    snprintf(cell.text, sizeof cell.text, "%s", b->first[i].text);
    if (!add_cell(b, i, &cell, err))
      return false;
  }
  return true;
}

/* ---- The table ---- */

/* Gives the memory that was made room for too much back. */
static void *trim(void *memory, size_t size)
{
  void *less = realloc(memory, size > 0 ? size : 1);
  if (!less)
    return memory;
  return less;
}

static bool finish(struct table_builder *b, struct lathe_table *table, struct lathe_error *err)
{
  if (b->rows == 0)
    return lathe_fail(err,
                      "%s: holds names of columns and no rows; give a table with a point a row",
                      lathe_reader_name(b->csv.reader));
  if (b->label >= 0 && !lathe_table_number_labels(b, &table->names, err))
    return false;
  const int64_t count = b->rows * width(b);
  table->values = (struct lathe_array){.dtype = lathe_real_dtype(),
                                       .rank = 2,
                                       .shape = {b->rows, width(b)},
                                       .count = count,
                                       .data = trim(b->values, (size_t)count * sizeof *b->values)};
  b->values = NULL;
  if (b->label < 0)
    return true;
  table->labels =
      (struct lathe_array){.dtype = LATHE_I64,
                           .rank = 1,
                           .shape = {b->rows},
                           .count = b->rows,
                           .data = trim(b->labels, (size_t)b->rows * sizeof *b->labels)};
  b->labels = NULL;
  return true;
}

/* Whether the name says what the file is; else a message about what it holds might surprise. */
static bool is_called_table(const char *name)
{
  static const char *const endings[] = {".csv", ".tsv", ".txt"};
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
    const char *at = strstr(name, endings[i]);
    if (at && (at[4] == '\0' || strcmp(at + 4, ".gz") == 0))
      return true;
  }
  return false;
}

bool lathe_table_read(struct lathe_table *table, struct lathe_reader *reader,
                      const struct lathe_table_wanted *wanted, struct lathe_error *err)
{
  struct lathe_error why;
  struct table_builder *b = calloc(1, sizeof *b);
  *table = (struct lathe_table){0};
  if (!b)
    return lathe_fail(err, "%s: no memory to read it", lathe_reader_name(reader));
  b->wanted = wanted;
  b->label = -1;
  bool good = lathe_csv_start(&b->csv, reader, &why) && read_first(b, &why) && add_first(b, &why) &&
              read_rows(b, &why) && finish(b, table, &why);
  builder_free(b);
  free(b);
  if (good)
    return true;
  lathe_table_free(table);
  *table = (struct lathe_table){0};
  return lathe_fail(err, "%s%s", why.text,
                    is_called_table(lathe_reader_name(reader))
                        ? ""
                        : " (what is text is read as CSV; it is none of .npz, .npy and IDX)");
}
