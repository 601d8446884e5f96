/* The vectors of runtime/lanes.h, lane by lane against the C library. */
#include "runtime/lanes.h"
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

static lathe_lanes lanes_of(double x)
{
  return (lathe_lanes){0} + x;
}

static double exp2_of(double x)
{
  lathe_lanes lanes = lanes_of(x);
  lathe_lanes_exp2(&lanes);
  for (int l = 1; l < LATHE_DOUBLES; l++)
    ck_assert(memcmp(&lanes, (double *)&lanes + l, sizeof x) == 0);
  return lanes[0];
}

/* Within 2 ULP from 0 down to where results would lose digits; every step is another fraction. */
START_TEST(exp2_follows_the_library)
{
  for (double x = 0; x >= -1021; x -= 0.037109375) {
    double y = exp2_of(x);
    long double exact = exp2l(x);
    double ulp = ldexp(1, (int)floor(x) - (DBL_MANT_DIG - 1));
    ck_assert_msg(fabsl(y - exact) <= 2 * ulp, "exp2(%.17g) is %.17g, expected %.17Lg", x, y, exact);
  }
}
END_TEST

static const struct {
  double x, y;
} ENDS[] = {
    {0, 1},         {-0.0, 1},          {-1, 0.5},          {-1021, 0x1p-1021}, {-1021.0001, 0},
    {-1022, 0},     {-1e6, 0},          {-1e300, 0},        {-INFINITY, 0},     {-0x1p-60, 1},
    {-52, 0x1p-52}, {-1000, 0x1p-1000}, {-2147483649.0, 0},
};

START_TEST(exp2_at_the_ends)
{
  ck_assert_double_eq(exp2_of(ENDS[_i].x), ENDS[_i].y);
}
END_TEST

START_TEST(exp2_keeps_what_is_no_number)
{
  ck_assert(isnan(exp2_of(NAN)));
  ck_assert(isnan(exp2_of(-NAN)));
}
END_TEST

START_TEST(sum_takes_every_lane)
{
  lathe_lanes x = {0};
  double sum = 0;
  for (int l = 0; l < LATHE_DOUBLES; l++) {
    x[l] = ldexp(1, 3 * l);
    sum += x[l];
  }
  ck_assert_double_eq(lathe_lanes_sum(&x), sum);
}
END_TEST

/* The larger; what is no number raises nothing. */
START_TEST(raise_takes_the_larger)
{
  static const double values[] = {-INFINITY, -2, -0.5, 0, 3, INFINITY, NAN};
  enum { COUNT = sizeof values / sizeof *values };
  for (int i = 0; i < COUNT - 1; i++) {
    for (int j = 0; j < COUNT; j++) {
      lathe_lanes most = lanes_of(values[i]), x = lanes_of(values[j]);
      most[LATHE_DOUBLES - 1] = -7;
      x[LATHE_DOUBLES - 1] = -8;
      lathe_lanes_raise(&most, &x);
      ck_assert_double_eq(most[0], values[j] > values[i] ? values[j] : values[i]);
      ck_assert_double_eq(most[LATHE_DOUBLES - 1], -7);
    }
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("lanes");
  TCase *tests = tcase_create("lanes");
  tcase_add_test(tests, exp2_follows_the_library);
  tcase_add_loop_test(tests, exp2_at_the_ends, 0, sizeof ENDS / sizeof *ENDS);
  tcase_add_test(tests, exp2_keeps_what_is_no_number);
  tcase_add_test(tests, sum_takes_every_lane);
  tcase_add_test(tests, raise_takes_the_larger);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
