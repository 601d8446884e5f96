/* Winograd's matrices: they must give the convolution, exactly where numbers are whole. */
#include "compiler/winograd.h"
#include "emitted.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* y = A^T [(G g) . (B^T d)] against the definition, for every tile and filter. */
START_TEST(filters)
{
  for (int r = 2; r <= WINOGRAD_TAPS; r++)
    for (int m = 1; m <= WINOGRAD_TILE; m++) {
      int points = m + r - 1;
      double b[WINOGRAD_POINTS][WINOGRAD_POINTS], g[WINOGRAD_POINTS][WINOGRAD_TAPS];
      double a[WINOGRAD_TILE][WINOGRAD_POINTS];
      winograd_data_matrix(m, r, b);
      winograd_filter_matrix(points, r, g);
      winograd_inverse_matrix(m, r, a);
      const double d[] = {3, -1, 4, 1, -5, 9}, tap[] = {2, -7, 5};
      double product[WINOGRAD_POINTS];
      for (int i = 0; i < points; i++) {
        double filter = 0, data = 0;
        for (int k = 0; k < r; k++)
          filter += g[i][k] * tap[k];
        for (int k = 0; k < points; k++)
          data += b[i][k] * d[k];
        product[i] = filter * data;
      }
      for (int j = 0; j < m; j++) {
        double y = 0, expected = 0;
        for (int i = 0; i < points; i++)
          y += a[j][i] * product[i];
        for (int k = 0; k < r; k++)
          expected += tap[k] * d[j + k];
        ck_assert_msg(fabs(y - expected) < 1e-12, "F(%d, %d): output %d is %g, not %g", m, r, j, y,
                      expected);
      }
    }
}
END_TEST

/* A smaller tile's filter values are the larger one's first: products of both go together. */
START_TEST(tiles_share_points)
{
  double small[WINOGRAD_POINTS][WINOGRAD_TAPS], large[WINOGRAD_POINTS][WINOGRAD_TAPS];
  winograd_filter_matrix(4, 2, small);
  winograd_filter_matrix(5, 2, large);
  for (int i = 0; i < 4; i++)
    for (int k = 0; k < 2; k++)
      ck_assert(small[i][k] == large[i][k]);
}
END_TEST

static const struct {
  struct convolution c;
  bool fits;
  int tiles, size, whole, rows;
} cases[] = {
    {{64, 14, 14, 128, 7, 7, {4, 2, 1, 1}, {4, 2, 1, 1}, 1, 0}, true, 2, 4, 1, 81}, /* 4 + 3, points
                                                                                       5 + 4 */
    {{64, 28, 28, 128, 14, 14, {4, 2, 1, 1}, {4, 2, 1, 1}, 1, 0}, true, 4, 4, 2, 324}, /* 4 + 4 + 3
                                                                                          + 3 */
    {{16, 8, 8, 32, 8, 8, {3, 1, 1, 1}, {3, 1, 1, 1}, 1, 0}, true, 2, 4, 2, 144},
    {{16, 5, 5, 32, 5, 5, {3, 1, 1, 1}, {3, 1, 1, 1}, 1, 0}, true, 2, 3, 1, 81}, /* 3 + 2 */
    {{16, 2, 2, 32, 1, 1, {4, 2, 1, 1}, {4, 2, 1, 1}, 1, 0}, true, 1, 1, 1, 4},
    {{1, 28, 28, 64, 14, 14, {4, 2, 1, 1}, {4, 2, 1, 1}, 1, 0}, false, 0, 0, 0, 0},
    {{64, 14, 14, 20, 7, 7, {4, 2, 1, 1}, {4, 2, 1, 1}, 1, 0}, false, 0, 0, 0, 0},
    {{64, 14, 14, 128, 14, 14, {1, 1, 0, 1}, {1, 1, 0, 1}, 1, 0}, false, 0, 0, 0, 0},
    {{64, 14, 14, 128, 10, 10, {5, 1, 0, 1}, {5, 1, 0, 1}, 1, 0}, false, 0, 0, 0, 0},
    {{64, 14, 14, 128, 6, 6, {3, 2, 0, 1}, {3, 2, 0, 1}, 1, 0}, false, 0, 0, 0, 0},
    {{16, 8, 8, 32, 4, 4, {3, 1, 0, 2}, {3, 1, 0, 2}, 1, 0}, false, 0, 0, 0, 0},
    {{32, 8, 8, 32, 8, 8, {3, 1, 1, 1}, {3, 1, 1, 1}, 2, 0}, false, 0, 0, 0, 0},
    {{16, 8, 8, 32, 8, 6, {3, 1, 1, 1}, {3, 1, 0, 1}, 1, 0}, false, 0, 0, 0, 0},
};

START_TEST(tiling)
{
  const struct convolution *c = &cases[_i].c;
  ck_assert(winograd_fits(c) == cases[_i].fits);
  if (!cases[_i].fits)
    return;
  struct winograd w = winograd_of(c);
  ck_assert_int_eq(w.y.tiles, cases[_i].tiles);
  ck_assert_int_eq(w.y.size, cases[_i].size);
  ck_assert_int_eq(w.y.whole, cases[_i].whole);
  ck_assert_int_eq(w.rows, cases[_i].rows);
  ck_assert_int_eq(w.x.whole * w.x.size + (w.x.tiles - w.x.whole) * (w.x.size - 1), c->out_width);
}
END_TEST

/* Transformed values lie in an order that has no shape: `trace` must not be told of them. */
START_TEST(transforms_are_not_shown)
{
  struct emitted e = emitted_open("tests/gradients/algorithms_winograd.lathe");
  bool image = false;
  for (int i = 0; i < e.model->value_count; i++) {
    const char *name = e.model->values[i].name;
    ck_assert_msg(strstr(name, "winograd") == NULL, "%s", name);
    image = image || strcmp(name, "encoder.2") == 0;
  }
  ck_assert(image);
  emitted_close(&e);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("winograd");
  TCase *tc = tcase_create("winograd");
  tcase_add_test(tc, filters);
  tcase_add_test(tc, tiles_share_points);
  tcase_add_loop_test(tc, tiling, 0, sizeof cases / sizeof *cases);
  tcase_add_test(tc, transforms_are_not_shown);
  tcase_set_timeout(tc, 60);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
