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
  lathe_kernel(state, 1, (n + 31) / 32, forward_1, &call);
  lathe_kernel(state, 2, (n + 15) / 16, forward_2, &call);
  lathe_kernel(state, 3, (n + 13) / 14, forward_3, &call);
  lathe_kernel(state, 4, (n + 15) / 16, forward_4, &call);
  lathe_kernel(state, 5, (n + 15) / 16, forward_5, &call);
  const double *const reconstruction =
      (const double *)(const void *)(call.batch + call.capacity * TRAIN_RECONSTRUCTION);
  const double *const kl = (const double *)(const void *)(call.batch + call.capacity * TRAIN_KL);
  struct lathe_loss loss = {0};
  for (int i = 0; i < n; i++) {
    loss.reconstruction += reconstruction[i];
    loss.kl += kl[i];
  }
  loss.reconstruction /= n;
  loss.kl /= n;
  loss.total = loss.reconstruction + 2.0 * loss.kl;
  const float *const logvar = call.batch + call.capacity * TRAIN_LOGVAR;
  for (int i = 0; i < n * 2; i++)
    loss.clamped += logvar[i] <= -30.0F || logvar[i] >= 20.0F;
  return loss;
}
