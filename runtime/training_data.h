/* All that a training reads: the images, those that validate it, and the labelled ones. */
#ifndef LATHE_TRAINING_DATA_H
#define LATHE_TRAINING_DATA_H

#include "dataset.h"
#include "error.h"
#include "model.h"
#include "part.h"
#include "resume.h"
#include <jansson.h>
#include <stdbool.h>

struct lathe_training_data {
  struct lathe_inputs inputs;                   /* set before it is loaded */
  struct lathe_dataset images, valid, labelled; /* count 0: not given */
  struct lathe_split split;                     /* of the images */
};

/* Reads what the inputs name. Fails when the labelled classes are not as many as the mixture's
 * components that they name, when too few images are left to train on, and when a run is resumed
 * that was begun with others. lathe_training_data_free is needed after failure too. */
bool lathe_training_data_load(struct lathe_training_data *data, const struct lathe_model *model,
                              const struct lathe_training *settings,
                              const struct lathe_resume *resume, struct lathe_error *err);
void lathe_training_data_free(struct lathe_training_data *data);

/* The images to train on, and those to validate on (there may be none). */
struct lathe_part lathe_training_data_part(const struct lathe_training_data *data);
struct lathe_part lathe_validation_data_part(const struct lathe_training_data *data);

/* "data", "valid" and "labelled" as run.json has them, a new reference. */
json_t *lathe_training_data_json(const struct lathe_training_data *data, struct lathe_error *err);

#endif
