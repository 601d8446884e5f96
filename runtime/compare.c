#include "compare.h"
#include "file.h"
#include "json.h"
#include "run_files.h"
#include <stdlib.h>
#include <string.h>

static void free_table(struct lathe_compare_table *table)
{
  for (int i = 0; i < table->rows; i++) {
    free(table->row[i].name);
    for (int r = 0; r < LATHE_COMPARED; r++)
      free(table->row[i].cell[r]);
  }
  free(table->row);
  *table = (struct lathe_compare_table){0};
}

void lathe_compare_free(struct lathe_compare *compare)
{
  for (int r = 0; r < compare->runs; r++)
    lathe_history_free(&compare->history[r]);
  free_table(&compare->settings);
  free_table(&compare->metrics);
  compare->runs = 0;
}

/* Where a new row belongs: behind the last one of the same object, "settings" of "settings.seed",
 * or else of one that object is in; at the end when there is none. */
static int place_of(const struct lathe_compare_table *table, const char *name)
{
  for (size_t length = strlen(name); length > 0; length--)
    for (int i = table->rows; name[length] == '.' && i > 0; i--)
      if (strncmp(table->row[i - 1].name, name, length + 1) == 0)
        return i;
  return table->rows;
}

/* The row of that name, a new one if there is none; NULL without memory. */
static struct lathe_compare_row *row_named(struct lathe_compare_table *table, const char *name)
{
  for (int i = 0; i < table->rows; i++)
    if (strcmp(table->row[i].name, name) == 0)
      return &table->row[i];
  if (table->rows == table->room) {
    int room = 2 * table->room + 32;
    struct lathe_compare_row *more = realloc(table->row, (size_t)room * sizeof *more);
    if (!more)
      return NULL;
    table->row = more;
    table->room = room;
  }
  char *copy = strdup(name);
  if (!copy)
    return NULL;
  int place = place_of(table, name);
  struct lathe_compare_row *row = &table->row[place];
  memmove(row + 1, row, (size_t)(table->rows - place) * sizeof *row);
  *row = (struct lathe_compare_row){.name = copy};
  table->rows++;
  return row;
}

/* A value of JSON in a table: texts without quotes; null and empty texts are nothing. */
static bool set_cell(struct lathe_compare_table *table, const char *name, int run,
                     const json_t *value)
{
  const char *text = json_string_value(value);
  if (json_is_null(value) || (text && *text == '\0'))
    return true;
  struct lathe_compare_row *row = row_named(table, name);
  if (!row || row->cell[run])
    return row != NULL;
  row->cell[run] = text ? strdup(text)
                        : lathe_json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT |
                                                      JSON_REAL_PRECISION(table->digits));
  return row->cell[run] != NULL;
}

/* Each value in an object and in the objects inside it, named by its way there: "data.path". What
 * is in an array is left out: `data` has none, and metrics only such that no table holds. */
static bool flatten(struct lathe_compare_table *table, const char *above, int run, json_t *object)
{
  const char *key;
  json_t *value;
  bool good = true;
  json_object_foreach(object, key, value)
  {
    char name[256];
    snprintf(name, sizeof name, "%s%s%s", above, *above ? "." : "", key);
    if (json_is_object(value))
      good = good && flatten(table, name, run, value);
    else if (!json_is_array(value))
      good = good && set_cell(table, name, run, value);
  }
  return good;
}

static bool is_same(const struct lathe_compare_row *row, int runs)
{
  for (int r = 1; r < runs; r++) {
    const char *a = row->cell[0], *b = row->cell[r];
    if ((a == NULL) != (b == NULL) || (a && strcmp(a, b) != 0))
      return false;
  }
  return true;
}

/* Leaves the rows in which the runs are not all alike. */
static void keep_differing(struct lathe_compare_table *table, int runs)
{
  int kept = 0;
  for (int i = 0; i < table->rows; i++) {
    struct lathe_compare_row row = table->row[i];
    if (!is_same(&row, runs)) {
      table->row[kept++] = row;
      continue;
    }
    free(row.name);
    for (int r = 0; r < LATHE_COMPARED; r++)
      free(row.cell[r]);
  }
  table->rows = kept;
}

