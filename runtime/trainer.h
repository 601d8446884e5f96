/* Training: epochs of optimiser steps on one part of a data set, validated on another. */
#ifndef LATHE_TRAINER_H
#define LATHE_TRAINER_H

#include "error.h"
#include "part.h"
#include "progress.h"
#include "session.h"
#include <stdbool.h>
#include <stdio.h>

struct lathe_trainer {
  struct lathe_session *session;  /* with room for training; its parameters are initialised here */
  struct lathe_training settings; /* the model's, as the command line changed them */
  struct lathe_part training;
  struct lathe_part validation; /* may be empty */
  struct lathe_progress *progress;
  const char *record;         /* the CSV file to which each epoch adds a line */
  FILE *stream;               /* that file, while it is open */
  struct lathe_epoch *epochs; /* [done]: results, owned by the trainer */
  int done;
  int64_t steps;
};

/* Trains for settings.epochs epochs. Order and noise come from the seed alone. Stops with an error
 * that names epoch and step when a loss is not finite. */
bool lathe_trainer_run(struct lathe_trainer *trainer, struct lathe_error *err);
void lathe_trainer_free(struct lathe_trainer *trainer);

#endif
