/* What training shows while it runs: a bar on a terminal, a line an epoch in a pipe, JSON, nothing.
 */
#ifndef LATHE_PROGRESS_H
#define LATHE_PROGRESS_H

#include "error.h"
#include "model.h"
#include <stdbool.h>
#include <stdint.h>

/* One epoch as it is recorded. */
struct lathe_epoch {
  int epoch; /* from 1 */
  struct lathe_loss training;
  struct lathe_loss validation;
  bool validated;           /* false: there are no validation images */
  double rate;              /* learning rate */
  double images_per_second; /* of the training steps alone */
  double seconds;           /* since training began */
};

enum lathe_progress_style {
  LATHE_PROGRESS_QUIET,
  LATHE_PROGRESS_LINES,
  LATHE_PROGRESS_BAR,
  LATHE_PROGRESS_JSON,
};

struct lathe_progress {
  enum lathe_progress_style style;
  int epochs;            /* in all */
  int64_t images;        /* an epoch */
  double started, drawn; /* lathe_now */
  bool on_line;          /* the cursor is behind a bar */
  struct lathe_epoch last;
};

/* --quiet and --json as given; otherwise a bar where standard output is a terminal. */
enum lathe_progress_style lathe_progress_choose(bool quiet, bool json);

void lathe_progress_start(struct lathe_progress *progress, enum lathe_progress_style style,
                          int epochs, int64_t images);

/* After each step: `done` images of the epoch (from 1), and the epoch's mean loss so far. */
void lathe_progress_step(struct lathe_progress *progress, int epoch, int64_t done, double loss,
                         double images_per_second);

void lathe_progress_epoch(struct lathe_progress *progress, const struct lathe_epoch *epoch);

/* A lathe_em_progress (gmm.h); arg is the lathe_progress. */
void lathe_progress_em(void *arg, int restart, int iteration, double log_likelihood);

/* Leaves the bar's line, if there is one. Further calls begin a new one. */
void lathe_progress_stop(struct lathe_progress *progress);

#endif
