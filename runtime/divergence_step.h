/* One training step looked at, kernel by kernel, for the first number that is not finite. */
#ifndef LATHE_DIVERGENCE_STEP_H
#define LATHE_DIVERGENCE_STEP_H

#include "divergence.h"
#include "state.h"

struct lathe_step_watch {
  const struct lathe_model *model;
  struct lathe_state *state;
  int images;
  struct lathe_divergence *divergence;
};

/* Has the state's next training step, with n images, looked at: what it finds goes to
 * divergence->found and the members below it; `image` counts from 0 in the batch. */
void lathe_step_watch_start(struct lathe_step_watch *watch, const struct lathe_model *model,
                            struct lathe_state *state, int n, struct lathe_divergence *divergence);

/* After the step, which gave this loss. */
void lathe_step_watch_stop(struct lathe_step_watch *watch, struct lathe_loss loss);

#endif
