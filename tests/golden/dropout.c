/* encoder.1: dropout 0.25   (test.lathe:6)
 * dropout_mask: mask[n, 5] */
static void encoder_1_dropout_mask(int n, int task, struct lathe_draw draw,
    float *restrict mask)
{
  const int begin = task * 4;
  const int end = begin + 4 < n ? begin + 4 : n;
  for (int i = begin; i < end; i++) {
    const uint64_t first = ((uint64_t)0 << 48) + (uint64_t)i * 2;
    lathe_random_mask(draw, first, 5, 0.25, mask + i * 5);
  }
}

/* encoder.1: dropout 0.25   (test.lathe:6)
 * drop: x[n, 5], mask[n, 5] */
static void encoder_1_drop(int n, int task, float *restrict x,
    const float *restrict mask)
{
  const int begin = task * 16;
  const int end = begin + 16 < n ? begin + 16 : n;
  for (int r = begin; r < end; r++) {
    float *const x_row = x + r * 5;
    const float *const mask_row = mask + r * 5;
    for (int c = 0; c < 5; c++) {
      x_row[c] = x_row[c] * mask_row[c];
    }
  }
}
