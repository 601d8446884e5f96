/* Adam (Kingma & Ba 2015, algorithm 1), in the form in which PyTorch computes it. */
void tiny_update(const struct tiny_update *update, int first_parameter, int count,
    const double *restrict gradient)
{
  double *const restrict parameter = update->fixed + first_parameter;
  double *const restrict exp_avg = parameter + TINY_EXP_AVG;
  double *const restrict exp_avg_sq = parameter + TINY_EXP_AVG_SQ;
  const double rate = update->rate;
  const double correction = update->correction;
  for (int i = 0; i < count; i++) {
    const double g = gradient[i];
    exp_avg[i] = 0.9 * exp_avg[i] + 0.09999999999999998 * g;
    exp_avg_sq[i] = 0.999 * exp_avg_sq[i] + 0.0010000000000000009 * g * g;
    parameter[i] -= rate * exp_avg[i] / (sqrt(exp_avg_sq[i]) * correction + 1e-08);
  }
}
