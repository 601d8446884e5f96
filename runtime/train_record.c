#include "json.h"
#include "optimiser_state.h"
#include "schedule.h"
#include "settings.h"
#include "train_job.h"

/* Each time that the run has diverged, for its record. */
static json_t *divergences(const struct lathe_train_job *job)
{
  json_t *all = json_deep_copy(json_object_get(job->resume.record, "diverged"));
  if (!all)
    all = json_array();
  json_t *now = job->diverged ? lathe_divergence_json(&job->trainer.diverged) : NULL;
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
static json_t *details_json(const struct lathe_train_job *job, struct lathe_error *err)
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
  if (job->ended && job->outcome.em.notes[0] != '\0')
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

bool lathe_train_record(void *arg, struct lathe_error *err)
{
  struct lathe_train_job *job = arg;
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
  if (!lathe_run_write_model(run.folder, job->call->model, err))
    return false;
  json_t *details = details_json(job, err);
  return details && lathe_run_write(&run, job->call->model, details, false, err);
}
