/* Adam (Kingma & Ba 2015, algorithm 1), in the form in which PyTorch computes it. */
void tiny_update(const struct tiny_update *update, int first_parameter, int count,
    const float *restrict gradient)
{
  float *const restrict parameter = update->fixed + first_parameter;
  float *const restrict first = parameter + TINY_FIRST_MOMENT;
  float *const restrict second = parameter + TINY_SECOND_MOMENT;
  const float rate = update->rate;
  const float correction = update->correction;
  for (int i = 0; i < count; i++) {
    const float g = gradient[i];
    first[i] = 0.9F * first[i] + 0.1F * g;
    second[i] = 0.999F * second[i] + 0.001F * g * g;
    parameter[i] -= rate * first[i] / (sqrtf(second[i]) * correction + 1e-08F);
  }
}
