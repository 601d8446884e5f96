/* Emitted models in float32 against PyTorch in double; emitted mixtures against scikit-learn and
 * PyTorch. Both start from the same float32 numbers, so that what differs is float32's rounding.
 *
 * After one step of backward pass that is 1e-6 of a norm at most. Training makes more of it in two
 * ways: Adam moves a weight by its whole rate whose gradient is rounding alone, and a ReLU's input
 * of no more than rounding may fall on either side of the kink. The wider tolerances of models
 * trained with Adam, and of digits_conv with its 600,000 ReLUs a step, allow for these; PyTorch
 * in float32 differs from itself in double by as much (up to 1e-3 in ten steps, by the seed). */
#include "emitted_mixture.h"

#define LAYERS                                                                                     \
  {                                                                                                \
    .forward = 1e-5, .gradient = 1e-5, .trained = 1e-5, .least = 1e-2                              \
  }
#define WITH_ADAM                                                                                  \
  {                                                                                                \
    .forward = 1e-5, .gradient = 1e-5, .trained = 1e-4, .least = 1e-2                              \
  }
#define WITH_MANY_KINKS                                                                            \
  {                                                                                                \
    .forward = 1e-5, .gradient = 1e-5, .trained = 5e-3, .least = 1e-2                              \
  }

static const struct {
  const char *name;
  struct tolerance tolerance;
} SMALL[] =
    {
        {"batchnorm1d", LAYERS},      {"batchnorm2d", LAYERS}, {"colour_vae", WITH_ADAM},
        {"conv2d", LAYERS},           {"conv_vae", WITH_ADAM}, {"linear", LAYERS},
        {"conv_transpose2d", LAYERS}, {"mlp", WITH_ADAM},      {"reshapes", LAYERS},
        {"transposed", LAYERS},
},
  SHIPPED[] = {
      {"digits_conv", WITH_MANY_KINKS},
      {"digits_mlp", WITH_ADAM},
};

START_TEST(small_models)
{
  check_small_model(SMALL[_i].name, SMALL[_i].tolerance);
}
END_TEST

START_TEST(shipped_models)
{
  check_shipped_model(SHIPPED[_i].name, SHIPPED[_i].tolerance);
}
END_TEST

START_TEST(mixtures)
{
  check_mixture(_i);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("reference");
  TCase *cases = tcase_create("reference");
  tcase_set_timeout(cases, 120);
  tcase_add_loop_test(cases, small_models, 0, sizeof SMALL / sizeof *SMALL);
  tcase_add_loop_test(cases, shipped_models, 0, sizeof SHIPPED / sizeof *SHIPPED);
  tcase_add_loop_test(cases, mixtures, 0, KINDS);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
