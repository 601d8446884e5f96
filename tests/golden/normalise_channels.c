/* input.relayout
 * relayout + standardise: x[n, 2, 2, 3], shift[2], scale[2], y[n, 2, 3, 2] */
static void relayout(int n, int task, const float *restrict x,
    const float *restrict shift, const float *restrict scale, float *restrict y)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int i = begin; i < end; i++) {
    for (int p = 0; p < 6; p++) {
      for (int c = 0; c < 2; c++)
        y[i * 12 + p * 2 + c] = x[i * 12 + c * 6 + p];
    }
  }
  for (int r = begin * 6; r < end * 6; r++) {
    float *const y_row = y + r * 2;
    for (int c = 0; c < 2; c++) {
      y_row[c] = (y_row[c] - shift[c]) / scale[c];
    }
  }
}

/* restored
 * restore: y[n, 12], shift[2], scale[2] */
static void restore(int n, int task, float *restrict y,
    const float *restrict shift, const float *restrict scale)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin * 6; r < end * 6; r++) {
    float *const y_row = y + r * 2;
    for (int c = 0; c < 2; c++) {
      y_row[c] = y_row[c] * scale[c] + shift[c];
    }
  }
}
