/* One training step: forward, backward, and the optimiser. */
#include "digits_conv_internal.h"
#include <lathe/kernel.h>
#include <math.h>

/* Parameters in blocks, one a task: `first` and how many. Those of the weight matrices whose
 * gradients are applied where they are made come last. */
static const int blocks[][2] = {
  {0, 16384},
  {16384, 16384},
  {32768, 16384},
  {49152, 16384},
  {65536, 16384},
  {81920, 16384},
  {98304, 16384},
  {114688, 16384},
  {131072, 1472},
  {257984, 32},
  {383456, 32},
  {508928, 16384},
  {525312, 16384},
  {541696, 16384},
  {558080, 16384},
  {574464, 16384},
  {590848, 16384},
  {607232, 16384},
  {623616, 16384},
  {640000, 7376},
  {132544, 125440},
  {258016, 125440},
  {383488, 125440},
};

/* Adam (Kingma & Ba 2015, algorithm 1), in the form in which PyTorch computes it. */
void digits_conv_update(const struct digits_conv_update *update, int first_parameter, int count,
    const float *restrict gradient)
{
  float *const restrict parameter = update->fixed + first_parameter;
  float *const restrict exp_avg = parameter + DIGITS_CONV_EXP_AVG;
  float *const restrict exp_avg_sq = parameter + DIGITS_CONV_EXP_AVG_SQ;
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
  const struct digits_conv_update *const update = arg;
  const int first = blocks[task][0];
  digits_conv_update(update, first, blocks[task][1], update->fixed + DIGITS_CONV_GRADIENTS + first);
}

struct lathe_loss digits_conv_train_step(struct lathe_state *state, int n, const float *images,
    const float *noise, double rate, int64_t step)
{
  struct digits_conv_update update = {
    .fixed = state->fixed,
    .rate = (float)(rate / (1 - pow(0.9, (double)step))),
    .correction = (float)(1 / sqrt(1 - pow(0.999, (double)step))),
  };
  state->tables = 0; /* the weights are about to change */
  const struct lathe_loss loss = digits_conv_forward(state, n, images, noise);
  digits_conv_backward(state, n, images, noise, state->keep_gradients ? NULL : &update);
  lathe_kernel(state, 50, state->keep_gradients ? 23 : 20, update_block, &update);
  return loss;
}
