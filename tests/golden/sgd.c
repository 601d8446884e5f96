/* Stochastic gradient descent. */
void tiny_update(const struct tiny_update *update, int first_parameter, int count,
    const float *restrict gradient)
{
  float *const restrict parameter = update->fixed + first_parameter;
  const float rate = update->rate;
  for (int i = 0; i < count; i++) {
    const float g = gradient[i];
    parameter[i] -= rate * g;
  }
}
