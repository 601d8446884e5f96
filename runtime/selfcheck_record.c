/* record: all that a model computes from a batch, under the names that `trace` gives it; and
 * disturb: how far float32's rounding, of the weights and images and of every value that a training
 * step stores, would move each of them. The latter is Monte Carlo arithmetic (Parker 1997), a
 * kernel at a time, in float64. */
#include "columns.h"
#include "safetensors.h"
#include "selfcheck_parts.h"
#include "tensor_check.h"
#include "tensor_order.h"
#include "trace.h"
#include "weights.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  DISTURBANCES = 8,
  SPARE = 2,     /* images that the memory has room for and a call has not */
  VALUES = 1000, /* where the random numbers of a step's values begin, behind those of tensors */
};

static bool add_values(struct lathe_tensors *out, const char *name, int n, int64_t width,
                       const lathe_real *values, struct lathe_error *err)
{
  const int64_t shape[2] = {n, width};
  void *to = lathe_tensors_add(out, name, lathe_real_dtype(), 2, shape, err);
  if (to)
    memcpy(to, values, (size_t)(n * width) * sizeof *values);
  return to != NULL;
}

static bool add_losses(struct lathe_tensors *out, const char *from, struct lathe_loss loss,
                       struct lathe_error *err)
{
  const struct {
    const char *name;
    double value;
  } parts[] = {{"reconstruction", loss.reconstruction}, {"kl", loss.kl}, {"total", loss.total}};
  for (int i = 0; i < 3; i++) {
    char name[LATHE_TENSOR_NAME];
    snprintf(name, sizeof name, "%s.%s", from, parts[i].name);
    double *to = lathe_tensors_add(out, name, LATHE_F64, 0, NULL, err);
    if (!to)
      return false;
    *to = parts[i].value;
  }
  return true;
}

/* Batch-norm's running statistics, and what the input is normalised by. */
static bool add_buffers(struct lathe_tensors *out, const struct lathe_session *session,
                        struct lathe_error *err)
{
  for (int t = 0; t < session->model->tensor_count; t++) {
    const struct lathe_tensor *tensor = &session->model->tensors[t];
    if (tensor->role == LATHE_BUFFER && !add_values(out, tensor->name, 1, lathe_tensor_size(tensor),
                                                    session->state.fixed + tensor->offset, err))
      return false;
  }
  return true;
}

/* Rounds, at random, what a kernel of a training step has stored before it is traced. */
struct rounding {
  const struct lathe_session *session;
  int n;
  uint64_t disturbance;
  void (*after_kernel)(void *arg, int kernel);
  void *after_arg;
};

static void round_kernel(void *arg, int kernel)
{
  const struct rounding *r = arg;
  const struct lathe_model *model = r->session->model;
  const struct lathe_state *state = &r->session->state;
  for (int v = 0; v < model->value_count; v++) {
    const struct lathe_value *value = &model->values[v];
    if (value->kernel != kernel || value->wide) /* what is double in any precision stays */
      continue;
    lathe_real *x = value->per_image ? state->batch + value->offset * (size_t)state->capacity
                                     : state->fixed + value->offset;
    int64_t count = value->per_image ? r->n : 1;
    for (int i = 0; i < value->rank; i++)
      count *= value->shape[i];
    for (int64_t i = 0; i < count; i++)
      x[i] =
          lathe_selfcheck_rounded((double)x[i], r->disturbance, VALUES + (uint64_t)v, (uint64_t)i);
  }
  r->after_kernel(r->after_arg, kernel);
}

