/* Axes reversed in place, compared with what their definition says, for every small matrix and for
 * some larger arrays. */
#include "make_files.h"
#include "runtime/transpose.h"

enum { MOST = 1 << 20 };

static unsigned char before[8 * MOST], after[8 * MOST];

/* Element i holds its number in Fortran order, in all of its bytes' room. */
static void check(int rank, const int64_t *shape, size_t size)
{
  int64_t count = 1, index[LATHE_ARRAY_RANK] = {0};
  for (int i = 0; i < rank; i++)
    count *= shape[i];
  ck_assert_int_le(count, MOST);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t value = (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15);
    memcpy(before + (size_t)i * size, &value, size);
  }
  memcpy(after, before, (size_t)count * size);
  ck_assert_msg(lathe_reverse_axes(after, rank, shape, size, &err), "%s", err.text);
  for (int64_t i = 0; i < count; i++) {
    int64_t from = 0;
    for (int axis = rank - 1; axis >= 0; axis--)
      from = from * shape[axis] + index[axis];
    if (memcmp(after + (size_t)i * size, before + (size_t)from * size, size) != 0) {
      char text[LATHE_SHAPE_TEXT];
      ck_abort_msg("element %lld of %s, %zu bytes", (long long)i,
                   lathe_shape_text(text, rank, shape), size);
    }
    for (int axis = rank - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--)
      index[axis] = 0;
  }
}

static const size_t SIZES[] = {1, 2, 4, 8};

START_TEST(small_matrices)
{
  for (int64_t m = 0; m <= 40; m++)
    for (int64_t n = 0; n <= 40; n++)
      check(2, (int64_t[]){m, n}, SIZES[_i]);
}
END_TEST

/* More columns than are moved at a time, extents that share factors or none. */
static const struct {
  int rank;
  int64_t shape[5];
} LARGER[] = {
    {0, {0}},
    {1, {1000}},
    {2, {1000, 784}},
    {2, {784, 1000}},
    {2, {1009, 1013}},
    {2, {512, 2048}},
    {2, {3, 300000}},
    {2, {300000, 3}},
    {3, {60, 28, 28}},
    {3, {7, 11, 13}},
    {3, {4, 0, 5}},
    {4, {50, 3, 32, 32}},
    {5, {2, 3, 4, 5, 6}},
    {4, {1, 64, 1, 96}},
};

START_TEST(larger_arrays)
{
  for (int k = 0; k < 4; k++)
    check(LARGER[_i].rank, LARGER[_i].shape, SIZES[k]);
}
END_TEST

int main(void)
{
  TCase *tests = tcase_create("transpose");
  tcase_add_loop_test(tests, small_matrices, 0, 4);
  tcase_add_loop_test(tests, larger_arrays, 0, sizeof LARGER / sizeof *LARGER);
  return run_case(tests, "transpose");
}
