#include "run_files.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
  const char *name;
  unsigned needs;
  const char *about;
} files[LATHE_RUN_FILES] = {
#define HAS(FACT) LATHE_RUN_HAS_##FACT
#define RUN_FILE(ID, name, needs, about) [LATHE_RUN_##ID] = {name, needs, about},
#include "run_files.def"
#undef RUN_FILE
#undef HAS
};

unsigned lathe_run_facts(const struct lathe_model *model)
{
  bool layers = !lathe_is_alone(model);
  return (layers ? LATHE_RUN_HAS_LAYERS : 0U) |
         (lathe_has_prior(model) ? LATHE_RUN_HAS_PRIOR : 0U) |
         (model->latent == 2 ? LATHE_RUN_HAS_PLANE : 0U) |
         (layers || model->input_rank > 1 ? LATHE_RUN_HAS_IMAGES : 0U) |
         (model->mixing.components > 1 ? LATHE_RUN_HAS_CHOICE : 0U);
}

bool lathe_run_has(unsigned facts, enum lathe_run_file file)
{
  return (files[file].needs & ~facts) == 0;
}

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
  for (enum lathe_run_file i = 0; i < LATHE_RUN_FILES; i++) {
    if (can_be_made_again(files[i].name) || !lathe_run_path(folder, i, own, NULL))
      continue;
    bool named = strcmp(name, files[i].name) == 0 && is_one(parent, folder);
    if (named || is_one(path, own) || (i == LATHE_RUN_CHECKPOINTS && is_one(parent, own)))
      return files[i].name;
  }
  return NULL;
}
