/* One training step: forward, backward, and the optimiser on all parameters at once. */
#include "digits_mlp_internal.h"
#include <math.h>

enum { UPDATE_BLOCK = 16384 }; /* parameters of one task */

struct update {
  float *fixed;
  float rate; /* what the learning rate comes to in this step */
  float correction; /* 1 / sqrt(1 - beta2^step) */
};

/* Adam (Kingma & Ba 2015, algorithm 1), in the form in which PyTorch computes it. */
static void update(void *arg, int task, int thread)
{
  (void)thread;
  const struct update *const u = arg;
  float *const restrict parameter = u->fixed;
  const float *const restrict gradient = u->fixed + DIGITS_MLP_GRADIENTS;
  float *const restrict first = u->fixed + DIGITS_MLP_FIRST_MOMENT;
  float *const restrict second = u->fixed + DIGITS_MLP_SECOND_MOMENT;
  const float rate = u->rate;
  const float correction = u->correction;
  const int begin = task * UPDATE_BLOCK;
  const int end = begin + UPDATE_BLOCK < DIGITS_MLP_TRAINED ? begin + UPDATE_BLOCK :
      DIGITS_MLP_TRAINED;
  for (int i = begin; i < end; i++) {
    const float g = gradient[i];
    first[i] = 0.9F * first[i] + 0.1F * g;
    second[i] = 0.999F * second[i] + 0.001F * g * g;
    parameter[i] -= rate * first[i] / (sqrtf(second[i]) * correction + 1e-08F);
  }
}

struct lathe_loss digits_mlp_train_step(struct lathe_state *state, int n, const float *images,
    const float *noise, double rate, int64_t step)
{
  const struct lathe_loss loss = digits_mlp_forward(state, n, images, noise);
  digits_mlp_backward(state, n, images, noise);
  struct update u = {
    .fixed = state->fixed,
    .rate = (float)(rate / (1 - pow(0.9, (double)step))),
    .correction = (float)(1 / sqrt(1 - pow(0.999, (double)step))),
  };
  lathe_parallel(state->pool, (DIGITS_MLP_TRAINED + UPDATE_BLOCK - 1) / UPDATE_BLOCK, update, &u);
  return loss;
}
