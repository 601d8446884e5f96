/* Centred RMSprop (Graves 2013), as PyTorch's. */
void tiny_update(const struct tiny_update *update, int first_parameter, int count,
    const float *restrict gradient)
{
  float *const restrict parameter = update->fixed + first_parameter;
  float *const restrict momentum_buffer = parameter + TINY_MOMENTUM_BUFFER;
  float *const restrict square_avg = parameter + TINY_SQUARE_AVG;
  float *const restrict grad_avg = parameter + TINY_GRAD_AVG;
  const float rate = update->rate;
  for (int i = 0; i < count; i++) {
    const float g = gradient[i];
    square_avg[i] = 0.99F * square_avg[i] + 0.01F * g * g;
    grad_avg[i] += 0.01F * (g - grad_avg[i]);
    const float variance = square_avg[i] - grad_avg[i] * grad_avg[i];
    const float scaled = g / (sqrtf(variance > 0 ? variance : 0) + 1e-08F);
    momentum_buffer[i] = 0.5F * momentum_buffer[i] + scaled;
    parameter[i] -= rate * momentum_buffer[i];
  }
}
