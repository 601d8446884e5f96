/* decoder.0: linear 400   (test.lathe:10)
 * linear_input: dy[n, 400], w[2, 400], dx[n, 2]; 1.6 kFLOP an image */
static void decoder_0_linear_input(int n, int task, const float *restrict dy,
    const float *restrict w, float *restrict dx)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  lathe_dots(end - begin, 2, 400, dy + begin * 400, 400, w, 400, dx + begin * 2, 2);
}
