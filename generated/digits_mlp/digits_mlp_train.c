/* One training step: forward, backward, and the optimiser. */
#include "digits_mlp_internal.h"
#include <lathe/kernel.h>
#include <math.h>

/* Parameters in blocks, one a task: `first` and how many. Those of the weight matrices whose
 * gradients are applied where they are made come last. */
static const int blocks[][2] = {
  {401408, 512},
  {532992, 256},
  {533760, 16},
  {534288, 16},
  {534816, 256},
  {666144, 512},
  {1068064, 784},
  {0, 401408},
  {401920, 131072},
  {533248, 512},
  {533776, 512},
  {534304, 512},
  {535072, 131072},
  {666656, 401408},
};

/* Adam (Kingma & Ba 2015, algorithm 1), in the form in which PyTorch computes it. */
void digits_mlp_update(const struct digits_mlp_update *update, int first_parameter, int count,
    const float *restrict gradient)
{
  float *const restrict parameter = update->fixed + first_parameter;
  float *const restrict exp_avg = parameter + DIGITS_MLP_EXP_AVG;
  float *const restrict exp_avg_sq = parameter + DIGITS_MLP_EXP_AVG_SQ;
  const float rate = update->rate;
  const float correction = update->correction;
  for (int i = 0; i < count; i++) {
    const float g = gradient[i];
    exp_avg[i] = 0.9F * exp_avg[i] + 0.1F * g;
    exp_avg_sq[i] = 0.999F * exp_avg_sq[i] + 0.001F * g * g;
    parameter[i] -= rate * exp_avg[i] / (sqrtf(exp_avg_sq[i]) * correction + 1e-08F);
  }
}

static void update_block(void *arg, int task, int thread)
{
  (void)thread;
  const struct digits_mlp_update *const update = arg;
  const int first = blocks[task][0];
  digits_mlp_update(update, first, blocks[task][1], update->fixed + DIGITS_MLP_GRADIENTS + first);
}

struct lathe_loss digits_mlp_train_step(struct lathe_state *state, int n, const float *images,
    const float *noise, double rate, int64_t step)
{
  struct digits_mlp_update update = {
    .fixed = state->fixed,
    .rate = (float)(rate / (1 - pow(0.9, (double)step))),
    .correction = (float)(1 / sqrt(1 - pow(0.999, (double)step))),
  };
  state->tables = 0; /* the weights are about to change */
  const struct lathe_loss loss = digits_mlp_forward(state, n, images, noise);
  digits_mlp_backward(state, n, images, noise, state->keep_gradients ? NULL : &update);
  lathe_kernel(state, 36, state->keep_gradients ? 14 : 7, update_block, &update);
  return loss;
}
