/* The run folder: how it is begun, and which files in it are train's. */
#include "run.h"
#include "checkpoint.h"
#include "file.h"
#include "output.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether train made a file of that name, or was making it (output.h's temporary names) when it was
 * cut off. */
static bool is_ours(const char *name)
{
  for (enum lathe_run_file i = 0; i < LATHE_RUN_FILES; i++) {
    size_t length = strlen(lathe_run_name(i)), all = strlen(name);
    if (strncmp(name, lathe_run_name(i), length) != 0)
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

  bool finished = lathe_file_exists(record);
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
  return (lathe_run_path(folder, LATHE_RUN_RECORD, path, NULL) && lathe_file_exists(path)) ||
         (lathe_run_path(folder, LATHE_RUN_UNFINISHED, path, NULL) && lathe_file_exists(path));
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
    if (is_ours(entry->d_name) && strcmp(entry->d_name, lathe_run_name(LATHE_RUN_LOCK)) != 0 &&
        strcmp(entry->d_name, lathe_run_name(LATHE_RUN_CHECKPOINTS)) != 0)
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
