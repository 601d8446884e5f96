#include "trainer.h"
#include "allocate.h"
#include "clock.h"
#include "philox.h"
#include "schedule.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The means over the images of the losses of batches. */
static void add_loss(struct lathe_loss *mean, const struct lathe_loss *loss, int64_t before, int n)
{
  double share = (double)n / (double)(before + n);
  mean->reconstruction += (loss->reconstruction - mean->reconstruction) * share;
  mean->kl += (loss->kl - mean->kl) * share;
  mean->total += (loss->total - mean->total) * share;
}

static bool check_finite(const struct lathe_trainer *trainer, double loss, const char *what,
                         int epoch, struct lathe_error *err)
{
  if (isfinite(loss))
    return true;
  return lathe_fail(err,
                    "training diverged: the %s is %s at epoch %d, step %lld; try a learning rate "
                    "below %g with --lr",
                    what, isnan(loss) ? "NaN" : "infinite", epoch, (long long)trainer->steps,
                    trainer->settings.rate);
}

/* One pass over the training images, in the order of `order` (indices into the data set). */
static bool run_steps(struct lathe_trainer *trainer, const int64_t *order,
                      struct lathe_epoch *epoch, struct lathe_error *err)
{
  struct lathe_session *session = trainer->session;
  const struct lathe_model *model = session->model;
  const struct lathe_part *part = &trainer->training;
  double started = lathe_now();
  for (int64_t i = 0, n; i < part->count; i += n) {
    n = lathe_batch_size(session, i, part->count);
    trainer->steps++;
    lathe_dataset_gather(part->dataset, model, order, i, (int)n, session->images);
    lathe_random_normal(trainer->settings.seed, LATHE_RANDOM_NOISE, (uint64_t)trainer->steps, 0,
                        n * model->latent, session->noise);
    struct lathe_loss loss = model->train_step(&session->state, (int)n, session->images,
                                               session->noise, epoch->rate, trainer->steps);
    if (!check_finite(trainer, loss.total, "loss", epoch->epoch, err))
      return false;
    add_loss(&epoch->training, &loss, i, (int)n);
    epoch->images_per_second = (double)(i + n) / fmax(lathe_now() - started, 1e-9);
    lathe_progress_step(trainer->progress, epoch->epoch, i + n, epoch->training.total,
                        epoch->images_per_second);
  }
  return true;
}

static void print_loss(FILE *stream, const struct lathe_loss *loss, bool known)
{
  if (known)
    fprintf(stream, ",%.10g,%.10g,%.10g", loss->total, loss->reconstruction, loss->kl);
  else
    fprintf(stream, ",,,");
}

static bool record_failed(const struct lathe_trainer *trainer, struct lathe_error *err)
{
  return lathe_fail(err, "%s cannot be written: %s; free some space, or choose another --run",
                    trainer->record, strerror(errno));
}

static bool open_record(struct lathe_trainer *trainer, struct lathe_error *err)
{
  trainer->stream = fopen(trainer->record, "w");
  if (!trainer->stream)
    return record_failed(trainer, err);
  fprintf(trainer->stream, "epoch,train_loss,train_reconstruction,train_kl,valid_loss,"
                           "valid_reconstruction,valid_kl,rate,images_per_second,seconds\n");
  return fflush(trainer->stream) == 0 || record_failed(trainer, err);
}

/* A whole line reaches the file at once, so that it can be read while training goes on. */
static bool record_epoch(struct lathe_trainer *trainer, const struct lathe_epoch *epoch,
                         struct lathe_error *err)
{
  fprintf(trainer->stream, "%d", epoch->epoch);
  print_loss(trainer->stream, &epoch->training, true);
  print_loss(trainer->stream, &epoch->validation, epoch->validated);
  fprintf(trainer->stream, ",%.10g,%.6g,%.3f\n", epoch->rate, epoch->images_per_second,
          epoch->seconds);
  return fflush(trainer->stream) == 0 || record_failed(trainer, err);
}

static bool close_record(struct lathe_trainer *trainer, struct lathe_error *err)
{
  bool synced = fsync(fileno(trainer->stream)) == 0;
  bool closed = fclose(trainer->stream) == 0;
  trainer->stream = NULL;
  return (synced && closed) || record_failed(trainer, err);
}

/* A new order of the training images for each epoch. */
static void shuffle(const struct lathe_trainer *trainer, int epoch, int64_t *order)
{
  const struct lathe_part *part = &trainer->training;
  lathe_random_permutation(trainer->settings.seed, LATHE_RANDOM_SHUFFLE, (uint64_t)epoch,
                           part->count, order);
  for (int64_t i = 0; i < part->count && part->indices; i++)
    order[i] = part->indices[order[i]];
}

static bool run_epoch(struct lathe_trainer *trainer, int64_t *order, double started,
                      struct lathe_error *err)
{
  struct lathe_epoch *epoch = &trainer->epochs[trainer->done];
  *epoch = (struct lathe_epoch){
      .epoch = trainer->done + 1,
      .rate = lathe_learning_rate(&trainer->settings, trainer->done),
      .validated = trainer->validation.count > 0,
  };
  shuffle(trainer, epoch->epoch, order);
  if (!run_steps(trainer, order, epoch, err))
    return false;
  if (epoch->validated)
    epoch->validation =
        lathe_measure_loss(trainer->session, &trainer->validation, trainer->settings.seed);
  if (!check_finite(trainer, epoch->validation.total, "validation loss", epoch->epoch, err))
    return false;
  epoch->seconds = lathe_now() - started;
  trainer->done++;
  lathe_progress_epoch(trainer->progress, epoch);
  return record_epoch(trainer, epoch, err);
}

bool lathe_trainer_run(struct lathe_trainer *trainer, struct lathe_error *err)
{
  int epochs = trainer->settings.epochs;
  trainer->epochs =
      lathe_allocate(epochs, 1, sizeof *trainer->epochs, "the record of the epochs", err);
  int64_t *order =
      lathe_allocate(trainer->training.count, 1, sizeof *order, "the order of the images", err);
  bool good = trainer->epochs && order && open_record(trainer, err);
  if (good)
    lathe_state_initialise(&trainer->session->state, trainer->session->model,
                           trainer->settings.seed);
  double started = lathe_now();
  while (good && trainer->done < epochs)
    good = run_epoch(trainer, order, started, err);
  free(order);
  return good && close_record(trainer, err);
}

void lathe_trainer_free(struct lathe_trainer *trainer)
{
  if (trainer->stream)
    fclose(trainer->stream);
  free(trainer->epochs);
  trainer->stream = NULL;
  trainer->epochs = NULL;
  trainer->done = 0;
}
