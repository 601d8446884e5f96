/* The files of a run folder (run_files.def): their names, and which runs have them. */
#ifndef LATHE_RUN_FILES_H
#define LATHE_RUN_FILES_H

#include "error.h"
#include "model.h"
#include <stdbool.h>

enum { LATHE_PATH = 4096 };

enum lathe_run_file {
#define RUN_FILE(ID, ...) LATHE_RUN_##ID,
#include "run_files.def"
#undef RUN_FILE
  LATHE_RUN_FILES
};

/* What may be so of a run, and what of it can only be shown where it is so. */
enum lathe_run_fact {
  LATHE_RUN_HAS_LAYERS = 1,  /* and so epochs: it is no mixture alone */
  LATHE_RUN_HAS_PRIOR = 2,   /* and a divergence from it */
  LATHE_RUN_HAS_PLANE = 4,   /* two latent dimensions */
  LATHE_RUN_HAS_IMAGES = 8,  /* what goes in, or comes out, is more than a row of a table */
  LATHE_RUN_HAS_CHOICE = 16, /* more than one component */
  LATHE_RUN_HAS_LABELS = 32, /* images with labels, to be scored */
  LATHE_RUN_HAS_PATHS = 64,  /* two images or more, to go from one to another */
};

/* Those that follow from the model. */
unsigned lathe_run_facts(const struct lathe_model *model);

/* Whether a run of which `facts` are so, a sum of lathe_run_fact, has the file. */
bool lathe_run_has(unsigned facts, enum lathe_run_file file);

/* The file's name in the folder; and what it is, in a few words, NULL for what nobody looks at. */
const char *lathe_run_name(enum lathe_run_file file);
const char *lathe_run_about(enum lathe_run_file file);

/* Writes the file's path to `path`; fails when it is too long. */
bool lathe_run_path(const char *folder, enum lathe_run_file file, char path[LATHE_PATH],
                    struct lathe_error *err);

/* The name of the run's own file that writing to `path` would replace, or that would be taken for
 * one: its record, weights, numbers or a checkpoint. NULL: none, or what can be made again from
 * these, a picture or the report. */
const char *lathe_run_file_at(const char *folder, const char *path);

#endif
