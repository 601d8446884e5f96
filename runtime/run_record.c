/* run.json: what a run is, and what it was made from. */
#include "file.h"
#include "json.h"
#include "origin.h"
#include "output.h"
#include "run.h"
#include "version.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Of run.json. 2 adds what made the run (origin.h); nothing of 1 was changed. */
enum { FORMAT = 2, OLDEST_FORMAT = 1 };

bool lathe_run_write_model(const char *folder, const struct lathe_model *model,
                           struct lathe_error *err)
{
  char path[LATHE_PATH];
  if (!lathe_run_path(folder, LATHE_RUN_MODEL, path, err))
    return false;
  struct lathe_output *output = lathe_output_open(path, err);
  if (!output)
    return false;
  for (const char *const *piece = model->source; *piece; piece++)
    fputs(*piece, lathe_output_stream(output));
  return lathe_output_commit(output, err);
}

/* Both models are named, and how they differ. */
static bool another_model(const struct lathe_run *run, const json_t *json, const char *name,
                          const char *fingerprint, const struct lathe_model *model,
                          struct lathe_error *err)
{
  char difference[LATHE_DIFFERENCE];
  lathe_origin_difference(json, lathe_origin_architecture, model, difference);
  return lathe_fail(err,
                    "%s was trained by model %s (fingerprint %s), and this is model %s "
                    "(fingerprint %s)%s%s: use the binary that trained it",
                    run->folder, name, fingerprint, model->name, model->fingerprint,
                    difference[0] ? "; " : "", difference);
}

static bool read_record(struct lathe_run *run, const json_t *json, const char *path,
                        const struct lathe_model *model, struct lathe_error *err)
{
  const char *name, *fingerprint;
  json_int_t format, batch, seed, images, checksum, training;
  json_error_t why;
  if (json_unpack_ex((json_t *)json, &why, 0, "{s:I, s:s, s:s}", "format", &format, "model", &name,
                     "fingerprint", &fingerprint) != 0)
    return lathe_fail(err, "%s is not what train writes (%s): train again", path, why.text);
  if (format < OLDEST_FORMAT || format > FORMAT)
    return lathe_fail(err,
                      "%s has format %lld, and this binary reads %d to %d: use the binary that "
                      "trained it, or train again",
                      path, (long long)format, OLDEST_FORMAT, FORMAT);
  if (strcmp(fingerprint, model->fingerprint) != 0)
    return another_model(run, json, name, fingerprint, model, err);
  if (json_unpack_ex((json_t *)json, &why, 0, "{s:{s:I, s:I, s:F}, s:{s:I, s:I}, s:I}", "settings",
                     "batch", &batch, "seed", &seed, "split", &run->split, "data", "images",
                     &images, "checksum", &checksum, "training_images", &training) != 0)
    return lathe_fail(err, "%s is not what train writes (%s): train again", path, why.text);
  if (batch < 1 || batch > INT32_MAX || images < 0 || training < (images > 0) ||
      training > images || !(run->split >= 0 && run->split <= 1) || checksum < 0 ||
      checksum > UINT32_MAX || seed < 0)
    return lathe_fail(err, "%s holds numbers that train does not write: train again", path);
  run->batch = (int)batch;
  run->seed = (uint64_t)seed;
  run->images = images;
  run->checksum = (uint32_t)checksum;
  run->training_images = training;
  return true;
}

/* The record in one of its two files, a new reference. */
static json_t *load_record(struct lathe_run *run, enum lathe_run_file file,
                           const struct lathe_model *model, struct lathe_error *err)
{
  char path[LATHE_PATH];
  if (!lathe_run_path(run->folder, file, path, err))
    return NULL;
  json_t *json = lathe_json_read(path, NULL, err);
  if (!json || read_record(run, json, path, model, err))
    return json;
  json_decref(json);
  return NULL;
}

