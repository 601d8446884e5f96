/* Adam (Kingma & Ba 2015, algorithm 1), in the form in which PyTorch computes it. */
void tiny_update(const struct tiny_update *update, int first_parameter, int count,
    const float *restrict gradient)
{
  float *const restrict parameter = update->fixed + first_parameter;
  float *const restrict exp_avg = parameter + TINY_EXP_AVG;
  float *const restrict exp_avg_sq = parameter + TINY_EXP_AVG_SQ;
  const float rate = update->rate;
  const float correction = update->correction;
  for (int i = 0; i < count; i++) {
    const float g = gradient[i];
    exp_avg[i] = 0.9F * exp_avg[i] + 0.1F * g;
    exp_avg_sq[i] = 0.999F * exp_avg_sq[i] + 0.001F * g * g;
    parameter[i] -= rate * exp_avg[i] / (sqrtf(exp_avg_sq[i]) * correction + 1e-08F);
  }
}
