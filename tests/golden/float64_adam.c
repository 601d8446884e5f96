/* Adam (Kingma & Ba 2015, algorithm 1), in the form in which PyTorch computes it. */
static void update(void *arg, int task, int thread)
{
  (void)thread;
  const struct update *const u = arg;
  double *const restrict parameter = u->fixed;
  const double *const restrict gradient = u->fixed + TINY_GRADIENTS;
  double *const restrict first = u->fixed + TINY_FIRST_MOMENT;
  double *const restrict second = u->fixed + TINY_SECOND_MOMENT;
  const double rate = u->rate;
  const double correction = u->correction;
  const int begin = task * UPDATE_BLOCK;
  const int end = begin + UPDATE_BLOCK < TINY_TRAINED ? begin + UPDATE_BLOCK : TINY_TRAINED;
  for (int i = begin; i < end; i++) {
    const double g = gradient[i];
    first[i] = 0.9 * first[i] + 0.09999999999999998 * g;
    second[i] = 0.999 * second[i] + 0.0010000000000000009 * g * g;
    parameter[i] -= rate * first[i] / (sqrt(second[i]) * correction + 1e-08);
  }
}