bool lathe_run_open(struct lathe_run *run, const char *folder, const struct lathe_model *model,
                    struct lathe_error *err)
{
  *run = (struct lathe_run){.folder = folder};
  char path[LATHE_PATH];
  if (!lathe_run_path(folder, LATHE_RUN_RECORD, path, err))
    return false;
  if (!lathe_file_exists(folder))
    return lathe_fail(err, "there is no run folder %s: train one with train --run %s", folder,
                      folder);
  if (!lathe_file_exists(path))
    return lathe_fail(err,
                      "%s holds no finished run (no %s): train it to the end with train --run "
                      "%s%s",
                      folder, lathe_run_name(LATHE_RUN_RECORD), folder,
                      lathe_run_exists(folder) ? " --resume" : "");
  json_t *json = load_record(run, LATHE_RUN_RECORD, model, err);
  json_decref(json);
  return json != NULL;
}

bool lathe_run_reopen(struct lathe_run *run, const char *folder, const struct lathe_model *model,
                      json_t **record, bool *finished, struct lathe_error *err)
{
  char path[LATHE_PATH];
  *run = (struct lathe_run){.folder = folder};
  *record = NULL;
  if (!lathe_run_path(folder, LATHE_RUN_UNFINISHED, path, err))
    return false;
  *finished = !lathe_file_exists(path);
  *record = load_record(run, *finished ? LATHE_RUN_RECORD : LATHE_RUN_UNFINISHED, model, err);
  return *record != NULL;
}

bool lathe_run_names(struct lathe_class_names *names, const char *folder, struct lathe_error *err)
{
  char path[LATHE_PATH];
  struct lathe_error why;
  *names = (struct lathe_class_names){0};
  if (!lathe_run_path(folder, LATHE_RUN_RECORD, path, err))
    return false;
  json_t *record = lathe_json_read(path, NULL, err);
  bool good = record != NULL;
  if (good && !lathe_class_names_take(names, json_object_get(record, "label_names"), &why))
    good = lathe_fail(err, "%s: %s", path, why.text);
  json_decref(record);
  return good;
}

bool lathe_run_write(const struct lathe_run *run, const struct lathe_model *model, json_t *details,
                     bool finished, struct lathe_error *err)
{
  char path[LATHE_PATH];
  json_t *origin = lathe_origin_json(model);
  json_t *record = json_pack(
      "{s:s, s:i, s:s, s:s, s:s, s:{s:I, s:I}, s:I, s:{s:i, s:f, s:I}}", "lathe", LATHE_VERSION,
      "format", FORMAT, "model", model->name, "fingerprint", model->fingerprint, "precision",
      model->precision, "data", "images", (json_int_t)run->images, "checksum",
      (json_int_t)run->checksum, "training_images", (json_int_t)run->training_images, "settings",
      "batch", run->batch, "split", run->split, "seed", (json_int_t)run->seed);
  if (json_object_update(record, origin) != 0 ||
      json_object_update_recursive(record, details) != 0) {
    json_decref(record);
    record = NULL;
  }
  json_decref(origin);
  json_decref(details);
  if (!lathe_run_path(run->folder, finished ? LATHE_RUN_RECORD : LATHE_RUN_UNFINISHED, path, err)) {
    json_decref(record);
    return false;
  }
  return lathe_json_write_exactly(record, path, err);
}

/* Gives the record its other name. */
static bool rename_record(const char *folder, enum lathe_run_file from, enum lathe_run_file to,
                          struct lathe_error *err)
{
  char old[LATHE_PATH], new[LATHE_PATH];
  if (!lathe_run_path(folder, from, old, err) || !lathe_run_path(folder, to, new, err))
    return false;
  if (rename(old, new) == 0 && lathe_sync_folder_of(new))
    return true;
  return lathe_fail(err, "%s cannot be renamed to %s: %s; change the permissions of its folder",
                    old, lathe_run_name(to), strerror(errno));
}

bool lathe_run_finish(const char *folder, struct lathe_error *err)
{
  return rename_record(folder, LATHE_RUN_UNFINISHED, LATHE_RUN_RECORD, err);
}

bool lathe_run_unfinish(const char *folder, struct lathe_error *err)
{
  return rename_record(folder, LATHE_RUN_RECORD, LATHE_RUN_UNFINISHED, err);
}