static bool no_memory(struct lathe_error *err)
{
  return lathe_fail(err, "not enough memory to compare the runs; free some memory");
}

/* A file of the folder as JSON; NULL with *there false when it is not there. */
static json_t *read_json(const char *folder, enum lathe_run_file file, bool *there,
                         struct lathe_error *err)
{
  char path[LATHE_PATH];
  bool missing = false;
  json_t *json =
      lathe_run_path(folder, file, path, err) ? lathe_json_read(path, &missing, err) : NULL;
  *there = !missing;
  if (!json || json_is_object(json))
    return json;
  lathe_fail(err, "%s is damaged (line 1: not an object): train again", path);
  json_decref(json);
  return NULL;
}

/* Why a folder without a record cannot be compared. */
static bool no_record(const char *folder, struct lathe_error *err)
{
  char unfinished[LATHE_PATH];
  if (!lathe_file_exists(folder))
    return lathe_fail(err, "%s: there is no such folder; name run folders that train has finished",
                      folder);
  if (!lathe_run_path(folder, LATHE_RUN_UNFINISHED, unfinished, err))
    return false;
  if (lathe_file_exists(unfinished))
    return lathe_fail(err,
                      "%s holds a run that is not finished: go on with it (train --run %s "
                      "--resume), or leave it out",
                      folder, folder);
  return lathe_fail(err,
                    "%s holds no finished run (no %s): name run folders that train has finished",
                    folder, lathe_run_name(LATHE_RUN_RECORD));
}

/* Where training ended. */
static bool add_ends(struct lathe_compare *compare, int run)
{
  const struct lathe_history *history = &compare->history[run];
  static const int last[] = {LATHE_EPOCH_train_loss, LATHE_EPOCH_valid_loss, LATHE_EPOCH_seconds};
  bool good = true;
  for (size_t i = 0; history->epochs > 0 && i < sizeof last / sizeof last[0]; i++) {
    if (!lathe_history_known(history, last[i]))
      continue;
    char name[64];
    snprintf(name, sizeof name, "last epoch.%s", lathe_epoch_name(last[i]));
    json_t *value = json_real(lathe_history_column(history, last[i])[history->epochs - 1]);
    good = good && (!value || set_cell(&compare->metrics, name, run, value));
    json_decref(value);
  }
  return good;
}

static bool read_run(struct lathe_compare *compare, int run, struct lathe_error *err)
{
  /* Of metrics.json's parts, those that are numbers. */
  static const char *const parts[] = {"training", "validation", "labelled", "em"};
  const char *folder = compare->folder[run];
  bool there;
  json_t *record = read_json(folder, LATHE_RUN_RECORD, &there, err);
  if (!record)
    return there ? false : no_record(folder, err);
  bool good = flatten(&compare->settings, "", run, record) || no_memory(err);
  json_decref(record);
  if (!good || !lathe_history_read(&compare->history[run], folder, err))
    return false;
  json_t *metrics = read_json(folder, LATHE_RUN_METRICS, &there, err);
  if (!metrics && there)
    return false;
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    good = good && flatten(&compare->metrics, parts[i], run, json_object_get(metrics, parts[i]));
  json_decref(metrics);
  return (good && add_ends(compare, run)) || no_memory(err);
}

bool lathe_compare_read(struct lathe_compare *compare, int runs, char *const *folders,
                        struct lathe_error *err)
{
  /* As many digits as tell settings apart, and as many as are worth reading. */
  *compare = (struct lathe_compare){.settings.digits = 15, .metrics.digits = 6};
  if (runs > LATHE_COMPARED)
    return lathe_fail(err, "%d runs are too many to compare: name at most %d", runs,
                      LATHE_COMPARED);
  for (int r = 0; r < runs; r++) {
    compare->folder[r] = folders[r];
    compare->runs = r + 1;
    if (!read_run(compare, r, err))
      return false;
  }
  keep_differing(&compare->settings, runs);
  return true;
}
