/* train: epochs, then EM on the latent means, then an evaluation; all of it into a run folder. */
#include "fit.h"
#include "json.h"
#include "normalise.h"
#include "resident.h"
#include "stop.h"
#include "train_job.h"
#include "train_usage.h"
#include <stdio.h>

static void job_free(struct lathe_train_job *job)
{
  lathe_aside_wait(&job->opening, NULL);
  lathe_aside_wait(&job->recording, NULL);
  lathe_outcome_free(&job->outcome);
  lathe_trainer_free(&job->trainer);
  lathe_session_close(&job->session);
  lathe_training_data_free(&job->data);
  lathe_resume_close(&job->resume);
  lathe_lock_release(&job->lock);
}

static bool wait_for_record(void *arg, struct lathe_error *err)
{
  return lathe_aside_wait(arg, err);
}

/* All that training needs besides the data. */
static bool open_session(void *arg, struct lathe_error *err)
{
  struct lathe_train_job *job = arg;
  const struct lathe_options *options = &job->call->options;
  job->trainer = (struct lathe_trainer){
      .session = &job->session,
      .settings = job->settings,
      .progress = &job->progress,
      .record = job->record,
      .saving = {.folder = options->run,
                 .epochs = (int)options->save_epochs,
                 .seconds = 60 * options->save_minutes,
                 .keep = (int)options->keep,
                 .first = wait_for_record,
                 .arg = &job->recording},
  };
  return lathe_run_path(options->run, LATHE_RUN_EPOCHS, job->record, err) &&
         lathe_session_open(&job->session, job->call->model, job->size, err) &&
         lathe_trainer_start(&job->trainer, err);
}

/* EM writes none: it takes seconds, and comes to the same bits when it begins again. */
static bool load_checkpoint(struct lathe_train_job *job, struct lathe_error *err)
{
  struct lathe_checkpoint_found found;
  return !job->resume.record || lathe_is_alone(job->call->model) ||
         (lathe_checkpoint_load(&job->trainer, &found, err) &&
          lathe_train_tell_resumed(job, &found, err));
}

/* A signal ends EM after an iteration. */
static bool watch_em(void *arg, const struct lathe_em_report *report,
                     const struct lathe_mixture *mixture)
{
  lathe_progress_em(arg, report, mixture);
  return lathe_stop_signal() == 0;
}

/* EM on the latent means of the training images, started from, or named by, the labelled ones. */
static bool fit_mixture(struct lathe_train_job *job, struct lathe_error *err)
{
  bool good =
      lathe_fit_mixture(&job->session, &job->trainer.training, &job->data.labelled,
                        job->settings.seed, &job->outcome.em, watch_em, &job->progress, err);
  bool stopped = lathe_stop_signal() != 0;
  if (good && !stopped)
    lathe_progress_em_done(&job->progress, &job->outcome.em, &job->session.mixture);
  lathe_progress_stop(&job->progress);
  return good || stopped;
}

static bool evaluate(struct lathe_train_job *job, struct lathe_error *err)
{
  struct lathe_session *session = &job->session;
  struct lathe_outcome *outcome = &job->outcome;
  uint64_t seed = job->settings.seed;
  struct lathe_part labelled = lathe_part_all(&job->data.labelled);
  const struct lathe_part *training = &job->trainer.training;
  const struct lathe_part *validation = &job->trainer.validation;
  outcome->folder = job->call->options.run;
  outcome->session = session;
  outcome->trainer = &job->trainer;
  outcome->labelled_part = labelled;
  return lathe_evaluate(&outcome->training, session, training, seed, err) &&
         (validation->count == 0 ||
          lathe_evaluate(&outcome->validation, session, validation, seed, err)) &&
         (labelled.count == 0 ||
          lathe_evaluate(&outcome->labelled, session, &labelled, seed, err)) &&
         lathe_clusters_new(&outcome->clusters, &session->mixture, training->count,
                            outcome->training.means, NULL, seed, err);
}

static bool run_epochs(struct lathe_train_job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_trainer *trainer = &job->trainer;
  if (lathe_is_alone(job->call->model)) {
    lathe_progress_start(&job->progress, job->call->model,
                         lathe_progress_choose(options->quiet, options->json), 0, 0, 0);
    return true;
  }
  lathe_progress_start(&job->progress, job->call->model,
                       lathe_progress_choose(options->quiet, options->json), job->settings.epochs,
                       trainer->training.count,
                       trainer->done * trainer->training.count + trainer->images);
  bool good = lathe_trainer_run(&job->trainer, err) && lathe_aside_wait(&job->recording, err);
  /* What EM, the measures and the pictures take is to come out of what the steps took. */
  lathe_state_end_training(&job->session.state, job->call->model);
  lathe_progress_stop(&job->progress);
  if (!good && trainer->diverged.noticed > 0)
    lathe_train_tell_diverged(job, err);
  if (good && !trainer->stopped && trainer->done < trainer->settings.epochs)
    good = lathe_train_tell_ended(job, err);
  return good;
}

