/* Where the time of a training step goes: seconds in each kernel, and outside of them. */
#ifndef LATHE_PROFILE_H
#define LATHE_PROFILE_H

#include "dataset.h"
#include "error.h"
#include "session.h"
#include <stdbool.h>

/* Seconds a step. The parts add up to `watched`; `step` says how far watching slowed it down. */
struct lathe_profile {
  int steps;       /* that were watched */
  double step;     /* with nobody watching */
  double watched;  /* with a look at the clock before and after each kernel */
  double *kernels; /* [model->kernel_count] */
  double data;     /* gathering the batch's images */
  double noise;    /* drawing the posterior's noise */
  double rest;     /* between kernels: calls, and the loss's mean */
  /* The least that was seen, of each kernel by itself and of a step with nobody watching: what they
   * take when nothing else is in the way. Such parts add up to no whole. */
  double *kernels_least; /* [model->kernel_count] */
  double step_least;
};

/* Takes training steps as the trainer does, on batches of n <= session's images of `dataset`, at
 * learning rate 0, for about `seconds`: watched and unwatched ones by turns, so that what else the
 * machine does meets both. Figures are means over the middle half of the steps by duration, which
 * leaves out those that were interrupted and keeps the parts' sum. */
bool lathe_profile_take(struct lathe_profile *profile, struct lathe_session *session, int n,
                        const struct lathe_dataset *dataset, double seconds,
                        struct lathe_error *err);
void lathe_profile_free(struct lathe_profile *profile);

#endif
