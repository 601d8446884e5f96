/* The functions of runtime/vector_math.h against the C library's in double. */
#include "runtime/vector_math.h"
#include <check.h>
#include <float.h>
#include <stdlib.h>

static double exact_exp(double x)
{
  return exp(x);
}

static double exact_sigmoid(double x)
{
  return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static double exact_log1p_exp(double a)
{
  return log1p(exp(-a));
}

static double exact_softplus(double x)
{
  return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double exact_silu(double x)
{
  return x * exact_sigmoid(x);
}

static double exact_silu_slope(double x)
{
  return exact_sigmoid(x) * (1 + x * exact_sigmoid(-x));
}

static double exact_phi(double x)
{
  return erfc(-x / sqrt(2)) / 2;
}

static double exact_gelu(double x)
{
  return x * exact_phi(x);
}

static double exact_gelu_slope(double x)
{
  return exact_phi(x) + x * exp(-x * x / 2) / sqrt(8 * atan(1));
}

/* Between `low` and `high` the function follows the exact one to `ulps`; outside, where that leaves
 * float's normal numbers (or nearly), it keeps to its values at the ends. */
static const struct {
  const char *name;
  float (*function)(float);
  double (*exact)(double);
  float low, high;
  float least, most; /* inputs that the function is meant for */
  double ulps;
  double unit; /* errors of values below are measured in ULP of this: near a root */
} FUNCTIONS[] = {
    {"exp", lathe_expf, exact_exp, -87, 88, -FLT_MAX, FLT_MAX, 2, 0},
    {"expm1", lathe_expm1f, expm1, -FLT_MAX, 88, -FLT_MAX, FLT_MAX, 3, 0},
    {"sigmoid", lathe_sigmoidf, exact_sigmoid, -88, 87, -FLT_MAX, FLT_MAX, 3, 0},
    {"log1p_exp", lathe_log1p_expf, exact_log1p_exp, 0, 87, 0, FLT_MAX, 3, 0},
    {"tanh", lathe_tanhf, tanh, -FLT_MAX, FLT_MAX, -FLT_MAX, FLT_MAX, 4, 0},
    {"softplus", lathe_softplusf, exact_softplus, -87, FLT_MAX, -FLT_MAX, FLT_MAX, 3, 0},
    {"silu", lathe_siluf, exact_silu, -88, FLT_MAX, -FLT_MAX, FLT_MAX, 4, 0},
    {"silu_slope", lathe_silu_slopef, exact_silu_slope, -87, 87, -FLT_MAX, FLT_MAX, 4, 0.25},
    {"gelu", lathe_geluf, exact_gelu, -13, FLT_MAX, -FLT_MAX, FLT_MAX, 8, 0},
    {"gelu_slope", lathe_gelu_slopef, exact_gelu_slope, -13, 13, -FLT_MAX, FLT_MAX, 6, 0.25},
};
enum { FUNCTION_COUNT = sizeof FUNCTIONS / sizeof *FUNCTIONS };

static float float_of(uint32_t bits)
{
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static uint32_t bits_of(float x)
{
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* The distance between floats about y; that of the least normal ones below these. */
static double ulp_at(double y)
{
  int exponent;
  frexp(y, &exponent);
  return ldexp(1, (exponent < -125 ? -125 : exponent) - FLT_MANT_DIG);
}

static void check_at(int f, float x)
{
  if (!(x >= FUNCTIONS[f].least && x <= FUNCTIONS[f].most))
    return;
  float inside = fminf(fmaxf(x, FUNCTIONS[f].low), FUNCTIONS[f].high);
  double want = FUNCTIONS[f].exact((double)inside);
  float got = FUNCTIONS[f].function(x);
  /* Beyond the ends: what the ends give, or what lies between them and the exact value. */
  double off = fabs((double)got - want) / ulp_at(fmax(fabs(want), FUNCTIONS[f].unit));
  if (x < FUNCTIONS[f].low || x > FUNCTIONS[f].high) {
    double limit = FUNCTIONS[f].exact((double)x);
    if ((double)got >= fmin(limit, want) && (double)got <= fmax(limit, want))
      off = 0;
  }
  if (!(off <= FUNCTIONS[f].ulps))
    ck_abort_msg("%s(%.9g) is %.9g, exactly %.9g: off by %.2f ULP", FUNCTIONS[f].name, (double)x,
                 (double)got, want, off);
}

/* Floats from all over the range, a prime number of them apart. */
START_TEST(over_the_range)
{
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 1009)
    check_at(_i, float_of((uint32_t)bits));
}
END_TEST

/* Every float near the ends, near 0, and where the power of 2 changes. */
START_TEST(about_special_values)
{
  float values[400] = {0, 1e-30F, 1, -1, 87, -87, 88, -88, 88.72F, -87.34F, -103.97F, 100, -100};
  int count = 13;
  for (int k = -126; k <= 126; k++)
    values[count++] = (float)((k + 0.5) * log(2));
  for (int i = 0; i < count; i++)
    for (uint32_t step = 0; step < 2000; step++) {
      check_at(_i, float_of(bits_of(values[i]) + step));
      check_at(_i, float_of(bits_of(values[i]) - step));
    }
}
END_TEST

START_TEST(extremes)
{
  static const float VALUES[] = {0.0F, -0.0F,   FLT_TRUE_MIN, -FLT_TRUE_MIN, FLT_MIN,
                                 1e4F, FLT_MAX, -1e4F,        -FLT_MAX};
  for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
    check_at(_i, VALUES[i]);
    ck_assert(isfinite(FUNCTIONS[_i].function(VALUES[i])) || VALUES[i] < FUNCTIONS[_i].least);
  }
  check_at(_i, 89);
  ck_assert(isfinite(FUNCTIONS[_i].function(HUGE_VALF)) || FUNCTIONS[_i].high == FLT_MAX);
  ck_assert(FUNCTIONS[_i].function(NAN) != FUNCTIONS[_i].function(NAN));
  ck_assert(lathe_sigmoidf(200) == 1.0F && lathe_sigmoidf(0) == 0.5F && lathe_expf(0) == 1.0F);
  ck_assert(lathe_sigmoidf(-200) >= 0 && lathe_sigmoidf(-200) < FLT_MIN);
  ck_assert(lathe_log1p_expf(200) >= 0 && lathe_log1p_expf(200) < 2 * FLT_MIN);
}
END_TEST

START_TEST(in_double)
{
  static const double VALUES[] = {0, 1e-300, 1, 30, 745, 800, 1e300};
  for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++)
    for (int sign = -1; sign <= 1; sign += 2) {
      double x = sign * VALUES[i], a = VALUES[i];
      ck_assert_double_eq_tol(lathe_sigmoid(x), exact_sigmoid(x > -700 ? x : -700), 1e-15);
      ck_assert_double_eq_tol(lathe_log1p_exp(a), exact_log1p_exp(a), 1e-15);
      double m = fmax(x, -700); /* beyond, products with infinities */
      ck_assert_double_eq_tol(lathe_silu(x), exact_silu(m), 1e-15 * fmax(1, x));
      ck_assert_double_eq_tol(lathe_silu_slope(x), exact_silu_slope(fmin(m, 700)), 1e-15);
      ck_assert_double_eq_tol(lathe_gelu(x), exact_gelu(fmax(x, -38)), 1e-15 * fmax(1, x));
      ck_assert_double_eq_tol(lathe_gelu_slope(x), exact_gelu_slope(fmin(m, 38)), 1e-15);
      ck_assert_double_eq_tol(lathe_softplus(x), exact_softplus(x), 1e-15 * fmax(1, x));
      ck_assert(lathe_tanh(x) == tanh(x) && lathe_expm1(x) == expm1(x));
      ck_assert(x > 700 || isfinite(lathe_exp(x)));
    }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("vector_math");
  TCase *cases = tcase_create("vector_math");
  tcase_set_timeout(cases, 60);
  tcase_add_loop_test(cases, over_the_range, 0, FUNCTION_COUNT);
  tcase_add_loop_test(cases, about_special_values, 0, FUNCTION_COUNT);
  tcase_add_loop_test(cases, extremes, 0, FUNCTION_COUNT);
  tcase_add_test(cases, in_double);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
