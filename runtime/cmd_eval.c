/* eval: how good a run is on given images. */
#include "clusters.h"
#include "command.h"
#include "evaluation.h"
#include "json.h"
#include "words.h"
#include "work.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is evaluated, and what of it must be released. */
struct job {
  const struct lathe_call *call;
  struct lathe_work work;
  struct lathe_split split;
  struct lathe_part part;
  struct lathe_evaluation evaluation;
  struct lathe_clusters clusters;
};

static void job_free(struct job *job)
{
  lathe_clusters_free(&job->clusters);
  lathe_evaluation_free(&job->evaluation);
  lathe_split_free(&job->split);
  lathe_work_close(&job->work);
}

static const char *part_name(const struct lathe_call *call)
{
  return call->options.part ? call->options.part : "all";
}

/* The run's own division of its training file, made again from its seed. */
static bool choose_part(struct job *job, struct lathe_error *err)
{
  const struct lathe_run *run = &job->work.run;
  const struct lathe_dataset *data = &job->work.data;
  const char *name = part_name(job->call), *path = job->call->options.data;
  const char *words = lathe_input_words(job->call->model);
  job->part = job->work.part;
  if (strcmp(name, "all") == 0)
    return true;
  if (run->images == 0)
    return lathe_fail(err,
                      "--part %s needs the %s that %s was trained on, which were not given when "
                      "it was imported: import it again with --data, or leave --part out",
                      name, words, run->folder);
  if (data->count != run->images)
    return lathe_fail(err,
                      "--part %s needs the %s that %s was trained on, %lld of them: %s gives "
                      "%lld (name the same --data, --labels and --only)",
                      name, words, run->folder, (long long)run->images, path,
                      (long long)data->count);
  if (lathe_dataset_checksum(data) != run->checksum)
    return lathe_fail(err,
                      "--part %s needs the %s that %s was trained on, and %s holds others "
                      "(name the same --data, --labels and --only)",
                      name, words, run->folder, path);
  if (!lathe_split_new(&job->split, data->count, run->split, run->seed, err))
    return false;
  bool training = strcmp(name, "training") == 0;
  job->part = training ? lathe_split_training(&job->split, data)
                       : lathe_split_validation(&job->split, data);
  if (job->part.count == 0)
    return lathe_fail(err,
                      "%s has no validation part: all of %s was trained on; evaluate other %s "
                      "with --data",
                      run->folder, path, words);
  return true;
}

static bool print_json(const struct job *job, struct lathe_error *err)
{
  json_t *json = json_pack("{s:s, s:o, s:o, s:s}", "model", job->call->model->name, "run",
                           lathe_json_text(job->work.run.folder), "data",
                           lathe_json_text(job->call->options.data), "part", part_name(job->call));
  json_t *evaluation = lathe_evaluation_json(&job->evaluation);
  bool good = json_object_update(json, evaluation) == 0 &&
              json_object_set_new(json, "clusters", lathe_clusters_json(&job->clusters)) == 0;
  json_decref(evaluation);
  if (!good) {
    json_decref(json);
    json = NULL;
  }
  return lathe_json_line(json, err);
}

/* Words on lines of at most 80 columns. */
static void print_wrapped(const char *text)
{
  enum { COLUMNS = 80, INDENT = 2 };
  int column = 0;
  while (*text) {
    int length = (int)strcspn(text, " \n");
    if (column > 0 && column + 1 + length > COLUMNS) {
      putchar('\n');
      column = 0;
    }
    if (length > 0) {
      column += printf("%*s%.*s", column == 0 ? INDENT : 1, "", length, text);
      text += length;
    }
    if (*text == '\n') {
      putchar('\n');
      column = 0;
    }
    text += *text != '\0';
  }
  if (column > 0)
    putchar('\n');
}

static bool print_words(const struct job *job, struct lathe_error *err)
{
  char *words = lathe_clusters_words(&job->clusters);
  if (!words)
    return lathe_fail(err, "not enough memory to describe the clusters");
  const char *part = part_name(job->call);
  bool all = strcmp(part, "all") == 0;
  printf("%s, run %s: %lld %s of %s%s%s\n", job->call->model->name, job->work.run.folder,
         (long long)job->evaluation.images, lathe_input_words(job->call->model),
         job->call->options.data, all ? "" : ", part ", all ? "" : part);
  lathe_evaluation_print(&job->evaluation, job->call->model);
  printf("\n");
  print_wrapped(words);
  free(words);
  return true;
}

static bool evaluate(struct job *job, struct lathe_error *err)
{
  struct lathe_session *session = &job->work.session;
  if (!lathe_work_open(&job->work, job->call, true, err) || !choose_part(job, err) ||
      !lathe_evaluate(&job->evaluation, session, &job->part, job->work.run.seed, err))
    return false;
  const struct lathe_scores *scores = job->evaluation.scored ? &job->evaluation.scores : NULL;
  if (!lathe_clusters_new(&job->clusters, &session->mixture, job->part.count, job->evaluation.means,
                          scores, job->work.run.seed, err))
    return false;
  return job->call->options.json ? print_json(job, err) : print_words(job, err);
}

enum lathe_status lathe_command_eval(const struct lathe_call *call, struct lathe_error *err)
{
  const char *part = part_name(call);
  if (strcmp(part, "all") != 0 && strcmp(part, "training") != 0 && strcmp(part, "validation") != 0)
    return lathe_usage(err, "--part is all, training or validation, not '%s'", part);
  struct job job = {.call = call};
  bool done = evaluate(&job, err);
  job_free(&job);
  return lathe_status_of(done);
}
