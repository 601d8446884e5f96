/* A training as `train` carries it out: what it holds, notes and says. */
#ifndef LATHE_TRAIN_JOB_H
#define LATHE_TRAIN_JOB_H

#include "aside.h"
#include "checkpoint.h"
#include "command.h"
#include "normalise.h"
#include "outcome.h"
#include "resume.h"
#include "training_data.h"

struct lathe_train_job {
  const struct lathe_call *call;
  struct lathe_training settings;
  struct lathe_training_data data;
  struct lathe_resume resume;
  bool unfinished; /* the folder says that it is */
  bool ended;      /* all is done that there will be, EM and all epochs */
  bool diverged;   /* it has, and the trainer says how */
  struct lathe_lock lock;
  struct lathe_session_size size;
  struct lathe_session session;
  struct lathe_progress progress;
  char record[LATHE_PATH]; /* of the epochs */
  struct lathe_trainer trainer;
  struct lathe_outcome outcome;
  struct lathe_aside opening, recording; /* open_session, lathe_train_record */
};

/* Writes the record (a struct lathe_train_job): from here on the folder says what is done in it. It
 * may be written while training goes on: of what that changes it reads nothing before `ended` or
 * `diverged` is set. */
bool lathe_train_record(void *job, struct lathe_error *err);

/* ---- What it says, in words or as JSON ---- */

/* Where training goes on, and which checkpoints it could not go on from. */
bool lathe_train_tell_resumed(const struct lathe_train_job *job,
                              const struct lathe_checkpoint_found *found, struct lathe_error *err);

/* What of the input is the same in all training images: it cannot be brought to the scale of the
 * rest, and says nothing of an image. */
bool lathe_train_tell_constant(const struct lathe_train_job *job,
                               const struct lathe_constant_inputs *constant,
                               struct lathe_error *err);

/* That the loss is no number: what happened, noted in the folder too, and how to go on, in *err. */
void lathe_train_tell_diverged(struct lathe_train_job *job, struct lathe_error *err);

/* That early stopping ended the training before its last epoch. */
bool lathe_train_tell_ended(const struct lathe_train_job *job, struct lathe_error *err);

/* That signal `number` did, and how to go on: all that is needed is in the run folder. */
enum lathe_status lathe_train_tell_stopped(const struct lathe_train_job *job, int number,
                                           struct lathe_error *err);

/* That nothing is left to do: to this comes a run that is begun again after whatever happened. */
enum lathe_status lathe_train_tell_finished(const struct lathe_train_job *job,
                                            struct lathe_error *err);

#endif
