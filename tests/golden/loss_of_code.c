struct lathe_loss tiny_forward(struct lathe_state *state, int n, const float *images,
    const float *noise)
{
  struct tiny_call call = {
    .n = n,
    .capacity = (size_t)state->capacity,
    .fixed = state->fixed,
    .batch = state->batch,
    .scratch = state->scratch,
    .images = images,
    .noise = noise,
  };
  lathe_kernel(state, 0, (n + 31) / 32, forward_0, &call);
  lathe_kernel(state, 1, (n + 13) / 14, forward_1, &call);
  lathe_kernel(state, 2, (n + 15) / 16, forward_2, &call);
  const double *const reconstruction =
      (const double *)(const void *)(call.batch + call.capacity * TRAIN_RECONSTRUCTION);
  double sum = 0;
  for (int i = 0; i < n; i++)
    sum += reconstruction[i];
  return (struct lathe_loss){.reconstruction = sum / n, .total = sum / n};
}
