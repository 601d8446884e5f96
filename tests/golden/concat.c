/* encoder.1: concat { 1 layer }   (test.lathe:6)
 * concat: x[n, 4, 4, 2], more[n, 4, 4, 3], y[n, 4, 4, 5] */
static void encoder_1_concat(int n, int task, const float *restrict x,
    const float *restrict more, float *restrict y)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin * 16; r < end * 16; r++) {
    memcpy(y + r * 5, x + r * 2, 2 * sizeof *y);
    memcpy(y + r * 5 + 2, more + r * 3, 3 * sizeof *y);
  }
}
