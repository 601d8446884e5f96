/* Stochastic gradient descent with momentum, as PyTorch's SGD. */
void tiny_update(const struct tiny_update *update, int first_parameter, int count,
    const float *restrict gradient)
{
  float *const restrict parameter = update->fixed + first_parameter;
  float *const restrict momentum_buffer = parameter + TINY_MOMENTUM_BUFFER;
  const float rate = update->rate;
  for (int i = 0; i < count; i++) {
    const float g = gradient[i];
    momentum_buffer[i] = 0.9F * momentum_buffer[i] + g;
    parameter[i] -= rate * momentum_buffer[i];
  }
}
