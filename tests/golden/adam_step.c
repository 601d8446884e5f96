struct lathe_loss tiny_train_step(struct lathe_state *state, int n, const float *images,
    const float *noise, double rate, int64_t step)
{
  const struct lathe_loss loss = tiny_forward(state, n, images, noise);
  tiny_backward(state, n, images, noise);
  struct update u = {
    .fixed = state->fixed,
    .rate = (float)(rate / (1 - pow(0.9, (double)step))),
    .correction = (float)(1 / sqrt(1 - pow(0.999, (double)step))),
  };
  lathe_parallel(state->pool, (TINY_TRAINED + UPDATE_BLOCK - 1) / UPDATE_BLOCK, update, &u);
  return loss;
}
