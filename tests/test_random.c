/* Random descriptions, each taken through `lathe check` and `lathe verify`. The first seed and how
 * many there are come from LATHE_RANDOM_SEED and LATHE_RANDOM_COUNT. */
#include "random/generate.h"
#include "spawn.h"

enum { FIRST = 0, COUNT = 12 };

static int setting(const char *name, int otherwise)
{
  const char *value = getenv(name);
  return value != NULL && value[0] != '\0' ? atoi(value) : otherwise;
}

/* Some statement of each kind comes up in few seeds; and a seed is always the same description. */
START_TEST(varied)
{
  static const char *const words[] = {
      "conv2d",
      "conv_transpose2d",
      "conv1d",
      "conv_transpose1d",
      "kernel [",
      "dilation 2",
      "dilation [",
      "groups 2",
      "output_pad 1",
      "bias off",
      "algorithm blas",
      "algorithm blocks",
      "algorithm dots",
      "mode linear",
      "concat",
      "linear",
      "batchnorm",
      "relu",
      "sigmoid",
      "dropout",
      "residual",
      "groupnorm",
      "layernorm",
      "max_pool",
      "avg_pool",
      "global_avg_pool",
      "upsample",
      "mode bilinear",
      "slope",
      "alpha",
      "selu",
      "gelu",
      "silu",
      "softplus",
      "tanh",
      "reshape",
      "flatten",
      "range",
      "float64",
      "variance",
      "kl",
      "momentum",
      "stride 3",
      "pad 2",
      "covariance full",
      "covariance diag",
      "covariance tied",
      "covariance spherical",
      "adam",
      "adamw",
      "sgd",
      "nesterov",
      "rmsprop",
      "centered",
      "weight_decay",
      "clip",
      "by value",
      "exponential",
      "cosine",
      "plateau",
      "warmup",
      "early_stopping",
      "augment",
      "shift",
      "flip",
      "restarts",
      "x [3, ",
      "gaussian;",
      "gaussian z",
      "code z",
      "split",
      "categorical",
      "decode mode",
      "variance learned;",
      "variance learned_each",
      "variance predicted",
      "normalise standard",
      "normalise minmax",
      "normalise given, mean [",
      "per value",
      "per all",
  };
  enum { WORDS = sizeof words / sizeof *words };
  bool seen[WORDS] = {false};
  for (uint64_t seed = 0; seed < 200; seed++) {
    char *text = random_description(seed), *again = random_description(seed);
    ck_assert_str_eq(text, again);
    for (int i = 0; i < WORDS; i++)
      seen[i] = seen[i] || strstr(text, words[i]) != NULL;
    free(text);
    free(again);
  }
  for (int i = 0; i < WORDS; i++)
    ck_assert_msg(seen[i], "no description has '%s'", words[i]);
}
END_TEST

/* What failed of a seed, with its description. */
static void assert_good(const struct said *said, const char *command, int seed, const char *text)
{
  ck_assert_msg(said->status == 0, "seed %d, %s: status %d\n%s%s\n%s", seed, command, said->status,
                said->err, said->status > 2 ? "" : said->out, text);
}

START_TEST(verified)
{
  int seed = setting("LATHE_RANDOM_SEED", FIRST) + _i;
  char *text = random_description((uint64_t)seed);
  make_folder();
  const char *path = in_folder("random.lathe");
  write_text(path, text);
  struct said said = SPAWN(built("lathe"), "check", path);
  assert_good(&said, "check", seed, text);
  said_free(&said);
  /* What the C compiler makes of large loops is for other tests: these are many small models. */
  said = SPAWN(built("lathe"), "verify", path, "--cflags", "-O1");
  assert_good(&said, "verify", seed, text);
  said_free(&said);
  free(text);
  remove_folder();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("random");
  TCase *cases = tcase_create("random");
  tcase_set_timeout(cases, 2 * SPAWN_SECONDS);
  tcase_add_test(cases, varied);
  tcase_add_loop_test(cases, verified, 0, setting("LATHE_RANDOM_COUNT", COUNT));
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
