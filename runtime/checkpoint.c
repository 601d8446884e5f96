#include "checkpoint.h"
#include "checkpoint_files.h"
#include "optimiser_state.h"
#include "output.h"
#include "safetensors.h"
#include "tensor_check.h"
#include "trainer_parts.h"
#include "weights.h"
#include "weights_file.h"
#include <errno.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The formats, oldest first, each with what the names of its new numbers contain. Of an older
 * checkpoint such numbers are 0, but the weight of the divergence, which was what it is. */
static const char format_key[] = "checkpoint";
static const struct {
  const char *version, *added;
} formats[] = {{"1", NULL}, {"2", "clamped"}, {"3", ".kl_weight"}};
enum { FORMATS = sizeof formats / sizeof *formats, NEWEST = FORMATS - 1 };

/* Where training stands, number by number. */
enum { EPOCH, STEP, IMAGE, BEST_EPOCH, BEST_STEP, SEED, WHOLE };
enum { LOSS, RECONSTRUCTION, KL, CLAMPED, BEST_LOSS, SECONDS, REAL };

static const char *const whole_names[WHOLE] = {
    [EPOCH] = "training.epoch",         [STEP] = "training.step",
    [IMAGE] = "training.image",         [BEST_EPOCH] = "training.best_epoch",
    [BEST_STEP] = "training.best_step", [SEED] = "training.seed",
};

static const char *const real_names[REAL] = {
    [LOSS] = "training.loss",
    [RECONSTRUCTION] = "training.reconstruction",
    [KL] = "training.kl",
    [CLAMPED] = "training.clamped",
    [BEST_LOSS] = "training.best_loss",
    [SECONDS] = "training.seconds",
};

struct standing {
  int64_t whole[WHOLE];
  double real[REAL];
};

static struct standing standing_of(const struct lathe_trainer *trainer)
{
  return (struct standing){
      .whole =
          {
              [EPOCH] = trainer->done,
              [STEP] = trainer->steps,
              [IMAGE] = trainer->images,
              [BEST_EPOCH] = trainer->best,
              [BEST_STEP] = trainer->best_steps,
              [SEED] = (int64_t)trainer->settings.seed,
          },
      .real =
          {
              [LOSS] = trainer->loss.total,
              [RECONSTRUCTION] = trainer->loss.reconstruction,
              [KL] = trainer->loss.kl,
              [CLAMPED] = trainer->loss.clamped,
              [BEST_LOSS] = trainer->best_loss,
              [SECONDS] = trainer->seconds,
          },
  };
}

static void series_name(int field, char name[LATHE_TENSOR_NAME])
{
  snprintf(name, LATHE_TENSOR_NAME, "training.epochs.%s", lathe_epoch_name(field));
}

static bool export_standing(struct lathe_tensors *out, const struct lathe_trainer *trainer,
                            struct lathe_error *err)
{
  struct standing standing = standing_of(trainer);
  char name[LATHE_TENSOR_NAME];
  void *to;
  for (int i = 0; i < WHOLE; i++) {
    if (!(to = lathe_tensors_add(out, whole_names[i], LATHE_I64, 0, NULL, err)))
      return false;
    memcpy(to, &standing.whole[i], sizeof standing.whole[i]);
  }
  for (int i = 0; i < REAL; i++) {
    if (!(to = lathe_tensors_add(out, real_names[i], LATHE_F64, 0, NULL, err)))
      return false;
    memcpy(to, &standing.real[i], sizeof standing.real[i]);
  }
  for (int field = 0; field < LATHE_EPOCH_FIELDS; field++) {
    series_name(field, name);
    double *series =
        lathe_tensors_add(out, name, LATHE_F64, 1, (const int64_t[]){trainer->done}, err);
    if (!series)
      return false;
    for (int i = 0; i < trainer->done; i++)
      series[i] = *lathe_epoch_value(&trainer->epochs[i], field);
  }
  return true;
}

