/* decoder.0: linear 24   (test.lathe:10)
 * linear_input: dy[n, 24], w[3, 24], dx[n, 3] */
static void decoder_0_linear_input(int n, int task, const float *restrict dy,
    const float *restrict w, float *restrict dx)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  lathe_dots(end - begin, 3, 24, dy + begin * 24, 24, w, 24, dx + begin * 3, 3);
}
