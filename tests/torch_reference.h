/* Emitted models against PyTorch: the fixtures of tests/reference/torch, whose README.md says what
 * they hold. They are in double; a test of either precision starts from the same numbers, which are
 * floats, and has its own tolerances. */
#ifndef TORCH_REFERENCE_H
#define TORCH_REFERENCE_H

#include "emitted.h"
#include "emitted_state.h"
#include "fixture.h"

#define TORCH_FOLDER "tests/reference/torch/"

/* What is allowed of values, gradients and, after many steps, losses, weights and statistics; norms
 * of gradients below `least` of the norm of all count as that. */
struct tolerance {
  double values, gradients, trained, least;
};

#ifdef LATHE_FLOAT64
static const struct tolerance LAYERS = {DOUBLE_VALUES, DOUBLE_GRADIENTS, DOUBLE_TRAINING,
                                        LEAST_DOUBLE};
#define WITH_ADAM LAYERS
#define WITH_MANY_KINKS LAYERS
#else
static const struct tolerance LAYERS = {SINGLE_LAYER, SINGLE_LAYER, SINGLE_LAYER, LEAST_SINGLE},
                              WITH_ADAM = {SINGLE_LAYER, SINGLE_LAYER, SINGLE_MODEL, LEAST_SINGLE},
                              WITH_MANY_KINKS = {SINGLE_LAYER, SINGLE_LAYER, SINGLE_KINKS,
                                                 LEAST_SINGLE};
#endif

static inline struct lathe_tensors torch_read(const char *name)
{
  char path[128];
  snprintf(path, sizeof path, TORCH_FOLDER "%s.safetensors", name);
  return fixture_read(path);
}

static inline struct emitted torch_open(const char *name)
{
  char path[128];
  snprintf(path, sizeof path, TORCH_FOLDER "%s.lathe", name);
  return emitted_open(path);
}

/* ---- Generated numbers, as tests/reference/torch has them ---- */

/* The shipped models' normalisations begin as PyTorch's do, spread 0; the small ones' elsewhere. */
static inline void generate_weights(struct lathe_state *state, const struct lathe_model *model,
                                    double spread)
{
  for (int t = 0; t < model->tensor_count; t++) {
    const struct lathe_tensor *tensor = &model->tensors[t];
    double bound = tensor->bound > 0 ? tensor->bound : spread;
    for (int64_t i = 0; tensor->role != LATHE_COUNTER && i < lathe_tensor_size(tensor); i++) {
      double u = fixture_uniform((uint64_t)(WEIGHTS_STREAM + t), (uint64_t)i);
      state->fixed[tensor->offset + lathe_stored_index(tensor, i)] =
          (lathe_real)(float)(tensor->fill + bound * (2 * u - 1));
    }
  }
}

/* Images first, first + 1, ... and their noise; to be freed with batch_free. */
static inline struct batch generate_batch(const struct lathe_model *model, int64_t first, int n)
{
  int64_t size = model->input_size, latent = model->latent;
  double low = model->range[0], high = model->range[1];
  struct batch b = {.n = n,
                    .images = calloc((size_t)(n * size), sizeof *b.images),
                    .noise = calloc((size_t)(n * latent), sizeof *b.noise)};
  for (int64_t i = 0; i < n * size; i++) {
    double u = fixture_uniform(IMAGES_STREAM, (uint64_t)(first * size + i));
    b.images[i] = (lathe_real)(float)(low + (high - low) * u);
  }
  for (int64_t i = 0; i < n * latent; i++) {
    double u = fixture_uniform(NOISE_STREAM, (uint64_t)(first * latent + i));
    b.noise[i] = (lathe_real)(float)(4 * u - 2);
  }
  return b;
}

/* ---- Comparisons ---- */

/* Values of lathe_real against the fixture's "prefix.name". */
static inline void near_values(const char *what, const struct lathe_tensors *tensors,
                               const char *prefix, const char *name, const lathe_real *values,
                               int64_t count, double tolerance)
{
  double *got = calloc((size_t)count, sizeof *got);
  for (int64_t i = 0; i < count; i++)
    got[i] = (double)values[i];
  near_fixture(what, tensors, prefix, name, got, count, 0, tolerance);
  free(got);
}

