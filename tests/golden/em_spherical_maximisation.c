static void gather(void *arg, int task, int thread)
{
  (void)thread;
  const struct em_call *const call = arg;
  struct sums *const sums = call->sums + task;
  memset(sums, 0, sizeof *sums);
  const int64_t begin = call->n * task / CHUNKS;
  const int64_t end = call->n * (task + 1) / CHUNKS;
  for (int64_t p = begin; p < end; p++) {
    double differences[K][D];
    double posterior[K];
    sums->log_likelihood +=
        posterior_of(call->components, call->points + p * D, differences, posterior);
    for (int k = 0; k < K; k++) {
      const double r = posterior[k];
      const double *const difference = differences[k];
      sums->count[k] += r;
      for (int i = 0; i < D; i++)
        sums->first[k * D + i] += r * difference[i];
      double square = 0;
      for (int i = 0; i < D; i++)
        square += difference[i] * difference[i];
      sums->second[k] += r * square;
    }
  }
}

/* A component that has lost all its points keeps its place, with weight 0. */
static void maximise(struct lathe_mixture *mixture, struct sums *sums, int64_t n, double floor)
{
  double *const second = sums->second;
  for (int k = 0; k < K; k++) {
    const double count = sums->count[k];
    mixture->weights[k] = count / (double)n;
    if (!(count > 0))
      continue;
    double shift[D];
    for (int i = 0; i < D; i++) {
      shift[i] = sums->first[k * D + i] / count;
      mixture->means[k * D + i] += shift[i];
    }
    double moved = 0;
    for (int i = 0; i < D; i++)
      moved += shift[i] * shift[i];
    mixture->covariances[k] = (second[k] / count - moved) / D + floor;
  }
}
