/* encoder.1: concat { 1 layer }   (test.lathe:6)
 * slice: dy[n, 80], dx[n, 4, 4, 2] */
static void encoder_1_slice(int n, int task, const float *restrict dy,
    float *restrict dx)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin * 16; r < end * 16; r++)
    memcpy(dx + r * 2, dy + r * 5, 2 * sizeof *dx);
}

/* encoder.1: concat { 1 layer }   (test.lathe:6)
 * slice: dy[n, 80], dx[n, 4, 4, 3] */
static void encoder_1_slice_2(int n, int task, const float *restrict dy,
    float *restrict dx)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin * 16; r < end * 16; r++)
    memcpy(dx + r * 3, dy + r * 5 + 2, 3 * sizeof *dx);
}
