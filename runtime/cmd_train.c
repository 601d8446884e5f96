/* train: epochs, then EM on the latent means, then an evaluation; all of it into a run folder. */
#include "checkpoint.h"
#include "command.h"
#include "fit.h"
#include "json.h"
#include "origin.h"
#include "outcome.h"
#include "resume.h"
#include "schedule.h"
#include "scores.h"
#include "stop.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
  const struct lathe_call *call;
  struct lathe_training settings;
  struct lathe_inputs inputs;
  struct lathe_resume resume;
  struct lathe_lock lock;
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
  lathe_resume_close(&job->resume);
  lathe_lock_release(&job->lock);
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

/* A run that is gone on with knows what it was begun with. */
static enum lathe_status check_usage(const struct lathe_call *call, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  if (options->resume && options->force)
    return lathe_usage(err,
                       "--resume and --force exclude each other: go on with the run in %s, or "
                       "replace it",
                       options->run);
  if (options->resume && lathe_run_exists(options->run))
    return LATHE_DONE;
  if (!options->data)
    return lathe_usage(err, "train needs --data FILE, images to train on%s%s%s",
                       options->resume ? ": " : "", options->resume ? options->run : "",
                       options->resume ? " holds no run to go on with" : "");
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
                      job->inputs.labelled, classes, model->name, model->mixing.components,
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
      job->inputs.data, (long long)job->split.training, components);
}

static bool load_data(struct job *job, struct lathe_error *err)
{
  const struct lathe_inputs *inputs = &job->inputs;
  const struct lathe_model *model = job->call->model;
  struct lathe_source data = {inputs->data, inputs->labels, inputs->only, false, false};
  struct lathe_source labelled = {inputs->labelled, NULL, inputs->only, true, true};
  struct lathe_source valid = {inputs->valid, NULL, inputs->only, false, false};
  return (!inputs->labelled || lathe_dataset_load(&job->labelled, model, &labelled, err)) &&
         check_classes(job, err) &&
         (!inputs->valid || lathe_dataset_load(&job->valid, model, &valid, err)) &&
         lathe_dataset_load(&job->data, model, &data, err) &&
         lathe_resume_check(&job->resume, "data", inputs->data, &job->data, err) &&
         lathe_resume_check(&job->resume, "valid", inputs->valid, &job->valid, err) &&
         lathe_resume_check(&job->resume, "labelled", inputs->labelled, &job->labelled, err) &&
         lathe_split_new(&job->split, job->data.count, job->settings.split, job->settings.seed,
                         err) &&
         check_enough(job, err);
}

static bool start_trainer(struct job *job, char record[LATHE_PATH], struct lathe_error *err)
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
      .saving = {.folder = options->run,
                 .epochs = (int)options->save_epochs,
                 .seconds = 60 * options->save_minutes,
                 .keep = (int)options->keep},
  };
  return lathe_run_path(options->run, LATHE_RUN_EPOCHS, record, err) &&
         lathe_trainer_start(&job->trainer, err);
}

/* Says where training goes on, and which checkpoints it could not go on from. */
static bool tell_resumed(const struct job *job, const struct lathe_checkpoint_found *found,
                         struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_trainer *trainer = &job->trainer;
  for (const char *line = found->damaged; *line; line += strcspn(line, "\n") + 1)
    fprintf(stderr, "%s: %.*s; the checkpoint before it is used\n", job->call->program,
            (int)strcspn(line, "\n"), line);
  if (options->json)
    return lathe_json_line(json_pack("{s:s, s:s, s:i, s:I, s:I, s:s}", "event", "resume", "run",
                                     options->run, "epoch", trainer->done, "step",
                                     (json_int_t)trainer->steps, "image",
                                     (json_int_t)trainer->images, "damaged", found->damaged),
                           err);
  if (!options->quiet)
    printf("%s: going on after epoch %d, step %lld\n", options->run, trainer->done,
           (long long)trainer->steps);
  return true;
}

