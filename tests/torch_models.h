/* Ten training steps of whole models against PyTorch's. */
#ifndef TORCH_MODELS_H
#define TORCH_MODELS_H

#include "torch_reference.h"

enum { STEPS_TRAINED = 10 };

/* ---- Small models, whose fixtures are complete ---- */

static inline void torch_load(struct lathe_state *state, const struct lathe_model *model,
                              const struct lathe_tensors *tensors)
{
  for (int t = 0; t < model->tensor_count; t++) {
    const struct lathe_tensor *tensor = &model->tensors[t];
    if (tensor->role == LATHE_COUNTER)
      continue;
    int64_t size = lathe_tensor_size(tensor);
    const double *values = fixture_values(tensors, "start.", tensor->name, size);
    for (int64_t i = 0; i < size; i++)
      state->fixed[tensor->offset + lathe_stored_index(tensor, i)] = (lathe_real)values[i];
  }
}

static inline lathe_real *torch_reals(const struct lathe_tensors *tensors, const char *name,
                                      int64_t count)
{
  const double *values = fixture_values(tensors, "", name, count);
  ck_assert_int_gt(count, 0);
  lathe_real *reals = calloc((size_t)count, sizeof *reals);
  for (int64_t i = 0; i < count; i++)
    reals[i] = (lathe_real)values[i];
  return reals;
}

static inline void check_small_model(const char *name, struct tolerance tolerance)
{
  struct emitted e = torch_open(name);
  const struct lathe_model *model = e.model;
  struct lathe_tensors tensors = torch_read(name);
  const int64_t *size = fixture_integers(&tensors, "sizes", STEPS_TRAINED);
  int n = (int)size[0], latents = n * model->latent;
  struct batch b = {n, torch_reals(&tensors, "images", n * model->input_size),
                    torch_reals(&tensors, "noise", STEPS_TRAINED * latents)};
  const double *losses = fixture_values(&tensors, "", "losses", 2 * STEPS_TRAINED);

  struct watched w = watched_new(model, n, NULL, true);
  torch_load(&w.state, model, &tensors);
  check_evaluation(name, model, &w.state, &tensors, "eval.", &b, tolerance.values);

  double norm = gradient_norm(&tensors, model, "gradient.");
  struct comparison c = {.tensors = &tensors, .negligible = 0};
  for (int step = 1; step <= STEPS_TRAINED; step++) {
    char what[96];
    snprintf(what, sizeof what, "%s, step %d", name, step);
    struct lathe_loss loss =
        model->train_step(&w.state, (int)size[step - 1], b.images, b.noise + (step - 1) * latents,
                          model->training.rate, step);
    near_losses(what, loss, losses + 2 * (step - 1),
                step == 1 ? tolerance.values : tolerance.trained);
    c.what = what;
    if (step == 1) {
      c.prefix = "gradient.";
      c.least = tolerance.least * norm;
      c.tolerance = tolerance.gradients;
      near_block(&c, model, w.state.fixed + model->gradients);
      c.least = 0;
      c.buffers = true;
      c.negligible = model->training.optimiser == LATHE_ADAM ? NEGLIGIBLE * norm : 0;
      c.tolerance = tolerance.trained;
      c.prefix = "after1.";
      near_block(&c, model, w.state.fixed);
    }
  }
  c.prefix = "after10.";
  c.what = name;
  near_block(&c, model, w.state.fixed);

  watched_free(&w);
  batch_free(&b);
  lathe_tensors_free(&tensors);
  emitted_close(&e);
}

/* ---- Shipped models, whose inputs are generated ---- */

static inline void check_shipped_model(const char *name, struct tolerance tolerance)
{
  enum { BATCH = 20 };
  char path[128];
  snprintf(path, sizeof path, "models/%s.lathe", name);
  struct emitted e = emitted_open(path);
  const struct lathe_model *model = e.model;
  struct lathe_tensors tensors = torch_read(name);
  const double *losses = fixture_values(&tensors, "", "losses", 2 * STEPS_TRAINED);
  struct watched w = watched_new(model, BATCH, NULL, true);
  struct comparison c = {.what = name, .tensors = &tensors, .prefix = "start."};

  generate_weights(&w.state, model, 0);
  c.buffers = true;
  c.tolerance = 1e-12; /* the same numbers, but for the digests' rounding */
  c.least = 1e-300;
  near_block(&c, model, w.state.fixed);
  double norm = gradient_norm(&tensors, model, "gradient.");
  for (int step = 1; step <= STEPS_TRAINED; step++) {
    char what[96];
    snprintf(what, sizeof what, "%s, step %d", name, step);
    struct batch b = generate_batch(model, (step - 1) * BATCH, BATCH);
    struct lathe_loss loss =
        model->train_step(&w.state, BATCH, b.images, b.noise, model->training.rate, step);
    batch_free(&b);
    near_losses(what, loss, losses + 2 * (step - 1),
                step == 1 ? tolerance.values : tolerance.trained);
    if (step == 1) {
      c.what = what;
      c.prefix = "gradient.";
      c.buffers = false;
      c.least = tolerance.least * norm;
      c.tolerance = tolerance.gradients;
      near_block(&c, model, w.state.fixed + model->gradients);
    }
  }
  c.what = name;
  c.prefix = "after10.";
  c.buffers = true;
  c.least = 0;
  c.negligible = NEGLIGIBLE * norm;
  c.tolerance = tolerance.trained;
  near_block(&c, model, w.state.fixed);

  watched_free(&w);
  lathe_tensors_free(&tensors);
  emitted_close(&e);
}

#endif
