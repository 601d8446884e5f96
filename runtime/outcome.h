/* What a training leaves in its run folder, and how it sums itself up. */
#ifndef LATHE_OUTCOME_H
#define LATHE_OUTCOME_H

#include "clusters.h"
#include "error.h"
#include "evaluation.h"
#include "gmm.h"
#include "session.h"
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

/* Whether this model's runs have such a file: a mixture alone has no epochs, and pictures of points
 * only where these are images; a manifold is laid out by the prior. */
bool lathe_outcome_has(const struct lathe_model *model, enum lathe_run_file file);

/* The pictures alone. */
bool lathe_outcome_draw(const struct lathe_outcome *outcome, struct lathe_error *err);

/* Single ones, to the file `path`. */
bool lathe_outcome_plot_losses(const struct lathe_outcome *outcome, const char *path,
                               struct lathe_error *err);
bool lathe_outcome_plot_clusters(const struct lathe_outcome *outcome, const char *path,
                                 struct lathe_error *err);

/* metrics.json as an object, a new reference; NULL without memory. */
json_t *lathe_outcome_json(const struct lathe_outcome *outcome);

/* What was reached and which files to look at, on standard output. */
void lathe_outcome_print(const struct lathe_outcome *outcome);

#endif
