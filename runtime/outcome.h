/* What a training leaves in its run folder, and how it sums itself up. */
#ifndef LATHE_OUTCOME_H
#define LATHE_OUTCOME_H

#include "clusters.h"
#include "error.h"
#include "gmm.h"
#include "session.h"
#include "shown.h"
#include "trainer.h"
#include <stdbool.h>

struct lathe_outcome {
  const char *folder;
  struct lathe_session *session;
  const struct lathe_trainer *trainer;
  struct lathe_em_report em;
  struct lathe_evaluation training, validation, labelled; /* images 0: there are none */
  struct lathe_part labelled_part;                        /* what `labelled` is of */
  struct lathe_clusters clusters;
};

void lathe_outcome_free(struct lathe_outcome *outcome);

/* Writes weights, description, tables, metrics and pictures: all of the run but run.json. */
bool lathe_outcome_write(const struct lathe_outcome *outcome, struct lathe_error *err);

/* What is shown of it: images that it was not trained on, where there are any. */
struct lathe_show lathe_outcome_show(const struct lathe_outcome *outcome);

/* The pictures alone, once the tables are written. */
bool lathe_outcome_draw(const struct lathe_outcome *outcome, struct lathe_error *err);

/* metrics.json as an object, a new reference; NULL without memory. */
json_t *lathe_outcome_json(const struct lathe_outcome *outcome);

/* What was reached and which files to look at, on standard output. */
void lathe_outcome_print(const struct lathe_outcome *outcome);

#endif
