#include "allocate.h"
#include "augment.h"
#include "checkpoint.h"
#include "clock.h"
#include "finite.h"
#include "output.h"
#include "philox.h"
#include "stop.h"
#include "trainer_parts.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one call of lathe_trainer_run works with. */
struct running {
  struct lathe_trainer *trainer;
  int64_t *order;        /* of the epoch's images */
  double started, saved; /* lathe_now; the first as if all sessions had been one */
};

/* The means over the images of the losses of batches; what is counted is summed. */
static void add_loss(struct lathe_loss *mean, const struct lathe_loss *loss, int64_t before, int n)
{
  double share = (double)n / (double)(before + n);
  mean->reconstruction += (loss->reconstruction - mean->reconstruction) * share;
  mean->kl += (loss->kl - mean->kl) * share;
  mean->total += (loss->total - mean->total) * share;
  mean->clamped += loss->clamped;
}

/* Stops a training in which something is no number any more; says where that began. */
static bool diverge(struct lathe_trainer *trainer, const char *sign, struct lathe_error *err)
{
  char words[LATHE_DIVERGENCE_WORDS];
  trainer->diverged = (struct lathe_divergence){.noticed = trainer->steps, .sign = sign};
  lathe_progress_divergence(trainer->progress, sign, trainer->steps);
  lathe_checkpoint_wait(trainer, NULL); /* from the newest it is looked for */
  lathe_divergence_find(trainer);
  lathe_divergence_words(&trainer->diverged, words);
  return lathe_fail(err, "training diverged: %s", words);
}

static bool check_loss(struct lathe_trainer *trainer, double loss, bool validation,
                       struct lathe_error *err)
{
  if (isfinite(loss))
    return true;
  if (!validation)
    return diverge(trainer, isnan(loss) ? "the loss is NaN" : "the loss is infinite", err);
  if (!lathe_state_finite(&trainer->session->state, trainer->session->model))
    return diverge(trainer, "the validation loss is not finite", err);
  /* No step did it: the weights are too large for one of these images alone. */
  int64_t kept = -1;
  if (trainer->saving.folder && (!lathe_checkpoint_wait(trainer, err) ||
                                 !lathe_checkpoint_newest(trainer->saving.folder, &kept, err)))
    return false;
  trainer->diverged = (struct lathe_divergence){
      .noticed = trainer->steps,
      .sign = "the validation loss is not finite, though all weights are,",
      .rate = trainer->settings.rate,
      .kept = kept,
      .image = -1,
  };
  return lathe_fail(err, "training diverged: %s after step %lld", trainer->diverged.sign,
                    (long long)trainer->steps);
}

/* All that a checkpoint would hold. */
static bool check_state(struct lathe_trainer *trainer, struct lathe_error *err)
{
  return lathe_state_finite(&trainer->session->state, trainer->session->model) ||
         diverge(trainer, "a weight or the optimiser's state is not finite", err);
}

static bool save(struct running *running, struct lathe_error *err)
{
  struct lathe_trainer *trainer = running->trainer;
  const struct lathe_saving *saving = &trainer->saving;
  trainer->seconds = lathe_now() - running->started;
  if (!check_state(trainer, err))
    return false;
  bool good = !saving->folder || ((!saving->first || saving->first(saving->arg, err)) &&
                                  lathe_checkpoint_save(trainer, err));
  running->saved = lathe_now(); /* from its end: a slow disk is not written to all the time */
  return good;
}

struct lathe_loss lathe_trainer_step(struct lathe_trainer *trainer, const int64_t *order, int n,
                                     double rate)
{
  struct lathe_session *session = trainer->session;
  const struct lathe_model *model = session->model;
  session->state.kl_weight = lathe_trainer_kl_weight(trainer, trainer->steps);
  trainer->steps++;
  session->state.draw.seed = trainer->settings.seed;
  bool augmented =
      lathe_augments(&trainer->settings); /* then they go through a buffer free by now */
  lathe_dataset_gather_on(session->pool, trainer->training.dataset, model, order, trainer->images,
                          n, augmented ? session->decoded : session->images);
  if (augmented)
    lathe_augment(model, &trainer->settings, trainer->steps, n, session->decoded, session->images,
                  session->pool);
  if (lathe_has_prior(model))
    lathe_random_normal(trainer->settings.seed, LATHE_RANDOM_NOISE, (uint64_t)trainer->steps, 0,
                        (int64_t)n * model->latent, session->noise);
  return model->train_step(&session->state, n, session->images, session->noise, rate,
                           trainer->steps);
}

double lathe_trainer_rate(const struct lathe_trainer *trainer, int64_t steps)
{
  return lathe_course_rate(&trainer->course, &trainer->settings, steps);
}

