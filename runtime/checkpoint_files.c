#include "checkpoint_files.h"
#include "checkpoint.h"
#include "file.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool lathe_checkpoint_path(const char *run, int64_t steps, char path[LATHE_PATH],
                           struct lathe_error *err)
{
  char folder[LATHE_PATH], name[48] = "";
  if (!lathe_run_path(run, LATHE_RUN_CHECKPOINTS, folder, err))
    return false;
  if (steps >= 0)
    snprintf(name, sizeof name, "/step-%09lld.safetensors", (long long)steps);
  size_t length = strlen(folder), more = strlen(name);
  if (length + more >= LATHE_PATH)
    return lathe_fail(err, "the run folder's path is too long (%zu characters): choose a shorter",
                      strlen(run));
  memcpy(path, folder, length);
  memcpy(path + length, name, more);
  path[length + more] = '\0';
  return true;
}

/* The steps that a file's name says; -1 when it is no checkpoint's. *half: it was being written. */
static int64_t steps_of(const char *name, bool *half)
{
  char *end;
  *half = false;
  if (strncmp(name, "step-", 5) != 0 || name[5] < '0' || name[5] > '9')
    return -1;
  errno = 0;
  int64_t steps = strtoll(name + 5, &end, 10);
  static const char extension[] = ".safetensors";
  size_t length = sizeof extension - 1;
  if (errno != 0 || strncmp(end, extension, length) != 0)
    return -1;
  *half = end[length] == '.' && strcmp(end + strlen(end) - 5, ".part") == 0;
  return end[length] == '\0' || *half ? steps : -1;
}

static int newest_first(const void *a, const void *b)
{
  const int64_t *x = a, *y = b;
  return (*x < *y) - (*x > *y);
}

/* Opens the folder of a run's checkpoints; *listing NULL where there is none. */
static bool open_folder(const char *run, char path[LATHE_PATH], DIR **listing,
                        struct lathe_error *err)
{
  *listing = NULL;
  if (!lathe_checkpoint_path(run, -1, path, err))
    return false;
  *listing = opendir(path);
  return *listing || errno == ENOENT || errno == ENOTDIR ||
         lathe_fail(err, "%s cannot be read: %s", path, strerror(errno));
}

static bool append(int64_t **list, int *count, int64_t steps)
{
  int64_t *longer = realloc(*list, (size_t)(*count + 1) * sizeof **list);
  if (!longer)
    return false;
  longer[(*count)++] = steps;
  *list = longer;
  return true;
}

bool lathe_checkpoint_list(const char *run, int64_t **list, int *count, struct lathe_error *err)
{
  char path[LATHE_PATH];
  DIR *listing;
  *list = NULL;
  *count = 0;
  if (!open_folder(run, path, &listing, err))
    return false;
  if (!listing)
    return true;
  bool good = true, half;
  const struct dirent *entry;
  while (good && (entry = lathe_next_entry(listing))) {
    int64_t steps = steps_of(entry->d_name, &half);
    good = steps < 0 || half || append(list, count, steps);
  }
  good = good && errno == 0;
  if (!good)
    lathe_fail(err, "%s cannot be read: %s", path, strerror(errno));
  closedir(listing);
  if (*count > 0)
    qsort(*list, (size_t)*count, sizeof **list, newest_first);
  return good;
}

/* Removes what a killed trainer was writing. */
static bool remove_halves(const char *run, struct lathe_error *err)
{
  char path[LATHE_PATH];
  DIR *listing;
  if (!open_folder(run, path, &listing, err))
    return false;
  if (!listing)
    return true;
  bool good = true, half;
  const struct dirent *entry;
  while (good && (entry = lathe_next_entry(listing)))
    if (steps_of(entry->d_name, &half) >= 0 && half)
      good = unlinkat(dirfd(listing), entry->d_name, 0) == 0 || errno == ENOENT;
  good = good && errno == 0;
  if (!good)
    lathe_fail(err, "%s: what is left of a checkpoint cannot be removed: %s", path,
               strerror(errno));
  closedir(listing);
  return good;
}

bool lathe_checkpoint_prune(const char *run,
                            bool (*keep)(const void *arg, const int64_t *list, int count,
                                         int place),
                            const void *arg, struct lathe_error *err)
{
  int count;
  int64_t *list;
  char path[LATHE_PATH];
  bool good = lathe_checkpoint_list(run, &list, &count, err) && remove_halves(run, err);
  for (int i = 0; good && i < count; i++)
    if (!keep(arg, list, count, i)) {
      good = lathe_checkpoint_path(run, list[i], path, err);
      if (good && unlink(path) != 0 && errno != ENOENT)
        good = lathe_fail(err, "%s cannot be removed: %s; change the permissions of its folder",
                          path, strerror(errno));
    }
  free(list);
  return good;
}

bool lathe_checkpoint_newest(const char *folder, int64_t *steps, struct lathe_error *err)
{
  int count;
  int64_t *list;
  bool good = lathe_checkpoint_list(folder, &list, &count, err);
  *steps = count > 0 ? list[0] : -1;
  free(list);
  return good;
}

static bool keep_none(const void *arg, const int64_t *list, int count, int place)
{
  (void)arg;
  (void)list;
  (void)count;
  (void)place;
  return false;
}

bool lathe_checkpoints_remove(const char *folder, struct lathe_error *err)
{
  char path[LATHE_PATH];
  if (!lathe_checkpoint_prune(folder, keep_none, NULL, err) ||
      !lathe_checkpoint_path(folder, -1, path, err))
    return false;
  rmdir(path); /* unless something else is in it */
  return true;
}
