/* What a run folder says of how training and EM went: metrics.csv and em.csv, read back. */
#ifndef LATHE_HISTORY_H
#define LATHE_HISTORY_H

#include "epoch.h"
#include "error.h"
#include <stdbool.h>

struct lathe_history {
  int epochs;
  double *epoch;          /* [epochs]: their numbers, 1 and up */
  double *values;         /* [LATHE_EPOCH_FIELDS, epochs] (epoch.def); NaN: not known */
  int iterations;         /* of EM */
  double *iteration;      /* [iterations] */
  double *log_likelihood; /* [iterations]: mean log-likelihood a point, before each */
};

/* Reads both files; one that is not there (an imported run has none) gives nothing. Columns that
 * this version does not know are passed over. Fails for a file that train does not write so. On
 * failure *history is zeroed; else lathe_history_free releases it. */
bool lathe_history_read(struct lathe_history *history, const char *folder, struct lathe_error *err);
void lathe_history_free(struct lathe_history *history);

/* Column `field` [epochs], and whether there is any number in it. */
const double *lathe_history_column(const struct lathe_history *history, int field);
bool lathe_history_known(const struct lathe_history *history, int field);

#endif
