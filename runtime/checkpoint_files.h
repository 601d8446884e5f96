/* The files that checkpoints are in. */
#ifndef LATHE_CHECKPOINT_FILES_H
#define LATHE_CHECKPOINT_FILES_H

#include "error.h"
#include "run.h"
#include <stdbool.h>
#include <stdint.h>

/* The checkpoint after `steps` steps, or with -1 the folder of them all. */
bool lathe_checkpoint_path(const char *run, int64_t steps, char path[LATHE_PATH],
                           struct lathe_error *err);

/* The steps of a run folder's checkpoints, the newest first: *count of them, to be freed; NULL,
 * with *count 0, when there are none (or no memory: then the folder is taken for one without). */
int64_t *lathe_checkpoint_list(const char *run, int *count);

/* Removes those for which `keep` says false, and half-written ones. */
bool lathe_checkpoint_prune(const char *run,
                            bool (*keep)(const void *arg, int64_t steps, int place),
                            const void *arg, struct lathe_error *err);

#endif
