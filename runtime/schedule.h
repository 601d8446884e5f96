/* The learning rate as training goes on. */
#ifndef LATHE_SCHEDULE_H
#define LATHE_SCHEDULE_H

#include "model.h"

/* The learning rate of an epoch, counted from 0: training->rate, times gamma for every
 * training->every epochs done when the schedule is LATHE_STEP (PyTorch's StepLR). */
double lathe_learning_rate(const struct lathe_training *training, int epoch);

/* "constant" or "step"; and the reverse, false for a name that is none. */
const char *lathe_schedule_name(enum lathe_schedule schedule);
bool lathe_schedule_named(const char *name, enum lathe_schedule *schedule);

#endif
