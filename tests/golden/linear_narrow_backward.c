/* decoder.0: linear 24   (test.lathe:10)
 * linear_input: dy[n, 24], w[24, 3], dx[n, 3] */
static void decoder_0_linear_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, float *restrict dx)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  const struct lathe_panels w_panels =
          lathe_pack(24, 3, w, 3, scratch);
  lathe_product(end - begin, 3, 24, (struct lathe_rows){dy + begin * 24, 24, 1}, w_panels, 0,
      dx + begin * 3, 3);
}
