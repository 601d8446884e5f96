/* Emitted models against PyTorch, ten training steps of each. */
#include "torch_models.h"

static const struct {
  const char *name;
  const struct tolerance *tolerance;
} SMALL[] =
    {
        {"activations", &LAYERS},
        {"batchnorm1d", &LAYERS},
        {"batchnorm2d", &LAYERS},
        {"colour_vae", &WITH_ADAM},
        {"conv2d", &LAYERS},
        {"conv_vae", &WITH_ADAM},
        {"linear", &LAYERS},
        {"conv_transpose2d", &LAYERS},
        {"mlp", &WITH_ADAM},
        {"normalisation", &LAYERS},
        {"pooling", &LAYERS},
        {"reshapes", &LAYERS},
        {"normalise", &LAYERS},
        {"normalise_all", &LAYERS},
        {"normalise_value", &LAYERS},
        {"residual", &LAYERS},
        {"shortcut", &LAYERS},
        {"transposed", &LAYERS},
        {"autoencoder", &LAYERS},
        {"categorical", &LAYERS},
        {"free_bits", &LAYERS},
        {"categorical_mode", &LAYERS},
        {"variance_each", &LAYERS},
        {"variance_learned", &LAYERS},
        {"variance_predicted", &LAYERS},
},
  SHIPPED[] = {
      {"digits_conv", &WITH_MANY_KINKS},
      {"digits_mlp", &WITH_ADAM},
};

START_TEST(small_models)
{
  check_small_model(SMALL[_i].name, *SMALL[_i].tolerance);
}
END_TEST

START_TEST(shipped_models)
{
  check_shipped_model(SHIPPED[_i].name, *SHIPPED[_i].tolerance);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("reference");
  TCase *cases = tcase_create("reference");
  tcase_set_timeout(cases, 120);
  tcase_add_loop_test(cases, small_models, 0, sizeof SMALL / sizeof *SMALL);
  tcase_add_loop_test(cases, shipped_models, 0, sizeof SHIPPED / sizeof *SHIPPED);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
