/* What the trainer gives each step and makes of what the steps give: a model that only takes notes
 * stands in for one that learns. And how a data set is divided for it. */
#include "folders.h"
#include "runtime/checkpoint.h"
#include "runtime/philox.h"
#include "runtime/stop.h"
#include "runtime/trainer.h"
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IMAGES = 22, PART = 11, BATCH = 4, EPOCHS = 3, LATENT = 2, STEPS = 3 * EPOCHS };

/* What each step was called with. An image is its own number. */
static struct {
  int n;
  int image[BATCH];
  lathe_real moved; /* by how much the first differs from its number */
  lathe_real noise[BATCH * LATENT];
  double rate;
  int64_t step;
  uint64_t seed; /* of what it draws */
} notes[STEPS + 1];
static int calls;
static int fails_at = -1; /* the call from which the loss is no number */
static int stops_at = -1; /* the call in which a signal comes */
static struct lathe_saving saving;

static struct lathe_loss loss_of(int n, const lathe_real *images)
{
  double sum = 0;
  for (int i = 0; i < n; i++)
    sum += (double)images[i] / n;
  return (struct lathe_loss){.reconstruction = 2 * sum, .kl = 3 * sum, .total = 5 * sum};
}

static struct lathe_loss train_step(struct lathe_state *state, int n, const lathe_real *images,
                                    const lathe_real *noise, double rate, int64_t step)
{
  notes[calls].seed = state->draw.seed;
  ck_assert(n > 0 && n <= BATCH && calls <= STEPS);
  notes[calls].n = n;
  for (int i = 0; i < n; i++)
    notes[calls].image[i] = (int)lround((double)images[i]);
  notes[calls].moved = images[0] - (lathe_real)notes[calls].image[0];
  memcpy(notes[calls].noise, noise, (size_t)(n * LATENT) * sizeof *noise);
  notes[calls].rate = rate;
  notes[calls].step = step;
  struct lathe_loss loss = loss_of(n, images);
  if (calls == stops_at)
    raise(SIGTERM);
  if (calls++ == fails_at)
    loss.total = NAN;
  return loss;
}

static struct lathe_loss evaluate(struct lathe_state *state, int n, const lathe_real *images,
                                  const lathe_real *noise)
{
  (void)state;
  (void)noise;
  return loss_of(n, images);
}

static const struct lathe_model model = {.name = "notes",
                                         .fingerprint = "0",
                                         .input_rank = 1,
                                         .input_shape = {1},
                                         .input_size = 1,
                                         .range = {0, 255},
                                         .latent = LATENT,
                                         .train_step = train_step,
                                         .evaluate = evaluate};

static unsigned char numbers[IMAGES];
static const struct lathe_dataset dataset = {.images = {LATHE_U8, 2, {IMAGES, 1}, IMAGES, numbers},
                                             .count = IMAGES};
/* Every other image is trained on; so few of the others validate that batches differ in size. */
static const int64_t training[PART] = {20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0};
static const int64_t validation[5] = {1, 3, 5, 7, 19};

static double blur; /* of training images */

static bool train(struct lathe_trainer *trainer, struct lathe_error *err)
{
  char folder[FOLDER_PATH], record[FOLDER_PATH + 8];
  struct lathe_session session;
  struct lathe_progress progress;
  const struct lathe_session_size size = {.batch = BATCH, .threads = 1, .training = true};
  new_folder(folder);
  snprintf(record, sizeof record, "%s/record", folder);
  for (int i = 0; i < IMAGES; i++)
    numbers[i] = (unsigned char)i;
  ck_assert(lathe_session_open(&session, &model, size, NULL));
  lathe_progress_start(&progress, &model, LATHE_PROGRESS_QUIET, EPOCHS, PART, 0);
  *trainer = (struct lathe_trainer){
      .session = &session,
      .settings = {.epochs = EPOCHS,
                   .seed = 7,
                   .rate = 0.5,
                   .schedule = LATHE_STEP,
                   .every = 2,
                   .gamma = 0.1,
                   .augment_noise = blur},
      .training = {&dataset, training, PART},
      .validation = {&dataset, validation, 5},
      .progress = &progress,
      .record = record,
      .saving = saving,
  };
  calls = 0;
  bool good = lathe_trainer_start(trainer, err) && lathe_trainer_run(trainer, err);
  lathe_session_close(&session);
  return good;
}

