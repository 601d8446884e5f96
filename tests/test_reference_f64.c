/* Emitted models in float64 against PyTorch; emitted mixtures against scikit-learn and PyTorch. */
#include "emitted_mixture.h"

static const char *const SMALL[] = {
    "batchnorm1d", "batchnorm2d", "colour_vae", "conv2d",   "conv_transpose2d",
    "conv_vae",    "linear",      "mlp",        "reshapes", "transposed",
};
static const char *const SHIPPED[] = {"digits_conv", "digits_mlp"};

/* Both sides round in double: what differs is the order of sums. */
static const struct tolerance TOLERANCE = {
    .forward = 1e-9,
    .gradient = 1e-9,
    .trained = 1e-9,
    .least = 1e-3,
};

START_TEST(small_models)
{
  check_small_model(SMALL[_i], TOLERANCE);
}
END_TEST

START_TEST(shipped_models)
{
  check_shipped_model(SHIPPED[_i], TOLERANCE);
}
END_TEST

START_TEST(mixtures)
{
  check_mixture(_i);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("reference_f64");
  TCase *cases = tcase_create("reference_f64");
  tcase_set_timeout(cases, 120);
  tcase_add_loop_test(cases, small_models, 0, sizeof SMALL / sizeof *SMALL);
  tcase_add_loop_test(cases, shipped_models, 0, sizeof SHIPPED / sizeof *SHIPPED);
  tcase_add_loop_test(cases, mixtures, 0, KINDS);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
