/* A component that has lost all its points keeps its place, with weight 0. */
static void maximise(struct lathe_mixture *mixture, const struct densities *densities,
    struct sums *sums, int64_t n, double floor)
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
      shift[i] = mixture->means[k * D + i] - densities->centre[i];
    for (int i = 0; i < D; i++)
      for (int j = 0; j <= i; j++)
        sums->second[packed(i, j)] -= count * shift[i] * shift[j];
  }
  for (int i = 0; i < D; i++) {
    for (int j = 0; j <= i; j++) {
      const double value = sums->second[packed(i, j)] / (double)n;
      mixture->covariances[i * D + j] = value;
      mixture->covariances[j * D + i] = value;
    }
    mixture->covariances[i * D + i] += floor;
  }
}
