/* Runs side by side: what was set otherwise, how training went, what was reached. Runs of any model
 * can be compared: all is read from their folders. */
#ifndef LATHE_COMPARE_H
#define LATHE_COMPARE_H

#include "error.h"
#include "history.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum { LATHE_COMPARED = 16 }; /* runs at most */

/* A line of a table: a name, and what each run has, NULL for nothing. */
struct lathe_compare_row {
  char *name;
  char *cell[LATHE_COMPARED];
};
struct lathe_compare_table {
  struct lathe_compare_row *row;
  int rows, room;
  unsigned digits; /* of numbers */
};

struct lathe_compare {
  int runs;
  const char *folder[LATHE_COMPARED]; /* not owned */
  struct lathe_history history[LATHE_COMPARED];
  struct lathe_compare_table settings; /* only those that are not the same in all runs */
  struct lathe_compare_table metrics;
};

/* Reads the finished runs. Fails, naming it, for a folder that is none or is damaged. On failure,
 * too, lathe_compare_free is needed. */
bool lathe_compare_read(struct lathe_compare *compare, int runs, char *const *folders,
                        struct lathe_error *err);
void lathe_compare_free(struct lathe_compare *compare);

/* As text, a column a run; and as a page (html.h) with the curves over each other. */
void lathe_compare_print(const struct lathe_compare *compare, FILE *out);
bool lathe_compare_write(const struct lathe_compare *compare, const char *path,
                         struct lathe_error *err);

#endif
