/* The run folder: what a training leaves behind, and what the other commands start from. The folder
 * is finished when it has run.json, which is written last. Its files are listed in run_files.def.
 */
#ifndef LATHE_RUN_H
#define LATHE_RUN_H

#include "error.h"
#include "model.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { LATHE_PATH = 4096 };

enum lathe_run_file {
#define RUN_FILE(ID, ...) LATHE_RUN_##ID,
#include "run_files.def"
#undef RUN_FILE
  LATHE_RUN_FILES
};

/* The file's name in the folder, and what it is, in a few words. */
const char *lathe_run_name(enum lathe_run_file file);
const char *lathe_run_about(enum lathe_run_file file);

/* Writes the file's path to `path`; fails when it is too long. */
bool lathe_run_path(const char *folder, enum lathe_run_file file, char path[LATHE_PATH],
                    struct lathe_error *err);

/* Checks that training may write to `folder`: that it is absent, empty, or holds what an unfinished
 * training left; with `force` also a finished one. Changes nothing. */
bool lathe_run_check(const char *folder, bool force, struct lathe_error *err);

/* Makes the folder (and the folders above it), checks that files can be made in it, and removes the
 * files of an earlier training, run.json first. Files of other names are left alone. */
bool lathe_run_begin(const char *folder, struct lathe_error *err);

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
 * model (both are named), or the file is not what train writes. */
bool lathe_run_open(struct lathe_run *run, const char *folder, const struct lathe_model *model,
                    struct lathe_error *err);

/* Writes run.json: what `run` says, and what `details` adds (an object whose reference is taken;
 * its members "data" and "settings" are merged with those of the same name). */
bool lathe_run_finish(const struct lathe_run *run, const struct lathe_model *model, json_t *details,
                      struct lathe_error *err);

#endif
