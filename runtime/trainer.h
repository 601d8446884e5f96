/* Training: epochs of optimiser steps on one part of a data set, validated on another. */
#ifndef LATHE_TRAINER_H
#define LATHE_TRAINER_H

#include "aside.h"
#include "divergence.h"
#include "error.h"
#include "part.h"
#include "progress.h"
#include "schedule.h"
#include "session.h"
#include <stdbool.h>

/* When checkpoints are written, and how many stay. */
struct lathe_saving {
  const char *folder; /* the run's; NULL: none are written */
  int epochs;         /* after every so many, and after the last */
  double seconds;     /* and whenever so many have passed since the last one; 0: never for that */
  int keep;           /* the newest so many stay, and the best epoch's */
  /* Called before each checkpoint, for what must be in the folder before it; or NULL. */
  bool (*first)(void *arg, struct lathe_error *err);
  void *arg;
};

/* What is left to do of a checkpoint when all of it is written: the disk takes its time. */
struct lathe_saved {
  struct lathe_aside aside;
  struct lathe_output *output;
  const char *folder;
  int64_t steps, best_steps; /* the checkpoint's, and the best epoch's, or -1 */
  int keep;
};

struct lathe_trainer {
  struct lathe_session *session;  /* with room for training */
  struct lathe_training settings; /* the model's, as the command line changed them */
  struct lathe_part training;
  struct lathe_part validation; /* may be empty */
  struct lathe_progress *progress;
  const char *record;           /* the CSV file with a line for each epoch done */
  struct lathe_output *growing; /* that file, while it is open */
  struct lathe_saving saving;
  struct lathe_saved saved;

  /* Where training stands: this, with the session's weights and optimiser state, is what a
   * checkpoint holds. */
  struct lathe_epoch *epochs; /* [done], room for settings.epochs: results, owned by the trainer */
  int done;
  int64_t steps;
  int64_t images;         /* of the next epoch, trained on before a stop in its midst */
  struct lathe_loss loss; /* the mean over these */
  double seconds;         /* trained for */
  int best;               /* the epoch of the least loss, of validation where there is one; or 0 */
  int64_t best_steps;     /* when it was done */
  double best_loss;

  /* What follows from these: where the schedule stands, and the epoch whose weights the session
   * holds at the end, with the steps done by then: the last, or with early stopping the best. */
  struct lathe_course course;
  int kept;
  int64_t kept_steps;

  struct lathe_divergence diverged; /* why lathe_trainer_run failed, if `noticed` is not 0 */

  int stopped; /* the signal that ended lathe_trainer_run early; 0: none did */
};

/* Takes memory for the record of the epochs, and initialises the session's parameters: what
 * lathe_checkpoint_load may replace. Of a mixture alone there is nothing to train. */
bool lathe_trainer_start(struct lathe_trainer *trainer, struct lathe_error *err);

/* Trains on, from where the trainer stands, until settings.epochs are done, or until early stopping
 * (settings.stop_patience) ends it; with that, the session's weights are then those of the best
 * epoch, read back from its checkpoint where those are written. Order and noise come
 * from the seed alone. Fails when a loss, a parameter or the optimiser's state is not finite: then
 * trainer->diverged says where that began, and no checkpoint of it is written. A signal (stop.h)
 * ends it after the step it came in, with a checkpoint written; that is no failure.
 */
bool lathe_trainer_run(struct lathe_trainer *trainer, struct lathe_error *err);
void lathe_trainer_free(struct lathe_trainer *trainer);

#endif
