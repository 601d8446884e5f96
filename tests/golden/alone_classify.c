int tiny_classify(const struct lathe_mixture *mixture, int64_t n, const float *points,
    double *posterior, int *component)
{
  const int failed = tiny_responsibilities(mixture, n, points, posterior, NULL);
  for (int64_t i = 0; i < n && failed == 0; i++) {
    const double *const p = posterior + i * TINY_COMPONENTS;
    int best = 0;
    for (int k = 1; k < TINY_COMPONENTS; k++)
      best = p[k] > p[best] ? k : best;
    component[i] = best;
  }
  return failed;
}
