/* Adam (Kingma & Ba 2015, algorithm 1), in the form in which PyTorch computes it. */
void tiny_update(const struct tiny_update *update, int first_parameter, int count,
    const double *restrict gradient)
{
  double *const restrict parameter = update->fixed + first_parameter;
  double *const restrict first = parameter + TINY_FIRST_MOMENT;
  double *const restrict second = parameter + TINY_SECOND_MOMENT;
  const double rate = update->rate;
  const double correction = update->correction;
  for (int i = 0; i < count; i++) {
    const double g = gradient[i];
    first[i] = 0.9 * first[i] + 0.09999999999999998 * g;
    second[i] = 0.999 * second[i] + 0.0010000000000000009 * g * g;
    parameter[i] -= rate * first[i] / (sqrt(second[i]) * correction + 1e-08);
  }
}
