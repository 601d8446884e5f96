/* Emitted models against PyTorch: the fixtures of tests/reference/torch, whose README.md says what
 * they hold. They are in double; a test of either precision starts from the same numbers, which are
 * floats, and has its own tolerances. */
#ifndef TORCH_REFERENCE_H
#define TORCH_REFERENCE_H

#include "emitted.h"
#include "emitted_state.h"
#include "runtime/safetensors.h"
#include <math.h>

#define TORCH_FOLDER "tests/reference/torch/"

/* Norm of the difference, at most, by the norm of what PyTorch has. */
struct tolerance {
  double forward, gradient;
  double trained; /* weights, statistics and losses of the ten steps */
  double least;   /* gradients with less than this share of their common norm count as that */
};

enum { SAMPLES = 64, IMAGES_STREAM = 0, NOISE_STREAM = 1, WEIGHTS_STREAM = 100 };

/* As make.py's `uniform`, which says what it is. */
static inline double torch_uniform(uint64_t stream, uint64_t index)
{
  uint64_t z = ((stream << 32) + index + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  z ^= z >> 31;
  return (double)(z >> 11) * 0x1p-53;
}

static inline struct lathe_tensors torch_read(const char *name)
{
  struct lathe_tensors tensors;
  struct lathe_error err;
  char path[128];
  snprintf(path, sizeof path, TORCH_FOLDER "%s.safetensors", name);
  ck_assert_msg(lathe_tensors_read(&tensors, path, &err), "%s", err.text);
  return tensors;
}

/* The doubles of "prefix.name", `count` of them (any number when 0). */
static inline const double *torch_values(const struct lathe_tensors *tensors, const char *prefix,
                                         const char *name, int64_t count)
{
  char full[128];
  snprintf(full, sizeof full, "%s%s", prefix, name);
  const struct lathe_array *array = lathe_tensors_find(tensors, full);
  ck_assert_msg(array != NULL, "%s is not in the fixture", full);
  ck_assert_int_eq(array->dtype, LATHE_F64);
  if (count > 0)
    ck_assert_int_eq(array->count, count);
  return array->data;
}

static inline double norm_of(const double *values, int64_t count)
{
  double sum = 0;
  for (int64_t i = 0; i < count; i++)
    sum += values[i] * values[i];
  return sqrt(sum);
}

/* Fails unless the difference's norm is within `tolerance` x `scale`. */
static inline void near(const char *what, const char *name, const double *got, const double *want,
                        int64_t count, double scale, double tolerance)
{
  double sum = 0;
  for (int64_t i = 0; i < count; i++)
    sum += (got[i] - want[i]) * (got[i] - want[i]);
  ck_assert_msg(sqrt(sum) <= tolerance * scale, "%s, %s: off by %.3g of its norm %g (allowed %g)",
                what, name, sqrt(sum) / scale, scale, tolerance);
}

/* Values of lathe_real against the fixture's "prefix.name". */
static inline void near_values(const char *what, const struct lathe_tensors *tensors,
                               const char *prefix, const char *name, const lathe_real *values,
                               int64_t count, double tolerance)
{
  const double *want = torch_values(tensors, prefix, name, count);
  double *got = calloc((size_t)count, sizeof *got);
  for (int64_t i = 0; i < count; i++)
    got[i] = (double)values[i];
  near(what, name, got, want, count, norm_of(want, count), tolerance);
  free(got);
}

static inline void near_losses(const char *what, struct lathe_loss loss, const double *want,
                               double tolerance)
{
  near(what, "reconstruction", &loss.reconstruction, &want[0], 1, fabs(want[0]), tolerance);
  near(what, "kl", &loss.kl, &want[1], 1, fabs(want[1]), tolerance);
}

/* A tensor's values in PyTorch's order, to be freed. `block` is where its kind of values begins. */
static inline double *in_order(const struct lathe_tensor *tensor, const lathe_real *block)
{
  int64_t size = lathe_tensor_size(tensor);
  double *values = calloc((size_t)size, sizeof *values);
  for (int64_t i = 0; i < size; i++)
    values[i] = (double)block[tensor->offset + lathe_stored_index(tensor, i)];
  return values;
}

/* The fixture's norm of a tensor under `prefix`: of small models it holds the tensor itself, of
 * shipped ones its digest, which begins with the norm. */
static inline double torch_norm(const struct lathe_tensors *tensors, const char *prefix,
                                const struct lathe_tensor *tensor, bool digest)
{
  int64_t size = lathe_tensor_size(tensor);
  const double *values = torch_values(tensors, prefix, tensor->name, digest ? SAMPLES + 1 : size);
  return digest ? values[0] : norm_of(values, size);
}

/* A comparison of the tensors of one block with the fixture's. Adam divides a gradient by its own
 * size, so where that is nothing but rounding (a bias that the next normalisation takes away) the
 * parameter wanders, on either side in its own way: it and the mean that it shifts are left out. */
struct comparison {
  const char *what;
  const struct lathe_tensors *tensors;
  const char *prefix;
  bool digest, buffers;
  double tolerance;
  double least;      /* norms below it count as that */
  double negligible; /* gradients whose norm is below it are rounding */
};

static inline void near_tensor(const struct comparison *c, const struct lathe_tensor *tensor,
                               const lathe_real *block)
{
  int64_t size = lathe_tensor_size(tensor);
  double *values = in_order(tensor, block);
  double norm = torch_norm(c->tensors, c->prefix, tensor, c->digest);
  double scale = norm > c->least ? norm : c->least;
  const double *want = torch_values(c->tensors, c->prefix, tensor->name, 0);
  if (c->digest) {
    double samples[SAMPLES], got = norm_of(values, size);
    for (int64_t j = 0; j < SAMPLES; j++)
      samples[j] = values[j * 2654435761 % size];
    near(c->what, tensor->name, &got, want, 1, scale, c->tolerance);
    near(c->what, tensor->name, samples, want + 1, SAMPLES, scale, c->tolerance);
  } else {
    near(c->what, tensor->name, values, want, size, scale, c->tolerance);
  }
  free(values);
}

static inline bool wanders(const struct comparison *c, const struct lathe_model *model, int t)
{
  const struct lathe_tensor *tensor = &model->tensors[t];
  if (tensor->role == LATHE_BUFFER) /* bias; weight, bias, running_mean of the normalisation */
    return strstr(tensor->name, "running_mean") != NULL && t >= 3 && wanders(c, model, t - 3);
  return tensor->role == LATHE_PARAMETER &&
         torch_norm(c->tensors, "gradient.", tensor, c->digest) < c->negligible;
}

static inline void near_block(const struct comparison *c, const struct lathe_model *model,
                              const lathe_real *block)
{
  for (int t = 0; t < model->tensor_count; t++) {
    const struct lathe_tensor *tensor = &model->tensors[t];
    if (tensor->role == LATHE_PARAMETER || (tensor->role == LATHE_BUFFER && c->buffers))
      if (!wanders(c, model, t))
        near_tensor(c, tensor, block);
  }
}

/* The norm of all gradients together after the first step. */
static inline double gradient_norm(const struct lathe_tensors *tensors,
                                   const struct lathe_model *model, bool digest)
{
  double sum = 0;
  for (int t = 0; t < model->tensor_count; t++)
    if (model->tensors[t].role == LATHE_PARAMETER)
      sum += pow(torch_norm(tensors, "gradient.", &model->tensors[t], digest), 2);
  return sqrt(sum);
}

/* ---- Small models ---- */

static inline void torch_load(struct lathe_state *state, const struct lathe_model *model,
                              const struct lathe_tensors *tensors)
{
  for (int t = 0; t < model->tensor_count; t++) {
    const struct lathe_tensor *tensor = &model->tensors[t];
    if (tensor->role == LATHE_COUNTER)
      continue;
    int64_t size = lathe_tensor_size(tensor);
    const double *values = torch_values(tensors, "start.", tensor->name, size);
    for (int64_t i = 0; i < size; i++)
      state->fixed[tensor->offset + lathe_stored_index(tensor, i)] = (lathe_real)values[i];
  }
}

static inline lathe_real *torch_reals(const struct lathe_tensors *tensors, const char *name,
                                      int64_t count)
{
  const double *values = torch_values(tensors, "", name, count);
  ck_assert_int_gt(count, 0);
  lathe_real *reals = calloc((size_t)count, sizeof *reals);
  for (int64_t i = 0; i < count; i++)
    reals[i] = (lathe_real)values[i];
  return reals;
}

static inline void check_evaluation(const char *name, const struct lathe_model *model,
                                    struct lathe_state *state, const struct lathe_tensors *tensors,
                                    int n, const lathe_real *images, const lathe_real *noise,
                                    double tolerance)
{
  int latents = n * model->latent, values = n * model->input_size;
  lathe_real *mean = calloc((size_t)latents, sizeof *mean);
  lathe_real *logvar = calloc((size_t)latents, sizeof *logvar);
  lathe_real *decoded = calloc((size_t)values, sizeof *decoded);
  model->encode(state, n, images, mean, logvar);
  model->decode(state, n, noise, decoded);
  near_values(name, tensors, "eval.", "mean", mean, latents, tolerance);
  near_values(name, tensors, "eval.", "logvar", logvar, latents, tolerance);
  near_values(name, tensors, "eval.", "decoded", decoded, values, tolerance);
  near_losses(name, model->evaluate(state, n, images, noise),
              torch_values(tensors, "eval.", "loss", 2), tolerance);
  free(mean);
  free(logvar);
  free(decoded);
}

static inline void check_small_model(const char *name, struct tolerance tolerance)
{
  char path[128];
  snprintf(path, sizeof path, TORCH_FOLDER "%s.lathe", name);
  struct emitted e = emitted_open(path);
  const struct lathe_model *model = e.model;
  struct lathe_tensors tensors = torch_read(name);
  const struct lathe_array *sizes = lathe_tensors_find(&tensors, "sizes");
  const int64_t *size = sizes->data;
  int n = (int)size[0], steps = (int)sizes->count, latents = n * model->latent;
  lathe_real *images = torch_reals(&tensors, "images", n * model->input_size);
  lathe_real *noise = torch_reals(&tensors, "noise", steps * latents);
  const double *losses = torch_values(&tensors, "", "losses", 2 * steps);

  struct watched w = watched_new(model, n, NULL, true);
  torch_load(&w.state, model, &tensors);
  check_evaluation(name, model, &w.state, &tensors, n, images, noise, tolerance.forward);

  double norm = gradient_norm(&tensors, model, false);
  struct comparison c = {.tensors = &tensors, .negligible = 0};
  for (int step = 1; step <= steps; step++) {
    char what[96];
    snprintf(what, sizeof what, "%s, step %d", name, step);
    struct lathe_loss loss =
        model->train_step(&w.state, (int)size[step - 1], images, noise + (step - 1) * latents,
                          model->training.rate, step);
    near_losses(what, loss, losses + 2 * (step - 1),
                step == 1 ? tolerance.forward : tolerance.trained);
    c.what = what;
    if (step == 1) {
      c.prefix = "gradient.";
      c.least = tolerance.least * norm;
      c.tolerance = tolerance.gradient;
      near_block(&c, model, w.state.fixed + model->gradients);
      c.least = 0;
      c.buffers = true;
      c.negligible = model->training.optimiser == LATHE_ADAM ? 1e-9 * norm : 0;
      c.tolerance = tolerance.trained;
      c.prefix = "after1.";
      near_block(&c, model, w.state.fixed);
    }
  }
  c.prefix = "after10.";
  near_block(&c, model, w.state.fixed);

  watched_free(&w);
  free(images);
  free(noise);
  lathe_tensors_free(&tensors);
  emitted_close(&e);
}

/* ---- Shipped models ---- */

static inline void generate_weights(struct lathe_state *state, const struct lathe_model *model)
{
  for (int t = 0; t < model->tensor_count; t++) {
    const struct lathe_tensor *tensor = &model->tensors[t];
    for (int64_t i = 0; tensor->role != LATHE_COUNTER && i < lathe_tensor_size(tensor); i++) {
      double u = torch_uniform((uint64_t)(WEIGHTS_STREAM + t), (uint64_t)i);
      double value = tensor->bound > 0 ? tensor->bound * (2 * u - 1) : tensor->fill;
      state->fixed[tensor->offset + lathe_stored_index(tensor, i)] = (lathe_real)(float)value;
    }
  }
}

static inline void check_shipped_model(const char *name, struct tolerance tolerance)
{
  enum { BATCH = 20, STEPS_TRAINED = 10 };
  char path[128];
  snprintf(path, sizeof path, "models/%s.lathe", name);
  struct emitted e = emitted_open(path);
  const struct lathe_model *model = e.model;
  struct lathe_tensors tensors = torch_read(name);
  const double *losses = torch_values(&tensors, "", "losses", 2 * STEPS_TRAINED);
  int values = BATCH * model->input_size, latents = BATCH * model->latent;
  lathe_real *images = calloc((size_t)values, sizeof *images);
  lathe_real *noise = calloc((size_t)latents, sizeof *noise);
  struct watched w = watched_new(model, BATCH, NULL, true);
  struct comparison c = {.what = name, .tensors = &tensors, .prefix = "start.", .digest = true};

  generate_weights(&w.state, model);
  c.buffers = true;
  c.tolerance = 1e-12; /* the same numbers, but for the norms' rounding */
  c.least = 1e-300;
  near_block(&c, model, w.state.fixed);
  double norm = gradient_norm(&tensors, model, true);
  for (int step = 1; step <= STEPS_TRAINED; step++) {
    char what[96];
    snprintf(what, sizeof what, "%s, step %d", name, step);
    for (int i = 0; i < values; i++)
      images[i] = (lathe_real)(float)torch_uniform(
          IMAGES_STREAM, (uint64_t)(step - 1) * (uint64_t)values + (uint64_t)i);
    for (int i = 0; i < latents; i++)
      noise[i] = (lathe_real)(float)(4 * torch_uniform(NOISE_STREAM,
                                                       (uint64_t)((step - 1) * latents + i)) -
                                     2);
    struct lathe_loss loss =
        model->train_step(&w.state, BATCH, images, noise, model->training.rate, step);
    near_losses(what, loss, losses + 2 * (step - 1),
                step == 1 ? tolerance.forward : tolerance.trained);
    if (step == 1) {
      c.what = what;
      c.prefix = "gradient.";
      c.buffers = false;
      c.least = tolerance.least * norm;
      c.tolerance = tolerance.gradient;
      near_block(&c, model, w.state.fixed + model->gradients);
    }
  }
  c.what = name;
  c.prefix = "after10.";
  c.buffers = true;
  c.least = 0;
  c.negligible = 1e-9 * norm;
  c.tolerance = tolerance.trained;
  near_block(&c, model, w.state.fixed);

  watched_free(&w);
  free(images);
  free(noise);
  lathe_tensors_free(&tensors);
  emitted_close(&e);
}

#endif
