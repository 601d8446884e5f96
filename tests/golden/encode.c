void tiny_encode(struct lathe_state *state, int n, const float *images, float *mean,
    float *logvar)
{
  struct tiny_call call = {
    .n = n,
    .capacity = (size_t)state->capacity,
    .fixed = state->fixed,
    .batch = state->batch,
    .scratch = state->scratch,
    .images = images,
    .mean = mean,
    .logvar = logvar,
  };
  lathe_parallel(state->pool, (n + 31) / 32, encode_0, &call);
  lathe_parallel(state->pool, (n + 31) / 32, encode_1, &call);
  if (logvar != NULL)
    lathe_parallel(state->pool, (n + 31) / 32, encode_2, &call);
}
