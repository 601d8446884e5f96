static void gather_chunk(void *arg, int task, int thread)
{
  (void)thread;
  const struct em_call *const call = arg;
  struct sums *const sums = &call->work->sums[task];
  memset(sums, 0, sizeof *sums);
  const int64_t blocks = (call->n + BLOCK - 1) / BLOCK;
  for (int64_t b = blocks * task / CHUNKS; b < blocks * (task + 1) / CHUNKS; b++) {
    struct block block = {.count = 0};
    load(&block, call->points + b * BLOCK * D, call->n - b * BLOCK);
    compare(&call->work->densities, &block);
    gather(&call->work->densities, &block, sums);
  }
}

int tiny_em_step(struct lathe_state *state, int64_t n, const float *points,
    struct lathe_mixture *mixture, double floor, double *log_likelihood)
{
  struct em_call call = {(struct workspace *)(void *)state->em, points, n};
  struct sums *const sums = call.work->sums;
  const int failed = prepare(mixture, &call.work->densities);
  if (failed != 0)
    return failed;
  lathe_parallel(state->pool, CHUNKS, gather_chunk, &call);
  for (int c = 1; c < CHUNKS; c++)
    add(&sums[0], &sums[c]);
  *log_likelihood = sums[0].log_likelihood / (double)n;
  maximise(mixture, &sums[0], n, floor);
  return 0;
}
