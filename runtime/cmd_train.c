/* train: epochs, then EM on the latent means, then an evaluation; all of it into a run folder. */
#include "command.h"
#include "fit.h"
#include "json.h"
#include "outcome.h"
#include "scores.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
  const struct lathe_call *call;
  struct lathe_training settings;
  struct lathe_dataset data, valid, labelled; /* count 0: not given */
  struct lathe_split split;
  struct lathe_session session;
  struct lathe_progress progress;
  struct lathe_trainer trainer;
  struct lathe_outcome outcome;
};

static void job_free(struct job *job)
{
  lathe_outcome_free(&job->outcome);
  lathe_trainer_free(&job->trainer);
  lathe_session_close(&job->session);
  lathe_split_free(&job->split);
  lathe_dataset_free(&job->data);
  lathe_dataset_free(&job->valid);
  lathe_dataset_free(&job->labelled);
}

/* The description's settings, as the command line changes them. */
static struct lathe_training settings_of(const struct lathe_call *call)
{
  const struct lathe_options *options = &call->options;
  struct lathe_training settings = call->model->training;
  if (lathe_option_given(options, LATHE_OPTION_EPOCHS))
    settings.epochs = (int)options->epochs;
  if (lathe_option_given(options, LATHE_OPTION_BATCH))
    settings.batch = (int)options->batch;
  if (lathe_option_given(options, LATHE_OPTION_RATE))
    settings.rate = options->rate;
  if (lathe_option_given(options, LATHE_OPTION_SEED))
    settings.seed = (uint64_t)options->seed;
  if (lathe_option_given(options, LATHE_OPTION_SPLIT))
    settings.split = options->split;
  if (options->valid)
    settings.split = 1;
  return settings;
}

static enum lathe_status check_usage(const struct lathe_call *call, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  if (call->model->mixing.init == LATHE_INIT_LABELLED && !options->labelled)
    return lathe_usage(err,
                       "model %s starts its mixture from labelled images: give a few of each class "
                       "with --labelled FILE",
                       call->model->name);
  if (options->only && !options->labels)
    return lathe_usage(err, "--only needs --labels FILE: train reads no labels from --data");
  if (options->labels && !options->only)
    return lathe_usage(err, "--labels serves --only alone: train reads no other labels (give the "
                            "few that name the clusters with --labelled)");
  if (options->valid && lathe_option_given(options, LATHE_OPTION_SPLIT))
    return lathe_usage(err,
                       "--valid and --split exclude each other: with --valid, all of --data is "
                       "trained on");
  return LATHE_DONE;
}

/* Each class names one component. */
static bool check_classes(const struct job *job, struct lathe_error *err)
{
  const struct lathe_model *model = job->call->model;
  const int64_t *labels = job->labelled.labels.data;
  struct lathe_scores scores;
  if (job->labelled.count == 0 || model->mixing.init != LATHE_INIT_LABELLED)
    return true;
  if (!lathe_scores_new(&scores, job->labelled.count, labels, labels, err))
    return false;
  int classes = scores.classes;
  lathe_scores_free(&scores);
  if (classes != model->mixing.components)
    return lathe_fail(err,
                      "%s has labels of %d classes, and the mixture of model %s has %d components: "
                      "give labelled images of exactly %d classes",
                      job->call->options.labelled, classes, model->name, model->mixing.components,
                      model->mixing.components);
  return true;
}

/* EM needs a point for each component; better said before the epochs than after them. */
static bool check_enough(const struct job *job, struct lathe_error *err)
{
  int components = job->call->model->mixing.components;
  if (job->split.training >= components)
    return true;
  return lathe_fail(
      err,
      "%s leaves %lld images to train on, fewer than the mixture's %d components: give "
      "more images, or a larger --split",
      job->call->options.data, (long long)job->split.training, components);
}

static bool load_data(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_model *model = job->call->model;
  struct lathe_source data = {options->data, options->labels, options->only, false, false};
  struct lathe_source labelled = {options->labelled, NULL, options->only, true, true};
  struct lathe_source valid = {options->valid, NULL, options->only, false, false};
  return (!options->labelled || lathe_dataset_load(&job->labelled, model, &labelled, err)) &&
         check_classes(job, err) &&
         (!options->valid || lathe_dataset_load(&job->valid, model, &valid, err)) &&
         lathe_dataset_load(&job->data, model, &data, err) &&
         lathe_split_new(&job->split, job->data.count, job->settings.split, job->settings.seed,
                         err) &&
         check_enough(job, err);
}

static bool run_epochs(struct job *job, char record[LATHE_PATH], struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  job->trainer = (struct lathe_trainer){
      .session = &job->session,
      .settings = job->settings,
      .training = lathe_split_training(&job->split, &job->data),
      .validation = job->valid.count > 0 ? lathe_part_all(&job->valid)
                                         : lathe_split_validation(&job->split, &job->data),
      .progress = &job->progress,
      .record = record,
  };
  lathe_progress_start(&job->progress, lathe_progress_choose(options->quiet, options->json),
                       job->settings.epochs, job->trainer.training.count);
  bool good = lathe_trainer_run(&job->trainer, err);
  lathe_progress_stop(&job->progress);
  return good;
}

