/* Stochastic gradient descent. */
void tiny_update(const struct tiny_update *update, int first_parameter, int count,
    const float *restrict gradient)
{
  float *const restrict parameter = update->fixed + first_parameter;
  const float rate = update->rate;
  for (int i = 0; i < count; i++) {
    const float bounded = gradient[i] > 1.0F ? 1.0F : gradient[i] < -1.0F ? -1.0F : gradient[i];
    const float g = bounded;
    parameter[i] -= rate * g;
  }
}
