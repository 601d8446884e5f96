/* What a program whose fault is over may have done: gone on, with the results that it would have
 * had, or ended with status 1 and one line that says why; no file is half written, and a training
 * that ended so is gone on with to the same bits. */
#ifndef TESTS_FAULTS_JUDGE_H
#define TESTS_FAULTS_JUDGE_H

#include "scenarios.h"

/* One program, one fault. */
struct trial {
  const struct scenario *scenario;
  const char *fault; /* its kind, in words */
  long at;
  const char *site; /* where it went wrong, in words */
  const struct said *said;
  bool removes_nothing; /* what it cannot remove may be left */
  bool drawing;         /* it befell a library that draws text: see test_faults.c */
};

static int blamed;

static inline void blame(const struct trial *trial, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void blame(const struct trial *trial, const char *format, ...)
{
  va_list arguments;
  printf("%s, %s number %ld (%s): ", trial->scenario->name, trial->fault, trial->at, trial->site);
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n  status %d: %.600s\n", trial->said->status, trial->said->err);
  fflush(stdout); /* several may be at work */
  blamed++;
}

#define INSIST(condition, trial, ...)                                                              \
  do {                                                                                             \
    if (!(condition))                                                                              \
      blame(trial, __VA_ARGS__);                                                                   \
  } while (0)

/* Whether a name is that of a file that is being written: "x.123-0.part", ".x.c.aB3dE6". */
static inline bool is_part(const char *name)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const char *dot = strrchr(name, '.');
  if (dot == NULL || strcmp(dot, ".lathe") == 0 || strcmp(dot, ".report") == 0)
    return false;
  return strcmp(dot, ".part") == 0 || (strlen(dot) == 7 && strspn(dot + 1, letters) == 6);
}

/* Finds such a file in a folder or below; false when there is none. */
static inline bool find_part(const char *path, char part[SPAWN_PATH])
{
  DIR *dir = opendir(path);
  bool found = false;
  for (const struct dirent *entry; dir != NULL && !found && (entry = readdir(dir));) {
    const char *name = entry->d_name;
    char below[SPAWN_PATH];
    snprintf(below, sizeof below, "%.250s/%.250s", path, name);
    if (is_part(name))
      found = snprintf(part, SPAWN_PATH, "%s", below) > 0;
    else if (entry->d_type == DT_DIR && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
      found = find_part(below, part);
  }
  if (dir != NULL)
    closedir(dir);
  return found;
}

static inline void same_run(const struct trial *trial)
{
  static const char *const names[] = {"weights.safetensors", "metrics.json", "em.csv",
                                      "reconstructions.png", "samples.png",  "clusters.png"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    INSIST(exists(in_folder("r/%s", names[i])) &&
               same_file(in_folder("r/%s", names[i]), in_folder("ref/%s", names[i])),
           trial, "%s is another, or none", names[i]);
  char *mine = losses_of("r"), *theirs = losses_of("ref");
  INSIST(strcmp(mine, theirs) == 0, trial, "metrics.csv is another");
  free(mine);
  free(theirs);
  INSIST(!exists(in_folder("r/unfinished.json")), trial, "unfinished.json is left");
  INSIST(!exists(in_folder("r/lock")) || trial->removes_nothing, trial, "it is locked");
}

/* `out`: what the undisturbed program said. */
static inline void judge(const struct trial *trial, const char *out)
{
  const struct scenario *scenario = trial->scenario;
  const struct said *now = trial->said;
  bool done = now->status == 0;
  bool drawing = trial->drawing;
  bool crashed = now->status == 128 + SIGSEGV || now->status == 128 + SIGABRT ||
                 now->status == 128 + SIGKILL; /* or stuck */
  INSIST(now->status <= 1 || (drawing && crashed), trial, "it did not end as it should");
  INSIST(lines_of(now->err) == !done || (done && lines_of(now->err) <= 1) || drawing, trial,
         "%d lines, not one", lines_of(now->err));
  INSIST(strstr(now->err, "(null)") == NULL || drawing, trial, "it says (null)");
  INSIST(!done || strcmp(now->out, out) == 0, trial, "it says something else: %.500s", now->out);
  char part[SPAWN_PATH];
  bool left = find_part(folder, part);
  INSIST(!left || trial->removes_nothing || crashed, trial, "%s is left", part);
  if (left && !scenario->trains) /* training removes it itself */
    remove_below(part);
  for (int i = 0; i < OUTPUTS && scenario->outputs[i] != NULL; i++) {
    const char *name = scenario->outputs[i], *output = in_folder("%s", name);
    INSIST(exists(output) || !done, trial, "%s is missing", name);
    bool unchanged = !done && scenario->from != NULL &&
                     same_file(output, in_folder("%s%s", scenario->from, strchr(name, '/')));
    if (exists(output) && !unchanged && !drawing)
      INSIST(same_file(output, kept(name)), trial, "%s is another", name);
  }
  if (!scenario->trains || (done && drawing))
    return;
  if (!done) {
    struct said again = RESUME("r", "--quiet", TRAINED_ON, "--epochs", "2");
    INSIST(again.status == 0 && again.err[0] == '\0', trial, "not gone on with: %s", again.err);
    bool resumed = again.status == 0;
    said_free(&again);
    if (!resumed)
      return;
  }
  same_run(trial);
}

#endif
