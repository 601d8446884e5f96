struct lathe_loss tiny_train_step(struct lathe_state *state, int n, const float *images,
    const float *noise, double rate, int64_t step)
{
  state->draw.step = (uint64_t)step;
  struct tiny_update update = {
    .fixed = state->fixed,
    .rate = (float)(rate / (1 - pow(0.9, (double)step))),
    .correction = (float)(1 / sqrt(1 - pow(0.999, (double)step))),
  };
  state->tables = 0; /* the weights are about to change */
  const struct lathe_loss loss = tiny_forward(state, n, images, noise);
  tiny_backward(state, n, images, noise, state->keep_gradients ? NULL : &update);
  lathe_kernel(state, 19, state->keep_gradients ? 6 : 3, update_block, &update);
  return loss;
}
