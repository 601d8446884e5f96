/* report: report.html anew, from the images that validated the run, or from others. */
#include "command.h"
#include "evaluation.h"
#include "origin.h"
#include "report.h"
#include "run.h"
#include "words.h"
#include <jansson.h>

struct job {
  const struct lathe_call *call;
  struct lathe_run run;
  json_t *record;
  struct lathe_class_names names; /* of the run's classes */
  struct lathe_dataset data, labelled;
  struct lathe_split split;
  struct lathe_session session;
  struct lathe_evaluation evaluation, labelled_evaluation;
  struct lathe_report report;
  char name[LATHE_PATH + 32]; /* what the images are called */
};

static void job_free(struct job *job)
{
  lathe_evaluation_free(&job->evaluation);
  lathe_evaluation_free(&job->labelled_evaluation);
  lathe_session_close(&job->session);
  lathe_split_free(&job->split);
  lathe_dataset_free(&job->data);
  lathe_dataset_free(&job->labelled);
  lathe_class_names_free(&job->names);
  json_decref(job->record);
}

static const char *recorded(const struct job *job, const char *member, const char *key)
{
  return json_string_value(json_object_get(json_object_get(job->record, member), key));
}

/* A file that the run's record names, which must still be what it was. */
static bool load_recorded(struct job *job, const char *member, bool labels,
                          struct lathe_dataset *data, struct lathe_error *err)
{
  const char *path = recorded(job, member, "path"), *only = recorded(job, "data", "only");
  struct lathe_source source = {.data = path,
                                .labels = labels ? NULL : recorded(job, member, "labels"),
                                .only = only,
                                .want_labels = labels,
                                .need_labels = labels,
                                .label_column = recorded(job, "data", "label_column"),
                                .names = &job->names};
  return lathe_dataset_load(data, job->call->model, &source, err) &&
         lathe_origin_check_file(json_object_get(job->record, member), job->run.folder, path,
                                 job->call->model, data, err);
}

/* What train shows: the images that validated, or if there were none those trained on. */
static bool choose_recorded(struct job *job, struct lathe_error *err)
{
  struct lathe_shown *images = &job->report.show.images;
  const struct lathe_model *model = job->call->model;
  bool valid = recorded(job, "valid", "path") != NULL;
  if (!valid && !recorded(job, "data", "path"))
    return lathe_fail(err, "%s does not say which %s it was trained on: name some with --data",
                      job->run.folder, lathe_input_words(model));
  if (!load_recorded(job, valid ? "valid" : "data", false, &job->data, err))
    return false;
  images->name = lathe_by_input(model, "the validation images", "the validation series",
                                "the validation rows");
  images->part = lathe_part_all(&job->data);
  if (valid)
    return true;
  if (!lathe_split_new(&job->split, job->data.count, job->run.split, job->run.seed, err))
    return false;
  images->part = lathe_split_validation(&job->split, &job->data);
  if (images->part.count == 0) {
    images->name =
        lathe_by_input(model, "the training images", "the training series", "the training rows");
    images->part = lathe_split_training(&job->split, &job->data);
  }
  return true;
}

static bool choose_given(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  struct lathe_source source = {.data = options->data,
                                .labels = options->labels,
                                .only = options->only,
                                .want_labels = true,
                                .label_column = options->label_column,
                                .names = &job->names};
  if (!lathe_dataset_load(&job->data, job->call->model, &source, err))
    return false;
  snprintf(job->name, sizeof job->name, "the %s of %s", lathe_input_words(job->call->model),
           options->data);
  job->report.show.images.name = job->name;
  job->report.show.images.part = lathe_part_all(&job->data);
  return true;
}

static bool evaluate(struct job *job, struct lathe_error *err)
{
  struct lathe_report *report = &job->report;
  uint64_t seed = job->run.seed;
  report->show.session = &job->session;
  report->show.images.evaluation = &job->evaluation;
  if (!lathe_evaluate(&job->evaluation, &job->session, &report->show.images.part, seed, err))
    return false;
  if (job->labelled.count == 0)
    return true;
  report->show.labelled =
      (struct lathe_shown){lathe_by_input(job->call->model, "the labelled images",
                                          "the labelled series", "the labelled rows"),
                           lathe_part_all(&job->labelled), &job->labelled_evaluation};
  return lathe_evaluate(&job->labelled_evaluation, &job->session, &report->show.labelled.part, seed,
                        err);
}

static bool make_report(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_model *model = job->call->model;
  char path[LATHE_PATH];
  bool finished;
  if (!lathe_run_open(&job->run, options->run, model, err) ||
      !lathe_run_reopen(&job->run, options->run, model, &job->record, &finished, err) ||
      !lathe_run_names(&job->names, options->run, err) ||
      !lathe_run_path(options->run, LATHE_RUN_REPORT, path, err) ||
      !lathe_check_output(options->output ? options->output : path, err) ||
      !(options->data ? choose_given(job, err) : choose_recorded(job, err)))
    return false;
  /* Labelled images are there to be scored where the others cannot be. */
  if (job->data.labels.count == 0 && recorded(job, "labelled", "path") &&
      !load_recorded(job, "labelled", true, &job->labelled, err))
    return false;
  const char *to = options->output ? options->output : path;
  if (!lathe_session_load(&job->session, model, &job->run, job->data.count, (int)options->threads,
                          err))
    return false;
  job->session.mixture.names = &job->data.names; /* the run's, and any that the images add */
  if (!evaluate(job, err) || !lathe_report_write(&job->report, to, err))
    return false;
  lathe_note(job->call, to, "the report, of %s", job->report.show.images.name);
  return true;
}

enum lathe_status lathe_command_report(const struct lathe_call *call, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  if (!options->data && (options->labels || options->only || options->label_column))
    return lathe_usage(err, "--labels, --label-column and --only are about --data FILE, which is "
                            "missing");
  struct job job = {.call = call, .report = {.folder = options->run}};
  bool done = make_report(&job, err);
  job_free(&job);
  return lathe_status_of(done);
}