static bool finish(struct lathe_train_job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  if (!lathe_aside_wait(&job->recording,
                        err)) /* of a mixture alone: its record, too, comes first */
    return false;
  job->ended = true; /* as run.json and the report then say, too */
  if (!lathe_train_record(job, err) || !lathe_outcome_write(&job->outcome, err) ||
      !lathe_run_finish(options->run, err))
    return false;
  if (options->json)
    return lathe_json_line(json_pack("{s:s, s:o, s:o}", "event", "done", "run",
                                     lathe_json_text(options->run), "metrics",
                                     lathe_outcome_json(&job->outcome)),
                           err);
  if (!options->quiet)
    lathe_outcome_print(&job->outcome);
  return true;
}

/* Locks the folder and finds in it what is to be gone on with, if anything. */
static bool find_run(struct lathe_train_job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  if (!options->resume || !lathe_run_exists(options->run))
    return lathe_run_check(options->run, options->force, err);
  return lathe_lock_take(&job->lock, options->run, err) &&
         lathe_resume_open(&job->resume, job->call, &job->settings, &job->data.inputs, err);
}

/* Reads the data while the session is opened and the weights are drawn. Both begin with a batch as
 * large as was asked for; where there are fewer images than that, the session is opened anew. */
static bool load(struct lathe_train_job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  job->size = (struct lathe_session_size){job->settings.batch, (int)options->threads, true};
  lathe_aside_start(&job->opening, open_session, job);
  if (!lathe_training_data_load(&job->data, job->call->model, &job->settings, &job->resume, err))
    return false;
  lathe_resident_trim(); /* reading the files has left its buffers */
  bool opened = lathe_aside_wait(&job->opening, err);
  if (job->data.images.count < job->size.batch) {
    lathe_trainer_free(&job->trainer);
    lathe_session_close(&job->session);
    job->size.batch = (int)job->data.images.count;
    opened = open_session(job, err);
  }
  job->trainer.training = lathe_training_data_part(&job->data);
  job->trainer.validation = lathe_validation_data_part(&job->data);
  return opened;
}

/* Where a run goes on from a checkpoint, that has the numbers already. */
static bool normalise(struct lathe_train_job *job, struct lathe_error *err)
{
  struct lathe_constant_inputs constant;
  return lathe_normalise_fit(job->call->model, &job->trainer.training, &job->session.state,
                             &constant, err) &&
         lathe_train_tell_constant(job, &constant, err);
}

/* The record of what the run is made from takes hashing the data, and a disk that has written it:
 * it is finished while training goes on, which waits for it before the first checkpoint. */
static bool prepare(struct lathe_train_job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  if (!load(job, err) ||
      !(job->resume.record ? lathe_run_tidy(options->run, err)
                           : lathe_run_begin(options->run, options->force, &job->lock, err)) ||
      !normalise(job, err) || !load_checkpoint(job, err))
    return false;
  lathe_aside_start(&job->recording, lathe_train_record, job);
  return true;
}

/* A stage after another, until the end or a signal. */
static enum lathe_status work(struct lathe_train_job *job, struct lathe_error *err)
{
  static bool (*const stages[])(struct lathe_train_job *,
                                struct lathe_error *) = {run_epochs, fit_mixture, evaluate, finish};
  lathe_stop_watch();
  for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
    if (!stages[i](job, err))
      return LATHE_FAILED;
    if (lathe_stop_signal() && i + 1 < sizeof stages / sizeof stages[0])
      return lathe_train_tell_stopped(job, lathe_stop_signal(), err);
  }
  return LATHE_DONE;
}

static enum lathe_status train(struct lathe_train_job *job, struct lathe_error *err)
{
  if (!find_run(job, err))
    return LATHE_FAILED;
  if (job->resume.finished && job->settings.epochs == job->resume.epochs)
    return lathe_train_tell_finished(job, err);
  return prepare(job, err) ? work(job, err) : LATHE_FAILED;
}

enum lathe_status lathe_command_train(const struct lathe_call *call, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  enum lathe_status status = lathe_train_usage(call, err);
  if (status != LATHE_DONE)
    return status;
  struct lathe_train_job job = {
      .call = call,
      .settings = lathe_train_settings(call),
      .data.inputs = {options->data, options->labels, options->only, options->valid,
                      options->labelled, options->label_column},
  };
  status = train(&job, err);
  job_free(&job);
  return status;
}
