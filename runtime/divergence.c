#include "divergence.h"
#include "allocate.h"
#include "checkpoint.h"
#include "divergence_step.h"
#include "finite.h"
#include "json.h"
#include "normalise.h"
#include "schedule.h"
#include "stop.h"
#include "trainer_parts.h"
#include "words.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* To the state that the run's newest checkpoint holds, or that it began with. */
static bool go_back(struct lathe_trainer *trainer)
{
  struct lathe_checkpoint_found found = {.steps = -1};
  struct lathe_constant_inputs constant;
  lathe_state_initialise(&trainer->session->state, trainer->session->model, trainer->settings.seed);
  trainer->done = 0;
  trainer->steps = 0;
  trainer->images = 0;
  if (!lathe_normalise_fit(trainer->session->model, &trainer->training, &trainer->session->state,
                           &constant, NULL))
    return false;
  if (trainer->saving.folder && !lathe_checkpoint_load(trainer, &found, NULL))
    return false;
  trainer->diverged.kept = found.steps;
  return true;
}

/* A step again from the state that was kept, every number looked at. */
static void examine(struct lathe_trainer *trainer, const lathe_real *before, size_t size,
                    const int64_t *order, int n, double rate)
{
  struct lathe_state *state = &trainer->session->state;
  const struct lathe_model *model = trainer->session->model;
  struct lathe_divergence *diverged = &trainer->diverged;
  memcpy(state->fixed, before, size);
  state->tables = 0;
  for (size_t i = 0; i < model->trained; i++)
    diverged->weight = fmax(diverged->weight, fabs((double)state->fixed[i]));
  trainer->steps--;
  struct lathe_step_watch watch;
  lathe_step_watch_start(&watch, model, state, n, diverged);
  struct lathe_loss loss = lathe_trainer_step(trainer, order, n, rate);
  lathe_step_watch_stop(&watch, loss);
  diverged->step = trainer->steps;
  diverged->epoch = trainer->done + 1;
  if (diverged->image >= 0)
    diverged->image = order[trainer->images + diverged->image];
  diverged->input = lathe_input_word(model);
}

/* The steps again, up to the one in which the fault was noticed; the state before each is kept. */
static void search(struct lathe_trainer *trainer, int64_t *order, lathe_real *before, size_t size)
{
  const struct lathe_session *session = trainer->session;
  int64_t count = trainer->training.count;
  int ordered = -1;
  while (trainer->steps < trainer->diverged.noticed) {
    if (lathe_stop_signal())
      return;
    double rate = lathe_trainer_rate(trainer, trainer->steps);
    if (ordered != trainer->done)
      lathe_trainer_order(trainer, trainer->done + 1, order);
    ordered = trainer->done;
    int n = lathe_batch_size(session, trainer->images, count);
    memcpy(before, session->state.fixed, size);
    struct lathe_loss loss = lathe_trainer_step(trainer, order, n, rate);
    if (!isfinite(loss.total) || !lathe_state_finite(&session->state, session->model)) {
      examine(trainer, before, size, order, n, rate);
      break;
    }
    trainer->images += n;
    if (trainer->images == count) {
      trainer->images = 0;
      trainer->done++; /* whose loss is still in the record */
      lathe_trainer_find_course(trainer);
    }
  }
  trainer->diverged.searched = true;
}

void lathe_divergence_find(struct lathe_trainer *trainer)
{
  size_t size = trainer->session->model->fixed_training * sizeof(lathe_real);
  int64_t *order = lathe_allocate(trainer->training.count, 1, sizeof *order, "the order", NULL);
  lathe_real *before = malloc(size > 0 ? size : 1);
  trainer->diverged.image = -1;
  trainer->diverged.kept = -1;
  trainer->diverged.rate = trainer->settings.rate;
  bool back = go_back(trainer);
  lathe_trainer_find_course(trainer);
  if (back && order && before)
    search(trainer, order, before, size);
  free(order);
  free(before);
}

static const char *pass_name(enum lathe_pass pass)
{
  static const char *const names[] = {
      [LATHE_FORWARD] = "forward", [LATHE_BACKWARD] = "backward", [LATHE_UPDATE] = "update"};
  return names[pass];
}

void lathe_divergence_words(const struct lathe_divergence *d, char text[LATHE_DIVERGENCE_WORDS])
{
  char image[40] = "", layer[200];
  if (!d->found) {
    int length = snprintf(text, LATHE_DIVERGENCE_WORDS, "%s after step %lld", d->sign,
                          (long long)d->noticed);
    if (d->searched)
      snprintf(text + length, LATHE_DIVERGENCE_WORDS - (size_t)length,
               "; when the steps after %lld were done again it did not come about: suspect this "
               "machine's memory or processor",
               (long long)(d->kept > 0 ? d->kept : 0));
    return;
  }
  if (d->image >= 0)
    snprintf(image, sizeof image, " (%s %lld)", d->input, (long long)d->image);
  int used = snprintf(layer, sizeof layer, "%.60s", d->layer);
  if (d->text && d->line > 0)
    snprintf(layer + used, sizeof layer - (size_t)used, " (`%.80s`, line %d)", d->text, d->line);
  snprintf(text, LATHE_DIVERGENCE_WORDS,
           "%s after step %lld; it began in epoch %d, step %lld, in the %s %s of %s: %s%s%s is %g, "
           "when the largest weight was %.3g",
           d->sign, (long long)d->noticed, d->epoch, (long long)d->step, pass_name(d->pass),
           d->pass == LATHE_UPDATE ? "by the optimiser" : "pass", layer, d->tensor, d->place, image,
           d->value, d->weight);
}

json_t *lathe_divergence_json(const struct lathe_divergence *d)
{
  char words[LATHE_DIVERGENCE_WORDS];
  lathe_divergence_words(d, words);
  json_t *json = json_pack("{s:I, s:s, s:f, s:I}", "noticed", (json_int_t)d->noticed, "words",
                           words, "rate", d->rate, "checkpoint", (json_int_t)d->kept);
  json_t *more = d->found ? json_pack("{s:i, s:I, s:s, s:s, s:i, s:s, s:s, s:s, s:o, s:f}", "epoch",
                                      d->epoch, "step", (json_int_t)d->step, "pass",
                                      pass_name(d->pass), "layer", d->layer, "line", d->line,
                                      "tensor", d->tensor, "place", d->place, "value",
                                      isnan(d->value) ? "nan"
                                      : d->value > 0  ? "inf"
                                                      : "-inf",
                                      "image", d->image >= 0 ? json_integer(d->image) : json_null(),
                                      "largest_weight", d->weight)
                          : json_object();
  if (!json || !more || json_object_update(json, more) != 0) {
    json_decref(json);
    json = NULL;
  }
  json_decref(more);
  return json;
}
