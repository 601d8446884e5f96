/* Stochastic gradient descent. */
static void update(void *arg, int task, int thread)
{
  (void)thread;
  const struct update *const u = arg;
  float *const restrict parameter = u->fixed;
  const float *const restrict gradient = u->fixed + TINY_GRADIENTS;
  const float rate = u->rate;
  const int begin = task * UPDATE_BLOCK;
  const int end = begin + UPDATE_BLOCK < TINY_TRAINED ? begin + UPDATE_BLOCK : TINY_TRAINED;
  for (int i = begin; i < end; i++)
    parameter[i] -= rate * gradient[i];
}
