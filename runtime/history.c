#include "history.h"
#include "file.h"
#include "run_files.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 64 };

/* A CSV file of numbers: row by row, [rows, columns]; an empty cell is NaN. */
struct table {
  char *text;                /* the file's, cut up */
  const char *name[COLUMNS]; /* in `text` */
  int columns, rows, room;
  double *cells;
};

/* Cuts a line at its commas; returns how many cells there are, at most COLUMNS. */
static int cut(char *line, const char *cells[COLUMNS])
{
  int count = 0;
  line[strcspn(line, "\r\n")] = '\0';
  for (char *at = line; at && count < COLUMNS; count++) {
    cells[count] = at;
    at = strchr(at, ',');
    if (at)
      *at++ = '\0';
  }
  return count;
}

static void free_table(struct table *table)
{
  free(table->text);
  free(table->cells);
  *table = (struct table){0};
}

/* Ends the line's string at its end; where the next one begins. */
static char *end_line(char *line)
{
  char *end = line + strcspn(line, "\n");
  if (*end == '\n')
    *end++ = '\0';
  return end;
}

static bool make_room(struct table *table)
{
  if (table->rows < table->room)
    return true;
  int room = 2 * table->room + 64;
  double *more = realloc(table->cells, (size_t)room * (size_t)table->columns * sizeof *more);
  if (!more)
    return false;
  table->cells = more;
  table->room = room;
  return true;
}

static bool add_row(struct table *table, char *line)
{
  const char *cells[COLUMNS];
  if (cut(line, cells) != table->columns)
    return false;
  for (int i = 0; i < table->columns; i++) {
    char *end;
    double value = strtod(cells[i], &end);
    if (*end != '\0')
      return false;
    table->cells[table->rows * table->columns + i] = end == cells[i] ? NAN : value;
  }
  table->rows++;
  return true;
}

/* A file that is not there is an empty table. */
static bool read_table(struct table *table, const char *folder, enum lathe_run_file which,
                       struct lathe_error *err)
{
  char path[LATHE_PATH];
  bool missing;
  *table = (struct table){0};
  if (!lathe_run_path(folder, which, path, err))
    return false;
  char *line = table->text = lathe_file_text(path, NULL, &missing, err);
  if (!line)
    return missing;
  int number = 1;
  char *next = end_line(line);
  table->columns = cut(line, table->name);
  for (bool good = true; good && *next != '\0'; number++) {
    line = next;
    next = end_line(line);
    good = make_room(table) || lathe_fail(err, "%s: no memory for its lines", path);
    if (!good || !add_row(table, line)) {
      free_table(table);
      return !good ? false
                   : lathe_fail(err, "%s, line %d, is not what train writes: train again", path,
                                number + 1);
    }
  }
  return true;
}

/* Copies the column of that name; whether there is one. */
static bool take_column(const struct table *table, const char *name, double *out)
{
  for (int i = 0; i < table->columns; i++)
    if (strcmp(table->name[i], name) == 0) {
      for (int row = 0; row < table->rows; row++)
        out[row] = table->cells[row * table->columns + i];
      return true;
    }
  for (int row = 0; row < table->rows; row++)
    out[row] = NAN;
  return false;
}

static bool take_epochs(struct lathe_history *history, const struct table *table)
{
  size_t rows = (size_t)table->rows;
  history->epochs = table->rows;
  history->epoch = malloc((rows + 1) * sizeof *history->epoch);
  history->values = malloc((rows + 1) * LATHE_EPOCH_FIELDS * sizeof *history->values);
  if (!history->epoch || !history->values)
    return false;
  bool numbered = take_column(table, "epoch", history->epoch);
  for (int field = 0; field < LATHE_EPOCH_FIELDS; field++)
    take_column(table, lathe_epoch_name(field), history->values + (size_t)field * rows);
  return numbered || rows == 0;
}

static bool take_iterations(struct lathe_history *history, const struct table *table)
{
  size_t rows = (size_t)table->rows;
  history->iterations = table->rows;
  history->iteration = malloc((rows + 1) * sizeof *history->iteration);
  history->log_likelihood = malloc((rows + 1) * sizeof *history->log_likelihood);
  if (!history->iteration || !history->log_likelihood)
    return false;
  bool numbered = take_column(table, "iteration", history->iteration);
  bool valued = take_column(table, "log_likelihood", history->log_likelihood);
  return (numbered && valued) || rows == 0;
}

bool lathe_history_read(struct lathe_history *history, const char *folder, struct lathe_error *err)
{
  struct table epochs = {.rows = 0}, em = {.rows = 0};
  *history = (struct lathe_history){0};
  bool good = read_table(&epochs, folder, LATHE_RUN_EPOCHS, err) &&
              read_table(&em, folder, LATHE_RUN_EM, err);
  if (good && !(take_epochs(history, &epochs) && take_iterations(history, &em)))
    good = lathe_fail(err,
                      "%s: its %s or %s lacks a column, or there is no memory for them: train "
                      "again, or free some memory",
                      folder, lathe_run_name(LATHE_RUN_EPOCHS), lathe_run_name(LATHE_RUN_EM));
  free_table(&epochs);
  free_table(&em);
  if (!good)
    lathe_history_free(history);
  return good;
}

void lathe_history_free(struct lathe_history *history)
{
  free(history->epoch);
  free(history->values);
  free(history->iteration);
  free(history->log_likelihood);
  *history = (struct lathe_history){0};
}

const double *lathe_history_column(const struct lathe_history *history, int field)
{
  return history->values + (size_t)field * (size_t)history->epochs;
}

bool lathe_history_known(const struct lathe_history *history, int field)
{
  const double *column = lathe_history_column(history, field);
  for (int i = 0; i < history->epochs; i++)
    if (isfinite(column[i]))
      return true;
  return false;
}