int64_t lathe_trainer_steps_an_epoch(const struct lathe_trainer *trainer)
{
  int64_t batch = trainer->session->state.capacity;
  return (trainer->training.count + batch - 1) / batch;
}

double lathe_trainer_kl_weight(const struct lathe_trainer *trainer, int64_t steps)
{
  return trainer->session->model->kl_weight * lathe_kl_share(&trainer->settings, trainer->done,
                                                             steps,
                                                             lathe_trainer_steps_an_epoch(trainer));
}

/* The loss, and in turn one share of what the step has changed. */
static bool check_step(struct lathe_trainer *trainer, const struct lathe_loss *loss,
                       struct lathe_error *err)
{
  const struct lathe_session *session = trainer->session;
  return check_loss(trainer, loss->total, false, err) &&
         (lathe_share_finite(&session->state, session->model, trainer->steps) ||
          diverge(trainer, "a weight or the optimiser's state is not finite", err));
}

/* The rest of one pass over the training images, in the order of `order` (indices into the data
 * set). Ends early, with trainer->stopped set, after a signal. */
static bool run_steps(struct running *running, struct lathe_epoch *epoch, struct lathe_error *err)
{
  struct lathe_trainer *trainer = running->trainer;
  const struct lathe_saving *saving = &trainer->saving;
  int64_t count = trainer->training.count, before = trainer->images;
  double started = lathe_now();
  while (trainer->images < count && !trainer->stopped) {
    int n = lathe_batch_size(trainer->session, trainer->images, count);
    epoch->rate = lathe_trainer_rate(trainer, trainer->steps);
    struct lathe_loss loss = lathe_trainer_step(trainer, running->order, n, epoch->rate);
    epoch->kl_weight = trainer->session->state.kl_weight;
    if (!check_step(trainer, &loss, err))
      return false;
    add_loss(&trainer->loss, &loss, trainer->images, n);
    trainer->images += n;
    double now = lathe_now();
    epoch->images_per_second = (double)(trainer->images - before) / fmax(now - started, 1e-9);
    lathe_progress_step(trainer->progress, epoch->epoch, trainer->images, &trainer->loss,
                        epoch->images_per_second);
    trainer->stopped = lathe_stop_signal();
    bool due = saving->seconds > 0 && now - running->saved >= saving->seconds;
    if ((due || trainer->stopped) && !save(running, err))
      return false;
  }
  epoch->training = trainer->loss;
  return true;
}

/* A whole line reaches the file at once, so that it can be read while training goes on. */
static bool record_epoch(struct lathe_trainer *trainer, struct lathe_epoch *epoch,
                         struct lathe_error *err)
{
  FILE *stream = lathe_output_stream(trainer->growing);
  fprintf(stream, "%d", epoch->epoch);
  for (int i = 0; i < LATHE_EPOCH_FIELDS; i++) {
    putc(',', stream);
    if (lathe_epoch_known(epoch, i))
      fprintf(stream, lathe_epoch_format(i), *lathe_epoch_value(epoch, i));
  }
  putc('\n', stream);
  return lathe_output_flush(trainer->growing, err);
}

/* The file is written anew with the epochs that are done: one that was killed may have written more
 * than the checkpoint knows. */
static bool open_record(struct lathe_trainer *trainer, struct lathe_error *err)
{
  trainer->growing = lathe_output_open_growing(trainer->record, err);
  if (!trainer->growing)
    return false;
  FILE *stream = lathe_output_stream(trainer->growing);
  fprintf(stream, "epoch");
  for (int i = 0; i < LATHE_EPOCH_FIELDS; i++)
    fprintf(stream, ",%s", lathe_epoch_name(i));
  putc('\n', stream);
  bool good = lathe_output_flush(trainer->growing, err);
  for (int i = 0; good && i < trainer->done; i++)
    good = record_epoch(trainer, &trainer->epochs[i], err);
  return good;
}

static bool close_record(struct lathe_trainer *trainer, struct lathe_error *err)
{
  struct lathe_output *growing = trainer->growing;
  trainer->growing = NULL;
  return lathe_output_commit(growing, err);
}

/* A new order of the training images for each epoch. */
void lathe_trainer_order(const struct lathe_trainer *trainer, int epoch, int64_t *order)
{
  const struct lathe_part *part = &trainer->training;
  lathe_random_permutation(trainer->settings.seed, LATHE_RANDOM_SHUFFLE, (uint64_t)epoch,
                           part->count, order);
  for (int64_t i = 0; i < part->count && part->indices; i++)
    order[i] = part->indices[order[i]];
}

/* By which epochs are compared. */
static double loss_of(const struct lathe_epoch *epoch)
{
  return epoch->validated ? epoch->validation.total : epoch->training.total;
}