static bool load_checkpoint(struct job *job, struct lathe_error *err)
{
  struct lathe_checkpoint_found found;
  return !job->resume.record ||
         (lathe_checkpoint_load(&job->trainer, &found, err) && tell_resumed(job, &found, err));
}

static bool run_epochs(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_trainer *trainer = &job->trainer;
  lathe_progress_start(&job->progress, lathe_progress_choose(options->quiet, options->json),
                       job->settings.epochs, trainer->training.count,
                       trainer->done * trainer->training.count + trainer->images);
  bool good = lathe_trainer_run(&job->trainer, err);
  lathe_progress_stop(&job->progress);
  return good;
}

/* A signal ends EM after an iteration. */
static bool watch_em(void *arg, const struct lathe_em_report *report,
                     const struct lathe_mixture *mixture)
{
  lathe_progress_em(arg, report, mixture);
  return lathe_stop_signal() == 0;
}

/* EM on the latent means of the training images, started from, or named by, the labelled ones. */
static bool fit_mixture(struct job *job, struct lathe_error *err)
{
  bool good =
      lathe_fit_mixture(&job->session, &job->trainer.training, &job->labelled, job->settings.seed,
                        &job->outcome.em, watch_em, &job->progress, err);
  bool stopped = lathe_stop_signal() != 0;
  if (good && !stopped)
    lathe_progress_em_done(&job->progress, &job->outcome.em, &job->session.mixture);
  lathe_progress_stop(&job->progress);
  return good || stopped;
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

/* What run.json says besides what made the model. */
static json_t *details_json(const struct job *job, struct lathe_error *err)
{
  static const char *const optimisers[] = {[LATHE_ADAM] = "adam", [LATHE_SGD] = "sgd"};
  const struct lathe_inputs *inputs = &job->inputs;
  const struct lathe_training *settings = &job->settings;
  json_t *data, *valid = NULL, *labelled = NULL;
  if (!lathe_origin_file(&data, inputs->data, &job->data, err) ||
      !lathe_origin_file(&valid, inputs->valid, &job->valid, err) ||
      !lathe_origin_file(&labelled, inputs->labelled, &job->labelled, err)) {
    json_decref(data);
    json_decref(valid);
    return NULL;
  }
  json_object_set_new(data, "labels", inputs->labels ? json_string(inputs->labels) : json_null());
  json_object_set_new(data, "only", inputs->only ? json_string(inputs->only) : json_null());
  json_t *details = json_pack(
      "{s:o, s:o, s:o, s:I, s:{s:i, s:s, s:f, s:s, s:i, s:f, s:i}}", "data", data, "valid", valid,
      "labelled", labelled, "validation_images", (json_int_t)job->trainer.validation.count,
      "settings", "epochs", settings->epochs, "optimiser", optimisers[settings->optimiser], "rate",
      settings->rate, "schedule", lathe_schedule_name(settings->schedule), "every", settings->every,
      "gamma", settings->gamma, "threads", lathe_pool_threads(job->session.pool));
  if (!details)
    lathe_fail(err, "not enough memory to note what the run is made from; free some memory");
  return details;
}

/* From here on the folder says what is done in it. */
static bool write_record(struct job *job, struct lathe_error *err)
{
  struct lathe_run run = {
      .folder = job->call->options.run,
      .batch = job->settings.batch,
      .seed = job->settings.seed,
      .split = job->settings.split,
      .images = job->data.count,
      .checksum = lathe_dataset_checksum(&job->data),
      .training_images = job->trainer.training.count,
  };
  json_t *details = details_json(job, err);
  return details && (!job->resume.finished || lathe_run_unfinish(run.folder, err)) &&
         lathe_run_write(&run, job->call->model, details, false, err);
}

static bool finish(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  if (!lathe_outcome_write(&job->outcome, err) || !lathe_run_finish(options->run, err))
    return false;
  if (options->json)
    return lathe_json_line(json_pack("{s:s, s:s, s:o}", "event", "done", "run", options->run,
                                     "metrics", lathe_outcome_json(&job->outcome)),
                           err);
  if (!options->quiet)
    lathe_outcome_print(&job->outcome);
  return true;
}

/* Locks the folder and finds in it what is to be gone on with, if anything. */
static bool find_run(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  if (!options->resume || !lathe_run_exists(options->run))
    return lathe_run_check(options->run, options->force, err);
  return lathe_lock_take(&job->lock, options->run, err) &&
         lathe_resume_open(&job->resume, job->call, &job->settings, &job->inputs, err);
}

static bool prepare(struct job *job, char record[LATHE_PATH], struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  if (!load_data(job, err))
    return false;
  int64_t batch = job->settings.batch < job->data.count ? job->settings.batch : job->data.count;
  struct lathe_session_size size = {(int)batch, (int)options->threads, true};
  return lathe_session_open(&job->session, job->call->model, size, err) &&
         (job->resume.record ? lathe_run_tidy(options->run, err)
                             : lathe_run_begin(options->run, options->force, &job->lock, err)) &&
         start_trainer(job, record, err) && load_checkpoint(job, err) && write_record(job, err);
}

/* How to go on: all that is needed is in the run folder. */
static enum lathe_status tell_stopped(const struct job *job, int number, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_trainer *trainer = &job->trainer;
  const char *name = number == SIGINT ? "SIGINT" : "SIGTERM";
  if (options->json)
    lathe_json_line(json_pack("{s:s, s:s, s:s, s:i, s:I}", "event", "stopped", "signal", name,
                              "run", options->run, "epoch", trainer->done, "step",
                              (json_int_t)trainer->steps),
                    NULL);
  lathe_fail(err,
             "stopped by %s after epoch %d, step %lld, which is saved: go on with %s train "
             "--run %s --resume",
             name, trainer->done, (long long)trainer->steps, job->call->program, options->run);
  return number == SIGINT ? LATHE_INTERRUPTED : LATHE_TERMINATED;
}

/* A stage after another, until the end or a signal. */
static enum lathe_status work(struct job *job, struct lathe_error *err)
{
  static bool (*const stages[])(struct job *, struct lathe_error *) = {run_epochs, fit_mixture,
                                                                       evaluate, finish};
  lathe_stop_watch();
  for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
    if (!stages[i](job, err))
      return LATHE_FAILED;
    if (lathe_stop_signal() && i + 1 < sizeof stages / sizeof stages[0])
      return tell_stopped(job, lathe_stop_signal(), err);
  }
  return LATHE_DONE;
}

/* Nothing is left to do; a run that is begun again after whatever happened comes to this. */
static enum lathe_status tell_finished(const struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  if (options->json)
    return lathe_status_of(
        lathe_json_line(json_pack("{s:s, s:s}", "event", "finished", "run", options->run), err));
  if (!options->quiet)
    printf("%s: finished already, with %d epochs; --epochs N trains on\n", options->run,
           job->settings.epochs);
  return LATHE_DONE;
}

static enum lathe_status train(struct job *job, struct lathe_error *err)
{
  char record[LATHE_PATH];
  if (!find_run(job, err))
    return LATHE_FAILED;
  if (job->resume.finished && job->settings.epochs == job->resume.epochs)
    return tell_finished(job, err);
  return prepare(job, record, err) ? work(job, err) : LATHE_FAILED;
}

enum lathe_status lathe_command_train(const struct lathe_call *call, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  enum lathe_status status = check_usage(call, err);
  if (status != LATHE_DONE)
    return status;
  struct job job = {
      .call = call,
      .settings = settings_of(call),
      .inputs = {options->data, options->labels, options->only, options->valid, options->labelled},
  };
  status = train(&job, err);
  job_free(&job);
  return status;
}
