/* What made a run: the model, the build and the files of data, as run.json says it; and how two
 * models differ, in words. */
#ifndef LATHE_ORIGIN_H
#define LATHE_ORIGIN_H

#include "dataset.h"
#include "error.h"
#include "model.h"
#include <jansson.h>
#include <stdbool.h>

enum { LATHE_DIFFERENCE = 400 };

/* Members of an origin that two models are compared by: an object of strings each. */
extern const char
    lathe_origin_architecture[];           /* what the fingerprint is made from, layer by layer */
extern const char lathe_origin_compiled[]; /* what else is compiled in: optimiser, loss, EM */

/* "description" (its file in the run folder and its SHA-256), "architecture", "compiled" and
 * "build", a new reference; NULL without memory. */
json_t *lathe_origin_json(const struct lathe_model *model);

/* Writes the first difference between what a run's record says under `member` and this model:
 * "encoder.1 is `linear 512` [512] there and `linear 400` [400] here". "" when there is none, or
 * the record, being older, does not say. */
void lathe_origin_difference(const json_t *record, const char *member,
                             const struct lathe_model *model, char text[LATHE_DIFFERENCE]);

/* The file that a data set was read from: path, SHA-256 (null for a pipe), images, CRC-32 of the
 * images and of the labels (null without any). Sets *json, a new reference, null for path NULL. */
bool lathe_origin_file(json_t **json, const char *path, const struct lathe_dataset *dataset,
                       struct lathe_error *err);

/* Checks a data set against such an object: that it is the same images and labels. */
bool lathe_origin_check_file(const json_t *json, const char *run, const char *path,
                             const struct lathe_model *model, const struct lathe_dataset *dataset,
                             struct lathe_error *err);

#endif
