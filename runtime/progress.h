/* What training shows while it runs: a bar on a terminal, a line an epoch in a pipe, JSON, nothing.
 */
#ifndef LATHE_PROGRESS_H
#define LATHE_PROGRESS_H

#include "epoch.h"
#include "error.h"
#include "gmm.h"
#include "model.h"
#include <stdbool.h>
#include <stdint.h>

enum lathe_progress_style {
  LATHE_PROGRESS_QUIET,
  LATHE_PROGRESS_LINES,
  LATHE_PROGRESS_BAR,
  LATHE_PROGRESS_JSON,
};

struct lathe_progress {
  const struct lathe_model *model;
  enum lathe_progress_style style;
  int epochs;            /* in all */
  int64_t images;        /* an epoch */
  int64_t before;        /* images trained on when this began, in all epochs */
  double started, drawn; /* lathe_now */
  bool on_line;          /* the cursor is behind the second line of a bar */
  struct lathe_epoch last;
};

/* --quiet and --json as given; otherwise a bar where standard output is a terminal (and
 * TERM does not say that it is a dumb one). */
enum lathe_progress_style lathe_progress_choose(bool quiet, bool json);

/* `before`: images that a resumed run had trained on already, in all its epochs. */
void lathe_progress_start(struct lathe_progress *progress, const struct lathe_model *model,
                          enum lathe_progress_style style, int epochs, int64_t images,
                          int64_t before);

/* After each step: `done` images of the epoch (from 1), and the epoch's mean loss so far. */
void lathe_progress_step(struct lathe_progress *progress, int epoch, int64_t done,
                         const struct lathe_loss *loss, double images_per_second);

void lathe_progress_epoch(struct lathe_progress *progress, const struct lathe_epoch *epoch);

/* After each iteration of EM (gmm.h), and at its end. */
void lathe_progress_em(struct lathe_progress *progress, const struct lathe_em_report *report,
                       const struct lathe_mixture *mixture);
void lathe_progress_em_done(struct lathe_progress *progress, const struct lathe_em_report *report,
                            const struct lathe_mixture *mixture);

/* Something is no number after that step, and where it began is being looked for. */
void lathe_progress_divergence(struct lathe_progress *progress, const char *sign, int64_t step);

/* Leaves the bar's lines, if there are any. Further calls begin new ones. */
void lathe_progress_stop(struct lathe_progress *progress);

#endif
