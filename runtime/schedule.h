/* The learning rate as training goes on, and when it ends early. */
#ifndef LATHE_SCHEDULE_H
#define LATHE_SCHEDULE_H

#include "model.h"
#include <stdbool.h>
#include <stdint.h>

/* Where a training stands with its schedule: a function of the settings and of the losses of the
 * epochs that are done, one after the other, so that a training that is gone on with comes to the
 * same from its record. */
struct lathe_course {
  int epochs;  /* done */
  double rate; /* of the next epoch, without its warm-up */
  /* LATHE_PLATEAU, as PyTorch's ReduceLROnPlateau counts: the least loss, epochs since one that was
   * better, epochs in which that is not counted. */
  double least;
  int waited, resting;
  /* Early stopping: the least loss that counted, and epochs since. */
  double stop_least;
  int stop_waited;
};

/* Before the first epoch. */
struct lathe_course lathe_course_start(const struct lathe_training *training);

/* An epoch is done, with this loss (of validation, where there is one). */
void lathe_course_add(struct lathe_course *course, const struct lathe_training *training,
                      double loss);

/* The learning rate of the next step of the next epoch, when `steps` have been done in all: that of
 * the schedule, times what the warm-up makes of it. */
double lathe_course_rate(const struct lathe_course *course, const struct lathe_training *training,
                         int64_t steps);

/* Whether the loss has not got less by stop_gain in stop_patience epochs. */
bool lathe_course_ended(const struct lathe_course *course, const struct lathe_training *training);

/* The schedule's learning rate of an epoch, counted from 0, as PyTorch's StepLR, ExponentialLR and
 * CosineAnnealingLR have it; beyond the cosine's end it stays at its least. Of a plateau's, which
 * depends on losses, the first. */
double lathe_learning_rate(const struct lathe_training *training, int epoch);

/* The share of its weight that the divergence has in the next step, when so many epochs and steps
 * have been done, of so many steps an epoch. A warm-up rises linearly from 0 to 1; cycles do so
 * anew each time, and stay at 1 until the next begins (Fu et al. 2019, "Cyclical Annealing
 * Schedule", eq. 6 and 7). Without either, 1. */
double lathe_kl_share(const struct lathe_training *training, int epochs, int64_t steps,
                      int64_t steps_an_epoch);

/* "constant", "step", ...; and the reverse, false for a name that is none. */
const char *lathe_schedule_name(enum lathe_schedule schedule);
bool lathe_schedule_named(const char *name, enum lathe_schedule *schedule);

#endif