/* What stays after a checkpoint has been written. One of later steps is of a future that was
 * damaged: training comes there again. */
static bool stays(const void *arg, const int64_t *list, int count, int place)
{
  const struct lathe_saved *saved = arg;
  int64_t steps = list[place];
  int later = 0;
  while (later < count && list[later] > saved->steps)
    later++;
  int oldest = later + saved->keep - 1;
  bool among = steps <= saved->steps && (oldest >= count || steps >= list[oldest]);
  return among || steps == saved->steps || steps == saved->best_steps;
}

/* The part of a checkpoint that waits for the disk. */
static bool end_save(void *arg, struct lathe_error *err)
{
  struct lathe_saved *saved = arg;
  return lathe_output_commit(saved->output, err) &&
         lathe_checkpoint_prune(saved->folder, stays, saved, err);
}

/* The folder of checkpoints, made where there is none; its own name must survive a power cut, too.
 */
static bool make_folder(const char *run, struct lathe_error *err)
{
  char path[LATHE_PATH];
  if (!lathe_checkpoint_path(run, -1, path, err))
    return false;
  if (mkdir(path, 0777) == 0)
    return lathe_sync_folder_of(path) ||
           lathe_fail(err, "%s cannot be put on the disk: %s", path, strerror(errno));
  return errno == EEXIST ||
         lathe_fail(err, "%s cannot be made: %s; choose another folder with --run", path,
                    strerror(errno));
}

bool lathe_checkpoint_wait(struct lathe_trainer *trainer, struct lathe_error *err)
{
  return lathe_aside_wait(&trainer->saved.aside, err);
}

bool lathe_checkpoint_save(struct lathe_trainer *trainer, struct lathe_error *err)
{
  struct lathe_saved *saved = &trainer->saved;
  const struct lathe_session *session = trainer->session;
  const struct lathe_model *model = session->model;
  char path[LATHE_PATH];
  struct lathe_tensors tensors = {.deferred = true};
  bool good = lathe_checkpoint_wait(trainer, err) && make_folder(trainer->saving.folder, err) &&
              lathe_checkpoint_path(trainer->saving.folder, trainer->steps, path, err) &&
              lathe_weights_export(&tensors, model, &session->state, NULL, trainer->steps, err) &&
              lathe_optimiser_export(&tensors, model, &session->state, trainer->steps, err) &&
              export_standing(&tensors, trainer, err) &&
              lathe_tensors_add_metadata(&tensors, "model", model->name, err) &&
              lathe_tensors_add_metadata(&tensors, "fingerprint", model->fingerprint, err) &&
              lathe_tensors_add_metadata(&tensors, format_key, formats[NEWEST].version, err) &&
              lathe_tensors_want_checksum(&tensors, err) &&
              (saved->output = lathe_tensors_begin(&tensors, path, err));
  lathe_tensors_free(&tensors);
  if (!good)
    return false;
  saved->folder = trainer->saving.folder;
  saved->steps = trainer->steps;
  saved->best_steps = trainer->best > 0 ? trainer->best_steps : -1;
  saved->keep = trainer->saving.keep;
  lathe_aside_start(&saved->aside, end_save, saved);
  return true;
}

/* ---- Going on from one ---- */

/* What no training writes, with the settings that this one has. */
static void check_standing(const struct lathe_trainer *trainer, const struct standing *standing,
                           struct lathe_complaints *complaints)
{
  const int64_t *w = standing->whole;
  int64_t batch = trainer->session->state.capacity, count = trainer->training.count;
  int64_t within = (w[IMAGE] + batch - 1) / batch;
  if (w[SEED] != (int64_t)trainer->settings.seed)
    lathe_complain(complaints, "its seed is %lld and the run's %lld", (long long)w[SEED],
                   (long long)trainer->settings.seed);
  if (w[EPOCH] < 0 || w[EPOCH] > INT32_MAX || w[IMAGE] < 0 || w[IMAGE] > count ||
      w[STEP] != w[EPOCH] * lathe_trainer_steps_an_epoch(trainer) + within)
    lathe_complain(complaints, "%lld steps are not %lld epochs and %lld images of this run",
                   (long long)w[STEP], (long long)w[EPOCH], (long long)w[IMAGE]);
  if (w[BEST_EPOCH] < 0 || w[BEST_EPOCH] > w[EPOCH] || w[BEST_STEP] < 0 || w[BEST_STEP] > w[STEP])
    lathe_complain(complaints, "its best epoch, %lld, is none of its own",
                   (long long)w[BEST_EPOCH]);
}