static inline void near_losses(const char *what, struct lathe_loss loss, const double *want,
                               double tolerance)
{
  within(what, "reconstruction", fabs(loss.reconstruction - want[0]), fabs(want[0]), tolerance);
  within(what, "kl", fabs(loss.kl - want[1]), fabs(want[1]), tolerance);
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

static inline double tensor_norm(const struct lathe_tensors *tensors, const char *prefix,
                                 const struct lathe_tensor *tensor)
{
  return fixture_norm(tensors, prefix, tensor->name, lathe_tensor_size(tensor));
}

/* A comparison of the tensors of one block with the fixture's. Adam divides a gradient by its own
 * size, so where that is nothing but rounding (a bias that the next normalisation takes away) the
 * parameter wanders, on either side in its own way: it and the mean that it shifts are left out. */
struct comparison {
  const char *what;
  const struct lathe_tensors *tensors;
  const char *prefix;
  bool buffers; /* the running statistics, too */
  double tolerance;
  double least;      /* norms below it count as that */
  double negligible; /* gradients whose norm is below it are rounding */
};

static inline bool wanders(const struct comparison *c, const struct lathe_model *model, int t)
{
  const struct lathe_tensor *tensor = &model->tensors[t];
  if (tensor->role == LATHE_BUFFER) /* bias; weight, bias, running_mean of the normalisation */
    return strstr(tensor->name, "running_mean") != NULL && t >= 3 && wanders(c, model, t - 3);
  return tensor->role == LATHE_PARAMETER && c->negligible > 0 &&
         tensor_norm(c->tensors, "gradient.", tensor) < c->negligible;
}

static inline void near_block(const struct comparison *c, const struct lathe_model *model,
                              const lathe_real *block)
{
  for (int t = 0; t < model->tensor_count; t++) {
    const struct lathe_tensor *tensor = &model->tensors[t];
    if (tensor->role == LATHE_COUNTER || (tensor->role == LATHE_BUFFER && !c->buffers) ||
        wanders(c, model, t))
      continue;
    double *values = in_order(tensor, block);
    near_fixture(c->what, c->tensors, c->prefix, tensor->name, values, lathe_tensor_size(tensor),
                 c->least, c->tolerance);
    free(values);
  }
}

/* The norm of all gradients "prefix.*" together. */
static inline double gradient_norm(const struct lathe_tensors *tensors,
                                   const struct lathe_model *model, const char *prefix)
{
  double sum = 0;
  for (int t = 0; t < model->tensor_count; t++)
    if (model->tensors[t].role == LATHE_PARAMETER)
      sum += pow(tensor_norm(tensors, prefix, &model->tensors[t]), 2);
  return sqrt(sum);
}

/* In evaluation mode: means and log-variances, images decoded from the noise, and the losses. */
static inline void check_evaluation(const char *what, const struct lathe_model *model,
                                    struct lathe_state *state, const struct lathe_tensors *tensors,
                                    const char *prefix, const struct batch *b, double tolerance)
{
  int latents = b->n * model->latent, values = b->n * model->input_size;
  lathe_real *mean = calloc((size_t)latents, sizeof *mean);
  lathe_real *logvar = calloc((size_t)latents, sizeof *logvar);
  lathe_real *decoded = calloc((size_t)values, sizeof *decoded);
  model->encode(state, b->n, b->images, mean, logvar);
  model->decode(state, b->n, b->noise, decoded);
  near_values(what, tensors, prefix, "mean", mean, latents, tolerance);
  if (model->kind == LATHE_VARIATIONAL)
    near_values(what, tensors, prefix, "logvar", logvar, latents, tolerance);
  near_values(what, tensors, prefix, "decoded", decoded, values, tolerance);
  near_losses(what, model->evaluate(state, b->n, b->images, b->noise),
              fixture_values(tensors, prefix, "loss", 2), tolerance);
  free(mean);
  free(logvar);
  free(decoded);
}

#endif
