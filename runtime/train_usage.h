/* What the command line of `train` comes to. */
#ifndef LATHE_TRAIN_USAGE_H
#define LATHE_TRAIN_USAGE_H

#include "command.h"

/* The description's settings, as the command line changes them. */
struct lathe_training lathe_train_settings(const struct lathe_call *call);

/* LATHE_DONE, or wrong usage: what is missing, or excludes each other. A run that is gone on with
 * knows what it was begun with. */
enum lathe_status lathe_train_usage(const struct lathe_call *call, struct lathe_error *err);

#endif