/* EM on the latent means of the training images, started from, or named by, the labelled ones. */
static bool fit_mixture(struct job *job, struct lathe_error *err)
{
  bool good =
      lathe_fit_mixture(&job->session, &job->trainer.training, &job->labelled, job->settings.seed,
                        &job->outcome.em, lathe_progress_em, &job->progress, err);
  lathe_progress_stop(&job->progress);
  return good;
}

static bool evaluate(struct job *job, struct lathe_error *err)
{
  struct lathe_session *session = &job->session;
  struct lathe_outcome *outcome = &job->outcome;
  uint64_t seed = job->settings.seed;
  struct lathe_part labelled = lathe_part_all(&job->labelled);
  const struct lathe_part *training = &job->trainer.training;
  const struct lathe_part *validation = &job->trainer.validation;
  outcome->folder = job->call->options.run;
  outcome->session = session;
  outcome->trainer = &job->trainer;
  return lathe_evaluate(&outcome->training, session, training, seed, err) &&
         (validation->count == 0 ||
          lathe_evaluate(&outcome->validation, session, validation, seed, err)) &&
         (labelled.count == 0 ||
          lathe_evaluate(&outcome->labelled, session, &labelled, seed, err)) &&
         lathe_clusters_new(&outcome->clusters, &session->mixture, training->count,
                            outcome->training.means, NULL, seed, err);
}

static json_t *file_json(const char *path, const struct lathe_dataset *dataset)
{
  return path ? json_pack("{s:s, s:I}", "path", path, "images", (json_int_t)dataset->count)
              : json_null();
}

static json_t *details_json(const struct job *job)
{
  static const char *const optimisers[] = {[LATHE_ADAM] = "adam", [LATHE_SGD] = "sgd"};
  static const char *const schedules[] = {[LATHE_CONSTANT] = "constant", [LATHE_STEP] = "step"};
  const struct lathe_options *options = &job->call->options;
  const struct lathe_training *settings = &job->settings;
  return json_pack("{s:{s:s, s:s?, s:s?}, s:o, s:o, s:I, s:{s:i, s:s, s:f, s:s, s:i, s:f}, s:i}",
                   "data", "path", options->data, "labels", options->labels, "only", options->only,
                   "valid", file_json(options->valid, &job->valid), "labelled",
                   file_json(options->labelled, &job->labelled), "validation_images",
                   (json_int_t)job->trainer.validation.count, "settings", "epochs",
                   settings->epochs, "optimiser", optimisers[settings->optimiser], "rate",
                   settings->rate, "schedule", schedules[settings->schedule], "every",
                   settings->every, "gamma", settings->gamma, "threads",
                   lathe_pool_threads(job->session.pool));
}

static bool finish(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  struct lathe_run run = {
      .folder = options->run,
      .batch = job->settings.batch,
      .seed = job->settings.seed,
      .split = job->settings.split,
      .images = job->data.count,
      .checksum = lathe_dataset_checksum(&job->data),
      .training_images = job->trainer.training.count,
  };
  if (!lathe_outcome_write(&job->outcome, err) ||
      !lathe_run_finish(&run, job->call->model, details_json(job), err))
    return false;
  if (options->json)
    return lathe_json_line(json_pack("{s:s, s:s, s:o}", "event", "done", "run", options->run,
                                     "metrics", lathe_outcome_json(&job->outcome)),
                           err);
  if (!options->quiet)
    lathe_outcome_print(&job->outcome);
  return true;
}

static bool train(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  char record[LATHE_PATH];
  if (!lathe_run_check(options->run, options->force, err) || !load_data(job, err))
    return false;
  int64_t batch = job->settings.batch < job->data.count ? job->settings.batch : job->data.count;
  struct lathe_session_size size = {(int)batch, (int)options->threads, true};
  return lathe_session_open(&job->session, job->call->model, size, err) &&
         lathe_run_begin(options->run, err) &&
         lathe_run_path(options->run, LATHE_RUN_EPOCHS, record, err) &&
         run_epochs(job, record, err) &&
         lathe_session_save(&job->session, options->run, job->trainer.steps, err) &&
         fit_mixture(job, err) && evaluate(job, err) && finish(job, err);
}

enum lathe_status lathe_command_train(const struct lathe_call *call, struct lathe_error *err)
{
  enum lathe_status status = check_usage(call, err);
  if (status != LATHE_DONE)
    return status;
  struct job job = {.call = call, .settings = settings_of(call)};
  bool done = train(&job, err);
  job_free(&job);
  return lathe_status_of(done);
}
