#include "json.h"
#include "train_job.h"
#include "words.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* What the run's record says of the last time that it diverged, if that lies ahead; else NULL. */
static const json_t *divergence_ahead(const struct lathe_train_job *job)
{
  const json_t *all = json_object_get(job->resume.record, "diverged");
  const json_t *last = json_array_get(all, json_array_size(all) - 1);
  json_int_t noticed = json_integer_value(json_object_get(last, "noticed"));
  return noticed > job->trainer.steps ? last : NULL;
}

static void tell_divergence(const struct lathe_train_job *job)
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

bool lathe_train_tell_resumed(const struct lathe_train_job *job,
                              const struct lathe_checkpoint_found *found, struct lathe_error *err)
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

void lathe_train_tell_diverged(struct lathe_train_job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_divergence *diverged = &job->trainer.diverged;
  struct lathe_error what = *err, unnoted = {""};
  json_t *json = lathe_divergence_json(diverged);
  if (options->json && json && json_object_set_new(json, "event", json_string("diverged")) == 0)
    lathe_json_line(json_incref(json), NULL);
  json_decref(json);
  bool noted = lathe_aside_wait(&job->recording, &unnoted);
  job->diverged = true;
  if (!noted || !lathe_train_record(job, &unnoted))
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

bool lathe_train_tell_ended(const struct lathe_train_job *job, struct lathe_error *err)
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

bool lathe_train_tell_constant(const struct lathe_train_job *job,
                               const struct lathe_constant_inputs *constant,
                               struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  if (constant->count == 0 || job->resume.record)
    return true;
  if (options->json)
    return lathe_json_line(json_pack("{s:s, s:s, s:I, s:I, s:I}", "event", "constant_inputs", "of",
                                     constant->of, "count", (json_int_t)constant->count, "all",
                                     (json_int_t)constant->all, "first",
                                     (json_int_t)constant->first),
                           err);
  if (!options->quiet)
    printf("the same in all training %s, and not scaled: %lld of %lld %s, the first is %lld\n",
           lathe_input_words(job->call->model), (long long)constant->count,
           (long long)constant->all, constant->of, (long long)constant->first);
  return true;
}

enum lathe_status lathe_train_tell_stopped(const struct lathe_train_job *job, int number,
                                           struct lathe_error *err)
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

enum lathe_status lathe_train_tell_finished(const struct lathe_train_job *job,
                                            struct lathe_error *err)
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