START_TEST(each_epoch_sees_each_image_once)
{
  struct lathe_trainer trainer;
  int orders[EPOCHS][PART];
  ck_assert(train(&trainer, NULL));
  ck_assert_int_eq(calls, STEPS);
  for (int epoch = 0; epoch < EPOCHS; epoch++) {
    int seen[IMAGES] = {0}, place = 0;
    for (int step = 0; step < 3; step++) {
      ck_assert_int_eq(notes[3 * epoch + step].n, step < 2 ? BATCH : PART - 2 * BATCH);
      for (int i = 0; i < notes[3 * epoch + step].n; i++) {
        orders[epoch][place++] = notes[3 * epoch + step].image[i];
        seen[notes[3 * epoch + step].image[i]]++;
      }
    }
    for (int i = 0; i < IMAGES; i++)
      ck_assert_int_eq(seen[i], i % 2 == 0);
    for (int other = 0; other < epoch; other++)
      ck_assert_mem_ne(orders[epoch], orders[other], sizeof orders[epoch]);
  }
  lathe_trainer_free(&trainer);
}
END_TEST

/* Training images are, those that validate are not. */
START_TEST(training_images_are_changed)
{
  struct lathe_trainer plain, blurred;
  ck_assert(train(&plain, NULL));
  blur = 0.4;
  ck_assert(train(&blurred, NULL));
  blur = 0;
  for (int i = 0; i < EPOCHS; i++) {
    double before = plain.epochs[i].training.total, after = blurred.epochs[i].training.total;
    ck_assert(before != after);
    ck_assert_double_eq_tol(before, after, 20);
    ck_assert(plain.epochs[i].validation.total == blurred.epochs[i].validation.total);
    ck_assert(i == 0 ||
              after - before != blurred.epochs[0].training.total - plain.epochs[0].training.total);
  }
  for (int a = 0; a < STEPS; a++) /* and each step's in ways of its own (0 is the range's end) */
    for (int b = 0; b < a; b++)
      ck_assert(notes[a].moved != notes[b].moved || notes[a].image[0] == 0 ||
                notes[b].image[0] == 0);
  lathe_trainer_free(&plain);
  lathe_trainer_free(&blurred);
}
END_TEST

START_TEST(each_step_has_its_noise_and_rate)
{
  struct lathe_trainer trainer;
  ck_assert(train(&trainer, NULL));
  for (int step = 0; step < STEPS; step++) {
    lathe_real noise[BATCH * LATENT];
    lathe_random_normal(7, LATHE_RANDOM_NOISE, (uint64_t)step + 1, 0, notes[step].n * LATENT,
                        noise);
    ck_assert_mem_eq(notes[step].noise, noise, (size_t)(notes[step].n * LATENT) * sizeof *noise);
    ck_assert_int_eq(notes[step].step, step + 1);
    ck_assert_uint_eq(notes[step].seed, 7);
    ck_assert_double_eq_tol(notes[step].rate, step < 6 ? 0.5 : 0.05, 1e-15);
  }
  ck_assert_int_eq(trainer.steps, STEPS);
  lathe_trainer_free(&trainer);
}
END_TEST

/* Means over images, whatever batches they came in. */
START_TEST(losses_are_means_over_images)
{
  struct lathe_trainer trainer;
  ck_assert(train(&trainer, NULL));
  ck_assert_int_eq(trainer.done, EPOCHS);
  for (int i = 0; i < EPOCHS; i++) {
    const struct lathe_epoch *epoch = &trainer.epochs[i];
    ck_assert_int_eq(epoch->epoch, i + 1);
    ck_assert_double_eq_tol(epoch->training.reconstruction, 2 * 10, 1e-12);
    ck_assert_double_eq_tol(epoch->training.kl, 3 * 10, 1e-12);
    ck_assert_double_eq_tol(epoch->training.total, 5 * 10, 1e-12);
    ck_assert(epoch->validated);
    ck_assert_double_eq_tol(epoch->validation.reconstruction, 2 * 7, 1e-12);
    ck_assert_double_eq_tol(epoch->validation.kl, 3 * 7, 1e-12);
    ck_assert_double_eq_tol(epoch->validation.total, 5 * 7, 1e-12);
  }
  lathe_trainer_free(&trainer);
}
END_TEST

START_TEST(divergence_is_named)
{
  struct lathe_trainer trainer;
  struct lathe_error err = {""};
  fails_at = 4;
  ck_assert(!train(&trainer, &err));
  ck_assert_int_eq(calls, 10); /* the five again */
  ck_assert_msg(strstr(err.text, "the loss is NaN after step 5; when the steps after 0 were done "
                                 "again it did not come about") != NULL,
                "%s", err.text);
  ck_assert_int_eq(trainer.diverged.noticed, 5);
  ck_assert(trainer.diverged.searched && !trainer.diverged.found);
  lathe_trainer_free(&trainer);
}
END_TEST

/* ---- Checkpoints ---- */

