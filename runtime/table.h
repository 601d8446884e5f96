/* Tables: CSV files of numbers, a point a row, with a line of column names or without, and perhaps
 * a column of labels among them. */
#ifndef LATHE_TABLE_H
#define LATHE_TABLE_H

#include "array.h"
#include "class_names.h"
#include "reader.h"

/* What is wanted of a table; all zero: every column, of any finite numbers. */
struct lathe_table_wanted {
  /* The column of labels, by its name, or by its number from 1. NULL: none; but with `labels_alone`
   * the only one. */
  const char *label_column;
  bool labels_alone;                     /* the other columns are not looked at */
  bool optional;                         /* no harm done when there is no such column */
  int64_t columns;                       /* of numbers, besides the labels; 0: any */
  const char *model;                     /* that takes so many; may be NULL */
  const double *range;                   /* [2], that all numbers must be within; NULL: any */
  const struct lathe_class_names *names; /* that labels have already; may be NULL */
};

/* `values` are lathe_real [rows, columns], `labels` int64 [rows] or empty. Labels that are all
 * whole numbers are these; else they are names, in the order of `wanted->names`, then of the
 * alphabet. */
struct lathe_table {
  struct lathe_array values, labels;
  struct lathe_class_names names;
};

/* Whether what comes next can be a table: whether it is text. */
bool lathe_table_detect(struct lathe_reader *reader);

/* Reads a table to its end. The first line is one of names when none of its cells is a number, or
 * when its numbers are but those of the columns, at least three. Fails, saying in which line and
 * column of the file, for what is no finite number, is missing, or lies outside of the range; for
 * rows of different lengths, no rows, other numbers of columns than wanted, a label column that is
 * not there. Memory grows with what has been read. On failure *table is empty; else it is to be
 * freed with lathe_table_free. */
bool lathe_table_read(struct lathe_table *table, struct lathe_reader *reader,
                      const struct lathe_table_wanted *wanted, struct lathe_error *err);
void lathe_table_free(struct lathe_table *table);

#endif
