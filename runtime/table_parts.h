/* What table*.c share: a table while it is read. */
#ifndef LATHE_TABLE_PARTS_H
#define LATHE_TABLE_PARTS_H

#include "csv.h"
#include "real.h"
#include "table.h"

/* A cell of the first line. */
struct table_first {
  char *text;
  int64_t line, column;
};

struct table_builder {
  const struct lathe_table_wanted *wanted;
  struct table_first *first; /* [columns] */
  int64_t columns, first_room;
  bool named;    /* they are names */
  int64_t label; /* the column of labels; -1: none */
  int64_t rows, room;
  lathe_real *values;           /* [room, columns without labels] */
  int64_t *labels;              /* [room], places in `met` */
  struct lathe_class_names met; /* labels in the order in which they were met */
  struct lathe_csv csv;
};

/* Finds the column that `wanted` calls that of the labels. */
bool lathe_table_find_label(struct table_builder *b, struct lathe_error *err);

/* Whether there are as many columns of numbers as wanted. */
bool lathe_table_check_columns(const struct table_builder *b, struct lathe_error *err);

/* Numbers the labels for good, and gives those that are no numbers their names. */
bool lathe_table_number_labels(struct table_builder *b, struct lathe_class_names *names,
                               struct lathe_error *err);

/* Says why a cell of `column` is no number that is wanted. */
bool lathe_table_bad_number(const struct table_builder *b, int64_t column,
                            const struct lathe_csv_cell *cell, struct lathe_error *err);

#endif
