/* encoder.1: groupnorm 2   (test.lathe:6)
 * group_normalise + affine: x[n, 4, 4, 4], moments[n, 2, 2], gamma[4], beta[4], y[n, 4, 4, 4] */
static void encoder_1_group_normalise(int n, int task, const float *restrict x,
    const float *restrict moments, const float *restrict gamma, const float *restrict beta,
    float *restrict y)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    for (int g = 0; g < 2; g++) {
      const int first = i * 64 + g * 2;
      const float mean = moments[i * 4 + g];
      const float scale = moments[i * 4 + 2 + g];
      for (int r = 0; r < 16; r++) {
        for (int c = first + r * 4; c < first + r * 4 + 2; c++)
          y[c] = (x[c] - mean) * scale;
      }
    }
  }
  for (int r = begin * 16; r < end * 16; r++) {
    float *const y_row = y + r * 4;
    for (int c = 0; c < 4; c++) {
      y_row[c] = y_row[c] * gamma[c] + beta[c];
    }
  }
}

/* encoder.1: groupnorm 2   (test.lathe:6)
 * affine: x[n, 4, 4, 4], gamma[4], beta[4], y[n, 4, 4, 4] */
static void encoder_1_affine(int n, int task, const float *restrict x,
    const float *restrict gamma, const float *restrict beta, float *restrict y)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin * 16; r < end * 16; r++) {
    const float *const x_row = x + r * 4;
    float *const y_row = y + r * 4;
    for (int c = 0; c < 4; c++) {
      y_row[c] = x_row[c] * gamma[c] + beta[c];
    }
  }
}
