/* encoder.0: gaussian z   (test.lathe:5)
 * sample_grad_logvar + add + clamp_grad: dz[n, 2], logvar[n, 2], noise[n, 2], a[n, 2] */
static void encoder_0_sample_grad_logvar(int n, int task, float *restrict dz,
    const float *restrict logvar, const float *restrict noise, const float *restrict a)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const dz_row = dz + r * 2;
    const float *const logvar_row = logvar + r * 2;
    const float *const noise_row = noise + r * 2;
    const float *const a_row = a + r * 2;
    for (int c = 0; c < 2; c++) {
      const float sample_grad_logvar0 = dz_row[c] * 0.5F * lathe_expf(0.5F * logvar_row[c]) *
          noise_row[c];
      const float add1 = sample_grad_logvar0 + a_row[c];
      dz_row[c] = logvar_row[c] <= -30.0F || logvar_row[c] >= 20.0F ? 0.0F : add1;
    }
  }
}
