/* Adam (Kingma & Ba 2015, algorithm 1), in the form in which PyTorch computes it. */
static void update(void *arg, int task, int thread)
{
  (void)thread;
  const struct update *const u = arg;
  float *const restrict parameter = u->fixed;
  const float *const restrict gradient = u->fixed + TINY_GRADIENTS;
  float *const restrict first = u->fixed + TINY_FIRST_MOMENT;
  float *const restrict second = u->fixed + TINY_SECOND_MOMENT;
  const float rate = u->rate;
  const float correction = u->correction;
  const int begin = task * UPDATE_BLOCK;
  const int end = begin + UPDATE_BLOCK < TINY_TRAINED ? begin + UPDATE_BLOCK : TINY_TRAINED;
  for (int i = begin; i < end; i++) {
    const float g = gradient[i];
    first[i] = 0.9F * first[i] + 0.1F * g;
    second[i] = 0.999F * second[i] + 0.001F * g * g;
    parameter[i] -= rate * first[i] / (sqrtf(second[i]) * correction + 1e-08F);
  }
}
