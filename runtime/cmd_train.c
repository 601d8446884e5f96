/* train: epochs, then EM on the latent means, then an evaluation; all of it into a run folder. */
#include "aside.h"
#include "checkpoint.h"
#include "command.h"
#include "fit.h"
#include "json.h"
#include "optimiser_state.h"
#include "outcome.h"
#include "resident.h"
#include "resume.h"
#include "schedule.h"
#include "settings.h"
#include "stop.h"
#include "train_usage.h"
#include "training_data.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct job {
  const struct lathe_call *call;
  struct lathe_training settings;
  struct lathe_training_data data;
  struct lathe_resume resume;
  bool unfinished; /* the folder says that it is */
  bool ended;      /* all epochs are done that there will be */
  struct lathe_lock lock;
  struct lathe_session_size size;
  struct lathe_session session;
  struct lathe_progress progress;
  char record[LATHE_PATH]; /* of the epochs */
  struct lathe_trainer trainer;
  struct lathe_outcome outcome;
  struct lathe_aside opening, recording; /* open_session, write_record */
};

static void job_free(struct job *job)
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
  struct job *job = arg;
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

/* What the run's record says of the last time that it diverged, if that lies ahead; else NULL. */
static const json_t *divergence_ahead(const struct job *job)
{
  const json_t *all = json_object_get(job->resume.record, "diverged");
  const json_t *last = json_array_get(all, json_array_size(all) - 1);
  json_int_t noticed = json_integer_value(json_object_get(last, "noticed"));
  return noticed > job->trainer.steps ? last : NULL;
}

static void tell_divergence(const struct job *job)
{
  const json_t *last = divergence_ahead(job);
  double rate = json_number_value(json_object_get(last, "rate"));
  const char *words = json_string_value(json_object_get(last, "words"));
  if (!last)
    return;
  fprintf(stderr, "%s: this run diverged: %s; ", job->call->options.run, words ? words : "?");
  if (job->settings.rate == rate)
    fprintf(stderr, "it will again, unless that was the machine's fault: give a lower --lr\n");
  else
    fprintf(stderr, "it goes on with --lr %g instead of %g\n", job->settings.rate, rate);
}

/* Says where training goes on, and which checkpoints it could not go on from. */
static bool tell_resumed(const struct job *job, const struct lathe_checkpoint_found *found,
                         struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_trainer *trainer = &job->trainer;
  for (size_t at = 0, length; found->damaged[at] != '\0'; at += length + 1) {
    length = strcspn(found->damaged + at, "\n"); /* each line ends with one */
    fprintf(stderr, "%s: %.*s; the checkpoint before it is used\n", job->call->program, (int)length,
            found->damaged + at);
  }
  if (options->json)
    return lathe_json_line(
        json_pack("{s:s, s:o, s:i, s:I, s:I, s:o, s:O?}", "event", "resume", "run",
                  lathe_json_text(options->run), "epoch", trainer->done, "step",
                  (json_int_t)trainer->steps, "image", (json_int_t)trainer->images, "damaged",
                  lathe_json_text(found->damaged), "diverged", divergence_ahead(job)),
        err);
  tell_divergence(job);
  if (!options->quiet)
    printf("%s: going on after epoch %d, step %lld\n", options->run, trainer->done,
           (long long)trainer->steps);
  return true;
}

