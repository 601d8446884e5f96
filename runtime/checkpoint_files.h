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

/* The steps of a run folder's checkpoints, the newest first: *count of them in *list, to be freed;
 * *count 0 when there are none. */
bool lathe_checkpoint_list(const char *run, int64_t **list, int *count, struct lathe_error *err);

/* Removes those of the list for which `keep` says false, and half-written ones. */
bool lathe_checkpoint_prune(const char *run,
                            bool (*keep)(const void *arg, const int64_t *list, int count,
                                         int place),
                            const void *arg, struct lathe_error *err);

#endif