static bool train(struct lathe_session *session, int n, uint64_t disturbance,
                  struct lathe_tensors *out, struct lathe_error *err)
{
  const struct lathe_model *model = session->model;
  struct lathe_state *state = &session->state;
  struct lathe_trace trace;
  if (!lathe_trace_start(&trace, model, state, n, out, err)) {
    lathe_trace_stop(&trace, NULL);
    return false;
  }
  struct rounding rounding = {session, n, disturbance, state->after_kernel, state->after_arg};
  if (disturbance > 0) {
    state->after_kernel = round_kernel;
    state->after_arg = &rounding;
  }
  struct lathe_loss loss = model->train_step(state, n, session->images, session->noise, 0, 1);
  return lathe_trace_stop(&trace, err) && add_losses(out, "loss", loss, err) &&
         lathe_weights_export_block(out, model, "gradient.", state->fixed + model->gradients,
                                    err) &&
         add_buffers(out, session, err);
}

static bool record(struct lathe_session *session, int n, uint64_t disturbance,
                   struct lathe_tensors *out, struct lathe_error *err)
{
  const struct lathe_model *model = session->model;
  struct lathe_state *state = &session->state;
  lathe_selfcheck_weights(state, model, disturbance);
  lathe_selfcheck_images(model, n, disturbance, session->images, session->noise);

  if (lathe_selfcheck_trains_on(model, n) && !train(session, n, disturbance, out, err))
    return false;
  model->encode(state, n, session->images, session->mean, session->logvar);
  model->decode(state, n, session->noise, session->decoded);
  return add_values(out, "encode.mean", n, model->latent, session->mean, err) &&
         (!lathe_has_prior(model) ||
          add_values(out, "encode.logvar", n, model->latent, session->logvar, err)) &&
         add_values(out, "decode.images", n, model->input_size, session->decoded, err) &&
         add_losses(out, "evaluate", model->evaluate(state, n, session->images, session->noise),
                    err);
}

static double distance(const struct lathe_array *a, const struct lathe_array *b)
{
  double sum = 0;
  for (int64_t i = 0; i < a->count; i++)
    sum += pow(lathe_array_real(a, i) - lathe_array_real(b, i), 2);
  return sqrt(sum);
}

/* Adds for each tensor of `exact` the scalar of its name: how far it moved at most, as a norm. */
static bool disturb(struct lathe_session *session, int n, const struct lathe_tensors *exact,
                    struct lathe_tensors *out, struct lathe_error *err)
{
  for (int i = 0; i < exact->count; i++)
    if (!lathe_tensors_add(out, exact->items[i].name, LATHE_F64, 0, NULL, err))
      return false;
  bool good = true;
  for (uint64_t d = 1; good && d <= DISTURBANCES; d++) {
    struct lathe_tensors disturbed = {0};
    good = record(session, n, d, &disturbed, err);
    for (int i = 0; good && i < exact->count; i++) {
      double *moved = out->items[i].array.data;
      *moved = fmax(*moved, distance(&disturbed.items[i].array, &exact->items[i].array));
    }
    lathe_tensors_free(&disturbed);
  }
  return good;
}

static bool write_batch(const struct lathe_model *model, char **arguments, bool disturbed,
                        struct lathe_error *err)
{
  int n = (int)strtol(arguments[1], NULL, 10);
  if (n < 1)
    return lathe_fail(err, "'%s' is no number of images: give 1 or more", arguments[1]);
  struct lathe_session session;
  if (!lathe_session_open(&session, model, (struct lathe_session_size){n + SPARE, 0, true}, err))
    return false;
  session.state.keep_gradients = true;
  struct lathe_tensors exact = {0}, moved = {0};
  bool good = record(&session, n, 0, &exact, err) &&
              (!disturbed || disturb(&session, n, &exact, &moved, err)) &&
              lathe_tensors_write(disturbed ? &moved : &exact, arguments[0], err);
  lathe_tensors_free(&exact);
  lathe_tensors_free(&moved);
  lathe_session_close(&session);
  return good;
}

bool lathe_selfcheck_record(const struct lathe_model *model, char **arguments,
                            struct lathe_error *err)
{
  return write_batch(model, arguments, false, err);
}

bool lathe_selfcheck_disturb(const struct lathe_model *model, char **arguments,
                             struct lathe_error *err)
{
  return write_batch(model, arguments, true, err);
}
