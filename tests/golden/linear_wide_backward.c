/* decoder.0: linear 400   (test.lathe:10)
 * linear_input: dy[n, 400], w[400, 2], dx[n, 2]; 1.6 kFLOP an image */
static void decoder_0_linear_input(int n, int task, float *restrict scratch,
    const float *restrict dy, const float *restrict w, float *restrict dx)
{
  const int begin = task * 32;
  const int end = begin + 32 < n ? begin + 32 : n;
  const struct lathe_panels w_panels =
          lathe_pack(400, 2, w, 2, scratch);
  lathe_product(end - begin, 2, 400, (struct lathe_rows){dy + begin * 400, 400, 1}, w_panels, 0,
      dx + begin * 2, 2);
}