/* EM writes none: it takes seconds, and comes to the same bits when it begins again. */
static bool load_checkpoint(struct job *job, struct lathe_error *err)
{
  struct lathe_checkpoint_found found;
  return !job->resume.record || lathe_is_alone(job->call->model) ||
         (lathe_checkpoint_load(&job->trainer, &found, err) && tell_resumed(job, &found, err));
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
      lathe_fit_mixture(&job->session, &job->trainer.training, &job->data.labelled,
                        job->settings.seed, &job->outcome.em, watch_em, &job->progress, err);
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

/* Each time that the run has diverged, for its record. */
static json_t *divergences(const struct job *job)
{
  json_t *all = json_deep_copy(json_object_get(job->resume.record, "diverged"));
  if (!all)
    all = json_array();
  json_t *now =
      job->trainer.diverged.noticed > 0 ? lathe_divergence_json(&job->trainer.diverged) : NULL;
  if (!json_equal(now, json_array_get(all, json_array_size(all) - 1)))
    json_array_append(all, now); /* not the same again and again */
  json_decref(now);
  return all;
}

/* What the epochs came to, when they are done. */
static json_t *ending_json(const struct lathe_trainer *trainer)
{
  return json_pack("{s:i, s:i, s:f, s:i, s:b}", "epochs", trainer->done, "best_epoch",
                   trainer->best, "best_loss", trainer->best_loss, "kept_epoch", trainer->kept,
                   "stopped_early", trainer->done < trainer->settings.epochs);
}

/* What run.json says besides what made the model. */
static json_t *details_json(const struct job *job, struct lathe_error *err)
{
  const struct lathe_training *settings = &job->settings;
  json_t *details = lathe_training_data_json(&job->data, err);
  json_t *more =
      json_pack("{s:I, s:{s:i}}", "validation_images", (json_int_t)job->trainer.validation.count,
                "settings", "threads", lathe_pool_threads(job->session.pool));
  json_t *steps = lathe_is_alone(job->call->model)
                      ? json_object()
                      : json_pack("{s:i, s:s, s:f, s:s}", "epochs", settings->epochs, "optimiser",
                                  lathe_optimiser_name(settings->optimiser), "rate", settings->rate,
                                  "schedule", lathe_schedule_name(settings->schedule));
  if (!lathe_is_alone(job->call->model))
    lathe_settings_put(settings, steps);
  if (!lathe_is_alone(job->call->model) && job->ended)
    json_object_set_new(more, "training", ending_json(&job->trainer));
  json_object_update(json_object_get(more, "settings"), steps);
  json_decref(steps);
  if (job->outcome.em.notes[0] != '\0')
    json_object_set_new(more, "em_notes", json_string(job->outcome.em.notes));
  json_t *diverged = divergences(job);
  if (json_array_size(diverged) > 0)
    json_object_set(more, "diverged", diverged);
  json_decref(diverged);
  if (details && json_object_update(details, more) != 0) {
    lathe_fail(err, "not enough memory to note what the run is made from; free some memory");
    json_decref(details);
    details = NULL;
  }
  json_decref(more);
  return details;
}

/* From here on the folder says what is done in it. */
static bool write_record(void *arg, struct lathe_error *err)
{
  struct job *job = arg;
  struct lathe_run run = {
      .folder = job->call->options.run,
      .batch = job->settings.batch,
      .seed = job->settings.seed,
      .split = job->settings.split,
      .images = job->data.images.count,
      .checksum = lathe_dataset_checksum(&job->data.images),
      .training_images = job->trainer.training.count,
  };
  if (job->resume.finished && !job->unfinished && !lathe_run_unfinish(run.folder, err))
    return false;
  job->unfinished = true;
  json_t *details = details_json(job, err);
  return details && lathe_run_write(&run, job->call->model, details, false, err);
}

/* Notes in the folder, and says, what happened and how to go on. */
static void tell_diverged(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_divergence *diverged = &job->trainer.diverged;
  struct lathe_error what = *err, unnoted = {""};
  json_t *json = lathe_divergence_json(diverged);
  if (options->json && json && json_object_set_new(json, "event", json_string("diverged")) == 0)
    lathe_json_line(json_incref(json), NULL);
  json_decref(json);
  if (!lathe_aside_wait(&job->recording, &unnoted) || !write_record(job, &unnoted))
    fprintf(stderr, "%s\n", unnoted.text);
  if (diverged->kept > 0)
    lathe_fail(err,
               "%s; the checkpoint of step %lld is kept: go on from it with %s train --run %s "
               "--resume --lr %g, or set `clip` in the description",
               what.text, (long long)diverged->kept, job->call->program, options->run,
               diverged->rate / 10);
  else
    lathe_fail(err,
               "%s; no checkpoint was written before: begin again with %s train --run %s --resume "
               "--lr %g, or set `clip` in the description",
               what.text, job->call->program, options->run, diverged->rate / 10);
}

/* Early stopping ended the training before its last epoch. */
static bool tell_ended(const struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_trainer *trainer = &job->trainer;
  if (options->json)
    return lathe_json_line(json_pack("{s:s, s:i, s:i, s:f}", "event", "early_stopping", "epoch",
                                     trainer->done, "kept_epoch", trainer->kept, "loss",
                                     trainer->best_loss),
                           err);
  if (!options->quiet)
    printf("stopped early after epoch %d: no less loss by %g in %d epochs; keeping epoch %d\n",
           trainer->done, trainer->settings.stop_gain, trainer->settings.stop_patience,
           trainer->kept);
  return true;
}

static bool run_epochs(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_trainer *trainer = &job->trainer;
  if (lathe_is_alone(job->call->model)) {
    lathe_progress_start(&job->progress, lathe_progress_choose(options->quiet, options->json), 0, 0,
                         0);
    return true;
  }
  lathe_progress_start(&job->progress, lathe_progress_choose(options->quiet, options->json),
                       job->settings.epochs, trainer->training.count,
                       trainer->done * trainer->training.count + trainer->images);
  bool good = lathe_trainer_run(&job->trainer, err) && lathe_aside_wait(&job->recording, err);
  /* What EM, the measures and the pictures take is to come out of what the steps took. */
  lathe_state_end_training(&job->session.state, job->call->model);
  lathe_progress_stop(&job->progress);
  if (!good && trainer->diverged.noticed > 0)
    tell_diverged(job, err);
  if (good && !trainer->stopped && trainer->done < trainer->settings.epochs)
    good = tell_ended(job, err);
  return good;
}

static bool finish(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  job->ended = true; /* as run.json and the report then say, too */
  if (!write_record(job, err) || !lathe_outcome_write(&job->outcome, err) ||
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
static bool find_run(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  if (!options->resume || !lathe_run_exists(options->run))
    return lathe_run_check(options->run, options->force, err);
  return lathe_lock_take(&job->lock, options->run, err) &&
         lathe_resume_open(&job->resume, job->call, &job->settings, &job->data.inputs, err);
}

/* Reads the data while the session is opened and the weights are drawn. Both begin with a batch as
 * large as was asked for; where there are fewer images than that, the session is opened anew. */
static bool load(struct job *job, struct lathe_error *err)
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

/* The record of what the run is made from takes hashing the data, and a disk that has written it:
 * it is finished while training goes on, which waits for it before the first checkpoint. */
static bool prepare(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  if (!load(job, err) ||
      !(job->resume.record ? lathe_run_tidy(options->run, err)
                           : lathe_run_begin(options->run, options->force, &job->lock, err)) ||
      !load_checkpoint(job, err))
    return false;
  lathe_aside_start(&job->recording, write_record, job);
  return true;
}

/* How to go on: all that is needed is in the run folder. */
static enum lathe_status tell_stopped(const struct job *job, int number, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_trainer *trainer = &job->trainer;
  const char *name = number == SIGINT ? "SIGINT" : "SIGTERM";
  if (options->json)
    lathe_json_line(json_pack("{s:s, s:s, s:o, s:i, s:I}", "event", "stopped", "signal", name,
                              "run", lathe_json_text(options->run), "epoch", trainer->done, "step",
                              (json_int_t)trainer->steps),
                    NULL);
  if (lathe_is_alone(job->call->model))
    lathe_fail(err,
               "stopped by %s before EM had settled: %s train --run %s --resume fits it anew, to "
               "the same bits",
               name, job->call->program, options->run);
  else
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
    return lathe_status_of(lathe_json_line(
        json_pack("{s:s, s:o}", "event", "finished", "run", lathe_json_text(options->run)), err));
  if (!options->quiet && lathe_is_alone(job->call->model))
    printf("%s: finished already\n", options->run);
  else if (!options->quiet)
    printf("%s: finished already, with %d epochs; --epochs N trains on\n", options->run,
           job->settings.epochs);
  return LATHE_DONE;
}

static enum lathe_status train(struct job *job, struct lathe_error *err)
{
  if (!find_run(job, err))
    return LATHE_FAILED;
  if (job->resume.finished && job->settings.epochs == job->resume.epochs)
    return tell_finished(job, err);
  return prepare(job, err) ? work(job, err) : LATHE_FAILED;
}

enum lathe_status lathe_command_train(const struct lathe_call *call, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  enum lathe_status status = lathe_train_usage(call, err);
  if (status != LATHE_DONE)
    return status;
  struct job job = {
      .call = call,
      .settings = lathe_train_settings(call),
      .data.inputs = {options->data, options->labels, options->only, options->valid,
                      options->labelled},
  };
  status = train(&job, err);
  job_free(&job);
  return status;
}
