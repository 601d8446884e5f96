/* Going on with a run: what it was begun with is read back from its folder. */
#ifndef LATHE_RESUME_H
#define LATHE_RESUME_H

#include "command.h"
#include "dataset.h"
#include "error.h"
#include "run.h"
#include <jansson.h>
#include <stdbool.h>

/* The files, the column of labels in tables, and the choice of labels that a training reads; NULL:
 * none. Texts are not owned. */
struct lathe_inputs {
  const char *data, *labels, *only, *valid, *labelled, *label_column;
};

struct lathe_resume {
  json_t *record; /* NULL: nothing is resumed */
  bool finished;  /* the run has come to its end */
  bool diverged;  /* it has, once at least */
  int epochs;     /* that it was to have */
  struct lathe_run run;
};

/* Reads the record of the run in --run, and takes from it the settings and inputs. What the command
 * line says of them must agree: another path is allowed (a file may have been moved; its contents
 * are checked by lathe_resume_check), other --epochs, and another --lr for one that has diverged.
 * Fails, naming what differs, for a run of another model, with another optimiser, loss or
 * mixture compiled in, or whose description has another schedule, augmentation and the like. *inputs and *settings hold what the command line says; texts put there live
 * as long as `resume`. */
bool lathe_resume_open(struct lathe_resume *resume, const struct lathe_call *call,
                       struct lathe_training *settings, struct lathe_inputs *inputs,
                       struct lathe_error *err);
void lathe_resume_close(struct lathe_resume *resume);

/* Checks that what was read under the record's member ("data", "valid", "labelled") is what the run
 * was begun with. */
bool lathe_resume_check(const struct lathe_resume *resume, const struct lathe_model *model,
                        const char *member, const char *path, const struct lathe_dataset *dataset,
                        struct lathe_error *err);

#endif
