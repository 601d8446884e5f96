#include "run.h"
#include "json.h"
#include "output.h"
#include "version.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FORMAT = 1 }; /* of run.json */

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

static bool exists(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0;
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

bool lathe_run_check(const char *folder, bool force, struct lathe_error *err)
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

  bool good = true, finished = exists(record);
  if (finished && !force)
    good = lathe_fail(err,
                      "%s holds a finished run: choose another folder with --run, or replace it "
                      "with --force",
                      folder);
  const struct dirent *entry;
  while (good && !finished && (entry = readdir(listing)))
    if (!is_dots(entry->d_name) && !is_ours(entry->d_name))
      good = lathe_fail(err,
                        "%s is not a run folder: it holds '%.255s', which train did not make; "
                        "choose an empty or a new folder with --run",
                        folder, entry->d_name);
  closedir(listing);
  return good;
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

bool lathe_run_begin(const char *folder, struct lathe_error *err)
{
  char record[LATHE_PATH];
  if (!lathe_run_path(folder, LATHE_RUN_RECORD, record, err) || !make_folders(folder, err))
    return false;

  DIR *listing = opendir(folder);
  if (!listing || access(folder, W_OK | X_OK) != 0) {
    lathe_fail(err, "no files can be made in the run folder %s: %s; choose another with --run",
               folder, strerror(errno));
    if (listing)
      closedir(listing);
    return false;
  }
  bool good = unlink(record) == 0 || errno == ENOENT;
  const struct dirent *entry;
  while (good && (entry = readdir(listing)))
    if (is_ours(entry->d_name))
      good = unlinkat(dirfd(listing), entry->d_name, 0) == 0;
  if (!good)
    lathe_fail(err, "the earlier run in %s cannot be replaced: %s; choose another with --run",
               folder, strerror(errno));
  closedir(listing);

  struct lathe_output *probe = good ? lathe_output_open(record, err) : NULL;
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

static bool read_record(struct lathe_run *run, const json_t *json, const char *path,
                        const struct lathe_model *model, struct lathe_error *err)
{
  const char *name, *fingerprint;
  json_int_t format, batch, seed, images, checksum, training;
  json_error_t why;
  if (json_unpack_ex((json_t *)json, &why, 0, "{s:I, s:s, s:s}", "format", &format, "model", &name,
                     "fingerprint", &fingerprint) != 0)
    return lathe_fail(err, "%s is not what train writes (%s): train again", path, why.text);
  if (format != FORMAT)
    return lathe_fail(err,
                      "%s has format %lld, and this binary reads %d: use the binary that "
                      "trained it, or train again",
                      path, (long long)format, FORMAT);
  if (strcmp(fingerprint, model->fingerprint) != 0)
    return lathe_fail(err,
                      "%s was trained by model %s (fingerprint %s), and this is model %s "
                      "(fingerprint %s): use the binary that trained it",
                      run->folder, name, fingerprint, model->name, model->fingerprint);
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
                      "%s",
                      folder, files[LATHE_RUN_RECORD].name, folder);
  json_error_t why;
  json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
  if (!json)
    return lathe_fail(err, "%s is damaged (line %d: %s): train again", path, why.line, why.text);
  bool good = read_record(run, json, path, model, err);
  json_decref(json);
  return good;
}

bool lathe_run_finish(const struct lathe_run *run, const struct lathe_model *model, json_t *details,
                      struct lathe_error *err)
{
  char path[LATHE_PATH];
  json_t *record = json_pack(
      "{s:s, s:i, s:s, s:s, s:s, s:{s:I, s:I}, s:I, s:{s:i, s:f, s:I}}", "lathe", LATHE_VERSION,
      "format", FORMAT, "model", model->name, "fingerprint", model->fingerprint, "precision",
      model->precision, "data", "images", (json_int_t)run->images, "checksum",
      (json_int_t)run->checksum, "training_images", (json_int_t)run->training_images, "settings",
      "batch", run->batch, "split", run->split, "seed", (json_int_t)run->seed);
  if (json_object_update_recursive(record, details) != 0) {
    json_decref(record);
    record = NULL;
  }
  json_decref(details);
  if (!lathe_run_path(run->folder, LATHE_RUN_RECORD, path, err)) {
    json_decref(record);
    return false;
  }
  return lathe_json_write(record, path, err);
}
