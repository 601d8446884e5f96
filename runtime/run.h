/* The run folder: what a training leaves behind, and what the other commands start from. The folder
 * is finished when it has run.json, which is written last. What is in it is listed in
 * run_files.def. */
#ifndef LATHE_RUN_H
#define LATHE_RUN_H

#include "class_names.h"
#include "error.h"
#include "lock.h"
#include "model.h"
#include "run_files.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Checks that training may write to `folder`: that no other one is at work there, and it is absent,
 * empty, or holds what a training left before its first checkpoint; with `force` also one that can
 * be gone on with, or a finished one. Changes nothing. */
bool lathe_run_check(const char *folder, bool force, struct lathe_error *err);

/* Makes the folder (and the folders above it), locks it, checks it again, as another may have come
 * first, and that files can be made in it, and removes the files of an earlier training, run.json
 * first. Files of other names are left alone. The lock is the caller's to release. */
bool lathe_run_begin(const char *folder, bool force, struct lathe_lock *lock,
                     struct lathe_error *err);

/* Removes what one that was killed was writing, from a folder that the caller has locked. */
bool lathe_run_tidy(const char *folder, struct lathe_error *err);

/* Whether the folder holds the record of a run, finished or not. */
bool lathe_run_exists(const char *folder);

/* Writes model.lathe, the description that the model was compiled from. */
bool lathe_run_write_model(const char *folder, const struct lathe_model *model,
                           struct lathe_error *err);

/* What run.json says that other commands need. */
struct lathe_run {
  const char *folder; /* not owned */
  int batch;
  uint64_t seed;
  double split;            /* fraction trained on; 1 when another file validated */
  int64_t images;          /* in the training file, after --only; 0: imported without them */
  uint32_t checksum;       /* of those images */
  int64_t training_images; /* how many of them were trained on */
};

/* Reads run.json. Fails when the folder is missing, holds no finished run, was made by another
 * model (both are named, and how they differ), or the file is not what train writes. Formats of
 * earlier versions are read; later ones are refused. */
bool lathe_run_open(struct lathe_run *run, const char *folder, const struct lathe_model *model,
                    struct lathe_error *err);

/* Reads the record of a run that may be unfinished (then *finished is false) and gives all of it:
 * *record, a new reference. Fails as lathe_run_open does. */
bool lathe_run_reopen(struct lathe_run *run, const char *folder, const struct lathe_model *model,
                      json_t **record, bool *finished, struct lathe_error *err);

/* Names of classes that the record of a finished run has, to be freed; none where labels are
 * numbers. */
bool lathe_run_names(struct lathe_class_names *names, const char *folder, struct lathe_error *err);

/* Writes the record: what `run` says, what made it (origin.h), and what `details` adds (an object
 * whose reference is taken; members that are objects are merged with those of the same name). It is
 * run.json, or while training goes on unfinished.json, which lathe_run_finish makes run.json of. */
bool lathe_run_write(const struct lathe_run *run, const struct lathe_model *model, json_t *details,
                     bool finished, struct lathe_error *err);
bool lathe_run_finish(const char *folder, struct lathe_error *err);

/* Makes a finished run an unfinished one. */
bool lathe_run_unfinish(const char *folder, struct lathe_error *err);

#endif
