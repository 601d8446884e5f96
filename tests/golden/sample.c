/* encoder.0: gaussian z   (test.lathe:5)
 * sample: mean[n, 2], logvar[n, 2], noise[n, 2], z[n, 2] */
static void encoder_0_sample(int n, int task, const float *restrict mean,
    const float *restrict logvar, const float *restrict noise, float *restrict z)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    const float *const mean_row = mean + r * 2;
    const float *const logvar_row = logvar + r * 2;
    const float *const noise_row = noise + r * 2;
    float *const z_row = z + r * 2;
    for (int c = 0; c < 2; c++) {
      z_row[c] = mean_row[c] + lathe_expf(0.5F * logvar_row[c]) * noise_row[c];
    }
  }
}