void lathe_trainer_find_course(struct lathe_trainer *trainer)
{
  trainer->course = lathe_course_start(&trainer->settings);
  for (int i = 0; i < trainer->done; i++)
    lathe_course_add(&trainer->course, &trainer->settings, loss_of(&trainer->epochs[i]));
}

static bool ended(const struct lathe_trainer *trainer)
{
  return trainer->done >= trainer->settings.epochs ||
         lathe_course_ended(&trainer->course, &trainer->settings);
}

static void end_epoch(struct lathe_trainer *trainer, const struct lathe_epoch *epoch)
{
  double loss = loss_of(epoch);
  trainer->done++;
  lathe_course_add(&trainer->course, &trainer->settings, loss);
  trainer->images = 0;
  trainer->loss = (struct lathe_loss){0};
  if (trainer->best > 0 && !(loss < trainer->best_loss))
    return;
  trainer->best = trainer->done;
  trainer->best_steps = trainer->steps;
  trainer->best_loss = loss;
}

static bool run_epoch(struct running *running, struct lathe_error *err)
{
  struct lathe_trainer *trainer = running->trainer;
  struct lathe_epoch *epoch = &trainer->epochs[trainer->done];
  int64_t last = trainer->steps - (trainer->images > 0);
  *epoch = (struct lathe_epoch){
      .epoch = trainer->done + 1,
      .rate = lathe_trainer_rate(trainer, last),
      .kl_weight = lathe_trainer_kl_weight(trainer, last),
      .validated = trainer->validation.count > 0,
      .divergence = lathe_has_prior(trainer->session->model),
  };
  lathe_trainer_order(trainer, epoch->epoch, running->order);
  if (!run_steps(running, epoch, err))
    return false;
  if (trainer->stopped)
    return true;
  if (epoch->validated)
    epoch->validation =
        lathe_measure_loss(trainer->session, &trainer->validation, trainer->settings.seed);
  if (!check_loss(trainer, epoch->validation.total, true, err) || !check_state(trainer, err))
    return false;
  epoch->seconds = lathe_now() - running->started;
  end_epoch(trainer, epoch);
  lathe_progress_epoch(trainer->progress, epoch);
  trainer->stopped = lathe_stop_signal();
  bool best = trainer->settings.stop_patience > 0 && trainer->best == trainer->done;
  bool due = trainer->saving.epochs > 0 && trainer->done % trainer->saving.epochs == 0;
  return record_epoch(trainer, epoch, err) &&
         ((!due && !best && !ended(trainer) && !trainer->stopped) || save(running, err));
}

bool lathe_trainer_start(struct lathe_trainer *trainer, struct lathe_error *err)
{
  if (lathe_is_alone(trainer->session->model))
    return true;
  trainer->epochs = lathe_allocate(trainer->settings.epochs, 1, sizeof *trainer->epochs,
                                   "the record of the epochs", err);
  if (!trainer->epochs)
    return false;
  lathe_state_initialise(&trainer->session->state, trainer->session->model, trainer->settings.seed);
  return true;
}

/* With early stopping, what is left of a training is its best epoch. */
static bool keep_best(struct lathe_trainer *trainer, struct lathe_error *err)
{
  trainer->kept = trainer->done;
  trainer->kept_steps = trainer->steps;
  if (trainer->settings.stop_patience == 0 || !trainer->saving.folder || trainer->best == 0 ||
      trainer->best == trainer->done)
    return true;
  trainer->kept = trainer->best;
  trainer->kept_steps = trainer->best_steps;
  return lathe_checkpoint_load_weights(trainer, trainer->best_steps, err);
}

bool lathe_trainer_run(struct lathe_trainer *trainer, struct lathe_error *err)
{
  double now = lathe_now();
  struct running running = {
      .trainer = trainer,
      .order = lathe_allocate(trainer->training.count, 1, sizeof *running.order,
                              "the order of the images", err),
      .started = now - trainer->seconds,
      .saved = now,
  };
  bool good = running.order && open_record(trainer, err);
  lathe_trainer_find_course(trainer);
  while (good && !trainer->stopped && !ended(trainer))
    good = run_epoch(&running, err);
  free(running.order);
  if (!lathe_checkpoint_wait(trainer, good ? err : NULL))
    good = false;
  if (good && !trainer->stopped)
    good = keep_best(trainer, err);
  return good && close_record(trainer, err);
}

void lathe_trainer_free(struct lathe_trainer *trainer)
{
  lathe_checkpoint_wait(trainer, NULL);
  lathe_output_discard(trainer->growing);
  free(trainer->epochs);
  trainer->growing = NULL;
  trainer->epochs = NULL;
  trainer->done = 0;
}
