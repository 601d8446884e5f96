/* encoder.0: conv2d 4, kernel 2, stride 2; batchnorm   (test.lathe:5)
 * conv + bias + normalise_running: x[n, 1, 6, 6], w[2, 2, 1, 4], b[4], running_mean[4],
 * running_var[4], gamma[4], beta[4], y[n, 3, 3, 4] */
static void encoder_0_conv(int n, int task, float *restrict scratch,
    const float *restrict x, const float *restrict w, const float *restrict b,
    const float *restrict running_mean, const float *restrict running_var,
    const float *restrict gamma, const float *restrict beta, float *restrict y)
{
  const int begin = task * 8;
  const int end = begin + 8 < n ? begin + 8 : n;
  float *column = scratch;
  for (int i = begin; i < end; i++) {
    const float *const image = x + i * 36;
    for (int oy = 0; oy < 3; oy++) {
      for (int ox = 0; ox < 3; ox++) {
        for (int ky = 0; ky < 2; ky++) {
          memcpy(column, image + (oy * 2 + ky) * 6 + ox * 2, 2 * sizeof *column);
          column += 2;
        }
      }
    }
  }
  const struct lathe_panels panels = lathe_pack(4, 4, w, 4, scratch + 288);
  lathe_product((end - begin) * 9, 4, 4, (struct lathe_rows){scratch, 4, 1},
      panels, 0, y + begin * 9 * 4, 4);
  for (int r = begin * 9; r < end * 9; r++) {
    float *const y_row = y + r * 4;
    for (int c = 0; c < 4; c++) {
      const float bias1 = y_row[c] + b[c];
      y_row[c] = (bias1 - running_mean[c]) / sqrtf(running_var[c] + 1e-05F) * gamma[c] + beta[c];
    }
  }
}