/* The place of a checkpoint's format in the list; FORMATS for one that is not there. */
static int format_of(const struct lathe_tensors *in)
{
  const char *version = lathe_tensors_metadata(in, format_key);
  int i = 0;
  while (i < FORMATS && (!version || strcmp(version, formats[i].version) != 0))
    i++;
  return i;
}

/* Whether a number is not in a checkpoint because none of its format has it. */
static bool absent_of_old(const struct lathe_tensors *in, const char *name)
{
  bool later = false;
  for (int i = format_of(in) + 1; i < FORMATS; i++)
    later = later || strstr(name, formats[i].added);
  return later && !lathe_tensors_find(in, name);
}

static void import_standing(const struct lathe_tensors *in, const struct lathe_trainer *trainer,
                            struct standing *standing, struct lathe_complaints *complaints)
{
  const struct lathe_array *array;
  char name[LATHE_TENSOR_NAME];
  for (int i = 0; i < WHOLE; i++)
    if ((array = lathe_expect_tensor(complaints, in, whole_names[i], 0, 0, NULL)))
      standing->whole[i] = *(const int64_t *)array->data;
  for (int i = 0; i < REAL; i++)
    if (!absent_of_old(in, real_names[i]) &&
        (array = lathe_expect_tensor(complaints, in, real_names[i], DBL_MAX, 0, NULL)))
      standing->real[i] = lathe_array_real(array, 0);
  if (complaints->used == 0)
    check_standing(trainer, standing, complaints);
  for (int field = 0; field < LATHE_EPOCH_FIELDS && complaints->used == 0; field++) {
    series_name(field, name);
    if (!absent_of_old(in, name))
      lathe_expect_tensor(complaints, in, name, DBL_MAX, 1, &standing->whole[EPOCH]);
  }
}

static void set_standing(struct lathe_trainer *trainer, const struct standing *standing,
                         const struct lathe_tensors *in)
{
  char name[LATHE_TENSOR_NAME];
  double kl_weight = trainer->session->model->kl_weight;
  trainer->done = (int)standing->whole[EPOCH];
  trainer->steps = standing->whole[STEP];
  trainer->images = standing->whole[IMAGE];
  trainer->best = (int)standing->whole[BEST_EPOCH];
  trainer->best_steps = standing->whole[BEST_STEP];
  trainer->best_loss = standing->real[BEST_LOSS];
  trainer->seconds = standing->real[SECONDS];
  trainer->loss = (struct lathe_loss){.reconstruction = standing->real[RECONSTRUCTION],
                                      .kl = standing->real[KL],
                                      .clamped = standing->real[CLAMPED],
                                      .total = standing->real[LOSS]};
  for (int i = 0; i < trainer->done; i++) {
    struct lathe_epoch *epoch = &trainer->epochs[i];
    *epoch = (struct lathe_epoch){.epoch = i + 1,
                                  .validated = trainer->validation.count > 0,
                                  .divergence = lathe_has_prior(trainer->session->model)};
    for (int field = 0; field < LATHE_EPOCH_FIELDS; field++) {
      series_name(field, name);
      const struct lathe_array *series = lathe_tensors_find(in, name);
      double absent = field == LATHE_EPOCH_kl_weight ? kl_weight : 0;
      *lathe_epoch_value(epoch, field) = series ? lathe_array_real(series, i) : absent;
    }
  }
}

