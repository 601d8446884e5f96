#include "run.h"
#include "checkpoint.h"
#include "file.h"
#include "json.h"
#include "origin.h"
#include "output.h"
#include "version.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of run.json. 2 adds what made the run (origin.h); nothing of 1 was changed. */
enum { FORMAT = 2, OLDEST_FORMAT = 1 };

static const struct {
  const char *name, *about;
} files[LATHE_RUN_FILES] = {
#define RUN_FILE(ID, name, about) [LATHE_RUN_##ID] = {name, about},
#include "run_files.def"
#undef RUN_FILE
};

const char *lathe_run_name(enum lathe_run_file file)
{
  return files[file].name;
}

const char *lathe_run_about(enum lathe_run_file file)
{
  return files[file].about;
}

bool lathe_run_path(const char *folder, enum lathe_run_file file, char path[LATHE_PATH],
                    struct lathe_error *err)
{
  int length = snprintf(path, LATHE_PATH, "%s/%s", folder, files[file].name);
  if (length < 0 || length >= LATHE_PATH)
    return lathe_fail(err,
                      "the run folder's path is too long (%zu characters): choose a shorter one",
                      strlen(folder));
  return true;
}

/* What cannot be looked at is taken to be there: whoever opens it is told why. */
static bool exists(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0 ||
         (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG && errno != ELOOP);
}

/* Whether train made a file of that name, or was making it (output.h's temporary names) when it was
 * cut off. */
static bool is_ours(const char *name)
{
  for (int i = 0; i < LATHE_RUN_FILES; i++) {
    size_t length = strlen(files[i].name), all = strlen(name);
    if (strncmp(name, files[i].name, length) != 0)
      continue;
    if (all == length)
      return true;
    if (name[length] == '.' && all > length + 5 && strcmp(name + all - 5, ".part") == 0)
      return true;
  }
  return false;
}

