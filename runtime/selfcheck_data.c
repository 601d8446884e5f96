#include "philox.h"
#include "selfcheck_parts.h"
#include "tensor_order.h"
#include <math.h>
#include <string.h>

enum { SEED = 1 };

lathe_real lathe_selfcheck_rounded(double x, uint64_t disturbance, uint64_t place, uint64_t index)
{
  if (disturbance == 0)
    return (lathe_real)(float)x;
  double u = lathe_random_uniform(SEED + disturbance, LATHE_RANDOM_OVERLAP, place, index);
  return (lathe_real)(x * (1 + 0x1p-24 * (2 * u - 1)));
}

void lathe_selfcheck_weights(struct lathe_state *state, const struct lathe_model *model,
                             uint64_t disturbance)
{
  state->tables = 0;
  for (int t = 0; t < model->tensor_count; t++) {
    const struct lathe_tensor *tensor = &model->tensors[t];
    if (tensor->role == LATHE_COUNTER)
      continue;
    for (int64_t i = 0; i < lathe_tensor_size(tensor); i++) {
      double u = lathe_random_uniform(SEED, LATHE_RANDOM_INIT, (uint64_t)t, (uint64_t)i);
      double initial = lathe_tensor_initial(tensor, i);
      /* a deviation that is divided by stays clear of 0 */
      double bound = tensor->bound > 0                               ? tensor->bound
                     : tensor->role == LATHE_BUFFER && initial > 0.0 ? 0.3 * initial
                                                                     : 0.3;
      state->fixed[tensor->offset + lathe_stored_index(tensor, i)] = lathe_selfcheck_rounded(
          initial + bound * (2 * u - 1), disturbance, (uint64_t)t + 2, (uint64_t)i);
    }
  }
  for (int i = 0; i < LATHE_MOMENTS; i++)
    if (model->moments[i] > 0 && state->training)
      memset(state->fixed + model->moments[i], 0, model->trained * sizeof *state->fixed);
}

void lathe_selfcheck_images(const struct lathe_model *model, int n, uint64_t disturbance,
                            lathe_real *images, lathe_real *noise)
{
  uint64_t step = (uint64_t)n;
  for (int64_t i = 0; i < (int64_t)n * model->input_size; i++) {
    double u = lathe_random_uniform(SEED, LATHE_RANDOM_BENCH, step, (uint64_t)i);
    images[i] = lathe_selfcheck_rounded(model->range[0] + u * (model->range[1] - model->range[0]),
                                        disturbance, 0, (uint64_t)i);
  }
  for (int64_t i = 0; i < (int64_t)n * model->latent; i++) {
    double normal;
    lathe_random_normal_double(SEED, LATHE_RANDOM_NOISE, step, (uint64_t)i, 1, &normal);
    noise[i] = lathe_selfcheck_rounded(normal, disturbance, 1, (uint64_t)i);
  }
}

double lathe_selfcheck_rate(const struct lathe_model *model, struct lathe_state *state, int n,
                            const lathe_real *images, const lathe_real *noise)
{
  if (model->training.optimiser != LATHE_SGD) /* the others' steps are about as large as the rate */
    return 1e-3;
  state->keep_gradients = true;
  model->train_step(state, n, images, noise, 0, 1);
  double squares = 0; /* of the tensors: what lies between them is not written */
  for (int t = 0; t < model->tensor_count; t++)
    if (model->tensors[t].role == LATHE_PARAMETER)
      squares += pow(lathe_norm(state->fixed + model->gradients + model->tensors[t].offset,
                                (size_t)lathe_tensor_size(&model->tensors[t])),
                     2);
  return squares > 0 && isfinite(squares) ? 1e-2 / sqrt(squares) : 1e-3;
}

bool lathe_selfcheck_trains_on(const struct lathe_model *model, int n)
{
  for (int t = 0; t < model->tensor_count; t++)
    if (model->tensors[t].role == LATHE_COUNTER && n == 1)
      return false;
  return true;
}
