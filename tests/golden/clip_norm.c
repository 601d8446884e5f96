static void square_part(void *arg, int task, int thread)
{
  (void)thread;
  struct norm *const norm = arg;
  const float *const g = norm->gradients + parts[task][0];
  const int count = parts[task][1], whole = count / 8 * 8;
  double sums[8] = {0};
  for (int i = 0; i < whole; i += 8)
    for (int k = 0; k < 8; k++)
      sums[k] += (double)g[i + k] * (double)g[i + k];
  for (int i = whole; i < count; i++)
    sums[0] += (double)g[i] * (double)g[i];
  norm->squares[task] = ((sums[0] + sums[1]) + (sums[2] + sums[3])) +
      ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/* What the gradients are multiplied by, so that their norm is at most 1.0. */
static float clipping_scale(struct lathe_state *state)
{
  struct norm norm = {.gradients = state->fixed + TINY_GRADIENTS};
  double square = 0;
  lathe_kernel(state, 18, 6, square_part, &norm);
  for (int i = 0; i < 6; i++)
    square += norm.squares[i];
  const double scale = 1.0 / (sqrt(square) + 1e-6); /* as PyTorch has it */
  return (float)(scale < 1 ? scale : 1);
}

struct lathe_loss tiny_train_step(struct lathe_state *state, int n, const float *images,
    const float *noise, double rate, int64_t step)
{
  (void)step;
  struct tiny_update update = {.fixed = state->fixed, .rate = (float)rate, .scale = 1};
  state->tables = 0; /* the weights are about to change */
  const struct lathe_loss loss = tiny_forward(state, n, images, noise);
  tiny_backward(state, n, images, noise, NULL);
  update.scale = clipping_scale(state);
  lathe_kernel(state, 19, 1, update_block, &update);
  return loss;
}