static bool import_all(const struct lathe_tensors *in, const char *path,
                       struct lathe_trainer *trainer, struct standing *standing,
                       struct lathe_error *err)
{
  struct lathe_session *session = trainer->session;
  const struct lathe_model *model = session->model;
  struct lathe_complaints complaints = {0};
  int64_t optimised;
  if (format_of(in) == FORMATS || !lathe_tensors_metadata(in, "crc32"))
    return lathe_fail(err, "%s: is no checkpoint of format %s to %s with a checksum", path,
                      formats[0].version, formats[NEWEST].version);
  import_standing(in, trainer, standing, &complaints);
  if (!lathe_complaints_report(&complaints, path, model->name, err) ||
      !lathe_weights_import(in, path, model, &session->state, NULL, NULL, err) ||
      !lathe_optimiser_import(in, path, model, &session->state, &optimised, err))
    return false;
  return optimised == standing->whole[STEP] ||
         lathe_fail(err, "%s: its optimiser has done %lld steps, and its training %lld", path,
                    (long long)optimised, (long long)standing->whole[STEP]);
}

/* *whole: it is one that this training wrote, whatever else is wrong. */
static bool load(struct lathe_trainer *trainer, int64_t steps, bool *whole, struct lathe_error *err)
{
  char path[LATHE_PATH];
  struct lathe_tensors tensors;
  struct standing standing = {0};
  *whole = false;
  if (!lathe_checkpoint_path(trainer->saving.folder, steps, path, err) ||
      !lathe_weights_read(&tensors, path, trainer->session->model, err))
    return false;
  *whole = import_all(&tensors, path, trainer, &standing, err);
  bool good = *whole;
  if (good && standing.whole[EPOCH] > trainer->settings.epochs)
    good = lathe_fail(err, "%s has %lld epochs behind it already, more than the %d of --epochs",
                      trainer->saving.folder, (long long)standing.whole[EPOCH],
                      trainer->settings.epochs);
  if (good)
    set_standing(trainer, &standing, &tensors);
  lathe_tensors_free(&tensors);
  return good;
}

bool lathe_checkpoint_load_weights(const struct lathe_trainer *trainer, int64_t steps,
                                   struct lathe_error *err)
{
  struct lathe_session *session = trainer->session;
  char path[LATHE_PATH];
  struct lathe_tensors tensors;
  if (!lathe_checkpoint_path(trainer->saving.folder, steps, path, err) ||
      !lathe_weights_read(&tensors, path, session->model, err))
    return false;
  bool good =
      lathe_weights_import(&tensors, path, session->model, &session->state, NULL, NULL, err);
  lathe_tensors_free(&tensors);
  return good;
}

static void note_damage(struct lathe_checkpoint_found *found, const struct lathe_error *why)
{
  size_t used = strlen(found->damaged), room = sizeof found->damaged - used;
  if (strlen(why->text) + 2 <= room) /* whole lines alone */
    snprintf(found->damaged + used, room, "%s\n", why->text);
}

bool lathe_checkpoint_load(struct lathe_trainer *trainer, struct lathe_checkpoint_found *found,
                           struct lathe_error *err)
{
  int count;
  int64_t *list;
  *found = (struct lathe_checkpoint_found){.steps = -1};
  if (!lathe_checkpoint_list(trainer->saving.folder, &list, &count, err)) {
    free(list);
    return false;
  }
  bool good = count == 0, whole = false;
  for (int i = 0; i < count && !good && !whole; i++) {
    struct lathe_error why = {""};
    good = load(trainer, list[i], &whole, &why);
    if (good)
      found->steps = list[i];
    else if (whole)
      lathe_fail(err, "%s", why.text);
    else
      note_damage(found, &why);
  }
  free(list);
  if (!good && !whole)
    lathe_fail(err, "no checkpoint in %s can be used: start anew with --force; the newest: %.700s",
               trainer->saving.folder, found->damaged);
  return good;
}
