/* What the pictures of an outcome share. */
#ifndef LATHE_OUTCOME_PARTS_H
#define LATHE_OUTCOME_PARTS_H

#include "outcome.h"

/* What they are drawn from. */
struct lathe_outcome_picture {
  const struct lathe_outcome *outcome;
  struct lathe_session *session; /* the outcome's */
  struct lathe_show show;
  unsigned facts; /* of what is shown (run_files.h) */
};

/* All charts; the clusters, also by label, and the confusion matrix: those that the run has. */
bool lathe_outcome_plot(const struct lathe_outcome_picture *picture, struct lathe_error *err);

#endif
