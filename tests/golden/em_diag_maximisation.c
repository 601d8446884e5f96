/* A component that has lost all its points keeps its place, with weight 0. */
static void maximise(struct lathe_mixture *mixture, struct sums *sums, int64_t n, double floor)
{
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
    for (int i = 0; i < D; i++)
      mixture->covariances[k * D + i] =
        sums->second[k * D + i] / count - shift[i] * shift[i] + floor;
  }
}
