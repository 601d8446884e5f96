/* encoder.0: conv2d 2, kernel 1   (test.lathe:5)
 * relayout: x[n, 3, 4, 4], y[n, 4, 4, 3] */
static void encoder_0_relayout(int n, int task, const float *restrict x,
    float *restrict y)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int i = begin; i < end; i++) {
    for (int p = 0; p < 16; p++) {
      for (int c = 0; c < 3; c++)
        y[i * 48 + p * 3 + c] = x[i * 48 + c * 16 + p];
    }
  }
}