/* Each epoch validates as well as the first, so that one is the best, and stays. */
static int64_t newest(const char *folder)
{
  int64_t steps;
  struct lathe_error err;
  ck_assert_msg(lathe_checkpoint_newest(folder, &steps, &err), "%s", err.text);
  return steps;
}

START_TEST(the_best_epoch_and_the_newest_stay)
{
  char folder[FOLDER_PATH], path[FOLDER_PATH + 64];
  struct lathe_trainer trainer;
  new_folder(folder);
  for (int keep = 1; keep <= 2; keep++) {
    saving = (struct lathe_saving){.folder = folder, .epochs = 1, .keep = keep};
    ck_assert(train(&trainer, NULL));
    ck_assert_int_eq(trainer.best, 1);
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
      snprintf(path, sizeof path, "%s/checkpoints/step-%09d.safetensors", folder, 3 * epoch);
      ck_assert_int_eq(access(path, F_OK) == 0, epoch == 1 || epoch > EPOCHS - keep);
    }
    ck_assert_int_eq(newest(folder), STEPS);
    lathe_trainer_free(&trainer);
    ck_assert(lathe_checkpoints_remove(folder, NULL));
  }
}
END_TEST

/* The step that a signal comes in is finished, saved, and the last. */
START_TEST(a_signal_stops_it_after_the_step)
{
  char folder[FOLDER_PATH];
  struct lathe_trainer trainer;
  new_folder(folder);
  saving = (struct lathe_saving){.folder = folder, .epochs = 100, .keep = 1};
  stops_at = _i;
  lathe_stop_watch();
  ck_assert(train(&trainer, NULL));
  ck_assert_int_eq(trainer.stopped, SIGTERM);
  ck_assert_int_eq(calls, stops_at + 1);
  ck_assert_int_eq(trainer.steps, calls);
  ck_assert_int_eq(newest(folder), calls);
  lathe_trainer_free(&trainer);
  ck_assert(lathe_checkpoints_remove(folder, NULL));
}
END_TEST

/* ---- The division of a data set ---- */

static const struct {
  int64_t count;
  double fraction;
  int64_t training;
} SPLITS[] = {
    {IMAGES, 0.8, 18}, {IMAGES, 0.5, 11}, {IMAGES, 0.01, 1}, {IMAGES, 1, IMAGES}, {3, 0.5, 2}};
enum { SPLIT_COUNT = sizeof SPLITS / sizeof *SPLITS };

START_TEST(split_gives_each_image_to_one_part)
{
  struct lathe_split split;
  int64_t count = SPLITS[_i].count;
  ck_assert(lathe_split_new(&split, count, SPLITS[_i].fraction, 1, NULL));
  const struct lathe_part parts[] = {lathe_split_training(&split, &dataset),
                                     lathe_split_validation(&split, &dataset)};
  ck_assert_int_eq(parts[0].count, SPLITS[_i].training);
  ck_assert_int_eq(parts[0].count + parts[1].count, count);
  int seen[IMAGES] = {0};
  for (int p = 0; p < 2; p++)
    for (int64_t i = 0; i < parts[p].count; i++)
      seen[parts[p].indices[i]]++;
  for (int i = 0; i < IMAGES; i++)
    ck_assert_int_eq(seen[i], i < count);
  lathe_split_free(&split);
}
END_TEST

START_TEST(split_goes_by_its_seed)
{
  struct lathe_split a, b, other;
  ck_assert(lathe_split_new(&a, IMAGES, 0.8, 1, NULL));
  ck_assert(lathe_split_new(&b, IMAGES, 0.8, 1, NULL));
  ck_assert(lathe_split_new(&other, IMAGES, 0.8, 2, NULL));
  ck_assert_mem_eq(a.order, b.order, IMAGES * sizeof *a.order);
  ck_assert_mem_ne(a.order, other.order, IMAGES * sizeof *a.order);
  lathe_split_free(&a);
  lathe_split_free(&b);
  lathe_split_free(&other);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("trainer");
  TCase *tests = tcase_create("trainer");
  tcase_add_test(tests, each_epoch_sees_each_image_once);
  tcase_add_test(tests, training_images_are_changed);
  tcase_add_test(tests, each_step_has_its_noise_and_rate);
  tcase_add_test(tests, losses_are_means_over_images);
  tcase_add_test(tests, divergence_is_named);
  tcase_add_test(tests, the_best_epoch_and_the_newest_stay);
  tcase_add_loop_test(tests, a_signal_stops_it_after_the_step, 0, STEPS);
  tcase_add_loop_test(tests, split_gives_each_image_to_one_part, 0, SPLIT_COUNT);
  tcase_add_test(tests, split_goes_by_its_seed);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