static bool is_dots(const char *name)
{
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* What may not be lost: a finished run, and one that can be gone on with. */
static bool check_replaceable(const char *folder, bool finished, struct lathe_error *err)
{
  int64_t steps;
  if (finished)
    return lathe_fail(err,
                      "%s holds a finished run: choose another folder with --run, or replace it "
                      "with --force",
                      folder);
  if (!lathe_checkpoint_newest(folder, &steps, err))
    return false;
  if (steps >= 0)
    return lathe_fail(err,
                      "%s holds an unfinished run of %lld steps: go on with it with --resume, or "
                      "replace it with --force",
                      folder, (long long)steps);
  return true;
}

static bool check_contents(const char *folder, bool force, struct lathe_error *err)
{
  char record[LATHE_PATH];
  if (!lathe_run_path(folder, LATHE_RUN_RECORD, record, err))
    return false;
  DIR *listing = opendir(folder);
  if (!listing && errno == ENOENT)
    return true;
  if (!listing)
    return lathe_fail(err, "%s cannot be used as the run folder: %s; choose another with --run",
                      folder, strerror(errno));

  bool finished = exists(record);
  bool good = force || check_replaceable(folder, finished, err);
  const struct dirent *entry = NULL;
  errno = 0;
  while (good && !finished && (entry = lathe_next_entry(listing)))
    if (!is_dots(entry->d_name) && !is_ours(entry->d_name))
      good = lathe_fail(err,
                        "%s is not a run folder: it holds '%.255s', which train did not make; "
                        "choose an empty or a new folder with --run",
                        folder, entry->d_name);
  if (good && errno != 0)
    good = lathe_fail(err, "%s cannot be read: %s; choose another with --run", folder,
                      strerror(errno));
  closedir(listing);
  return good;
}

bool lathe_run_check(const char *folder, bool force, struct lathe_error *err)
{
  return lathe_lock_check(folder, err) && check_contents(folder, force, err);
}

bool lathe_run_exists(const char *folder)
{
  char path[LATHE_PATH];
  return (lathe_run_path(folder, LATHE_RUN_RECORD, path, NULL) && exists(path)) ||
         (lathe_run_path(folder, LATHE_RUN_UNFINISHED, path, NULL) && exists(path));
}

/* Whether two paths lead to the same thing. */
static bool is_one(const char *a, const char *b)
{
  struct stat x, y;
  return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool can_be_made_again(const char *name)
{
  const char *dot = strrchr(name, '.');
  return dot && (strcmp(dot, ".png") == 0 || strcmp(dot, ".html") == 0);
}

const char *lathe_run_file_at(const char *folder, const char *path)
{
  char parent[LATHE_PATH], own[LATHE_PATH];
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  int length = slash ? (int)(slash - path) + 1 : 0;
  snprintf(parent, sizeof parent, "%.*s.", length, path); /* "runs/1/x" is in "runs/1/." */
  for (int i = 0; i < LATHE_RUN_FILES; i++) {
    if (can_be_made_again(files[i].name) || !lathe_run_path(folder, i, own, NULL))
      continue;
    bool named = strcmp(name, files[i].name) == 0 && is_one(parent, folder);
    if (named || is_one(path, own) || (i == LATHE_RUN_CHECKPOINTS && is_one(parent, own)))
      return files[i].name;
  }
  return NULL;
}

/* Makes a folder and all those above it. */
static bool make_folders(const char *folder, struct lathe_error *err)
{
  char path[LATHE_PATH];
  snprintf(path, sizeof path, "%s", folder);
  for (char *c = path + 1; c[-1]; c++) {
    if (*c != '/' && *c != '\0')
      continue;
    char kept = *c;
    *c = '\0';
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
      return lathe_fail(err, "the run folder %s cannot be made: %s: %s; choose another with --run",
                        folder, path, strerror(errno));
    *c = kept;
  }
  return true;
}

static bool is_half(const char *name)
{
  size_t length = strlen(name);
  return is_ours(name) && length > 5 && strcmp(name + length - 5, ".part") == 0;
}

bool lathe_run_tidy(const char *folder, struct lathe_error *err)
{
  DIR *listing = opendir(folder);
  const struct dirent *entry;
  bool good = listing != NULL;
  while (good && (entry = lathe_next_entry(listing)))
    if (is_half(entry->d_name))
      good = unlinkat(dirfd(listing), entry->d_name, 0) == 0;
  good = good && errno == 0;
  if (!good)
    lathe_fail(err, "what a killed training left in %s cannot be removed: %s; remove its *.part",
               folder, strerror(errno));
  if (listing)
    closedir(listing);
  return good;
}

/* Removes the files of an earlier run: the records first, so that what is left of it after a crash
 * is not taken for one. */
static bool remove_run(const char *folder, struct lathe_error *err)
{
  static const enum lathe_run_file first[] = {LATHE_RUN_RECORD, LATHE_RUN_UNFINISHED};
  char path[LATHE_PATH];
  bool good = true;
  for (size_t i = 0; good && i < sizeof first / sizeof first[0]; i++)
    good = lathe_run_path(folder, first[i], path, err) && (unlink(path) == 0 || errno == ENOENT);
  DIR *listing = good ? opendir(folder) : NULL;
  const struct dirent *entry;
  while (listing && good && (entry = lathe_next_entry(listing)))
    if (is_ours(entry->d_name) && strcmp(entry->d_name, files[LATHE_RUN_LOCK].name) != 0 &&
        strcmp(entry->d_name, files[LATHE_RUN_CHECKPOINTS].name) != 0)
      good = unlinkat(dirfd(listing), entry->d_name, 0) == 0;
  good = good && (!listing || errno == 0);
  if (!good || !listing)
    lathe_fail(err, "the earlier run in %s cannot be replaced: %s; choose another with --run",
               folder, strerror(errno));
  if (listing)
    closedir(listing);
  return good && listing && lathe_checkpoints_remove(folder, err);
}

static bool prepare(const char *folder, bool force, struct lathe_error *err)
{
  char record[LATHE_PATH];
  if (!check_contents(folder, force, err) || !remove_run(folder, err) ||
      !lathe_run_path(folder, LATHE_RUN_RECORD, record, err))
    return false;
  struct lathe_output *probe = lathe_output_open(record, err);
  lathe_output_discard(probe);
  return probe != NULL;
}

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

bool lathe_run_begin(const char *folder, bool force, struct lathe_lock *lock,
                     struct lathe_error *err)
{
  if (!make_folders(folder, err))
    return false;
  if (access(folder, W_OK | X_OK) != 0)
    return lathe_fail(err,
                      "no files can be made in the run folder %s: %s; choose another with --run",
                      folder, strerror(errno));
  if (!lathe_lock_take(lock, folder, err))
    return false;
  if (prepare(folder, force, err))
    return true;
  lathe_lock_release(lock);
  return false;
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
  if (!exists(folder))
    return lathe_fail(err, "there is no run folder %s: train one with train --run %s", folder,
                      folder);
  if (!exists(path))
    return lathe_fail(err,
                      "%s holds no finished run (no %s): train it to the end with train --run "
                      "%s%s",
                      folder, files[LATHE_RUN_RECORD].name, folder,
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
  *finished = !exists(path);
  *record = load_record(run, *finished ? LATHE_RUN_RECORD : LATHE_RUN_UNFINISHED, model, err);
  return *record != NULL;
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
                    old, files[to].name, strerror(errno));
}

bool lathe_run_finish(const char *folder, struct lathe_error *err)
{
  return rename_record(folder, LATHE_RUN_UNFINISHED, LATHE_RUN_RECORD, err);
}

bool lathe_run_unfinish(const char *folder, struct lathe_error *err)
{
  return rename_record(folder, LATHE_RUN_RECORD, LATHE_RUN_UNFINISHED, err);
}
