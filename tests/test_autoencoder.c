/* Binaries of plain autoencoders: a code without noise and divergence, and the mixture on it. */
#include "binary.h"
#include "model_files.h"

#define PLAIN in_folder("plain")
#define RUN in_folder("run")

static const char text[] =
    "model plain {\n  input image [1, 28, 28];\n  latent z [2];\n"
    "  encoder { flatten; linear 16; relu; code z; }\n"
    "  decoder { linear 16; relu; linear [1, 28, 28]; sigmoid; }\n"
    "  mixture { components 3; }\n  train { adam 2e-3; epochs 2; batch 32; split 0.8; }\n}\n";

static void setup(void)
{
  make_folder();
  SPAWN_QUIETLY(built("examples/draw_digits"), "-o", in_folder("digits"), "--seed", "3", "--train",
                "600", "--test", "150");
  build_text("plain", text, NULL);
  SPAWN_QUIETLY(PLAIN, "train", "--data", TRAIN, "--labelled", FEW, "--run", RUN, "--quiet");
}

static void teardown(void)
{
  remove_folder();
}

/* The code is a linear function of the last hidden layer, and nothing is said of its variance. */
START_TEST(encodes_to_a_code)
{
  const char *encoded = in_folder("encoded.npz");
  SPAWN_QUIETLY(PLAIN, "encode", "--run", RUN, "--data", TEST, "-o", encoded, "--quiet");
  struct lathe_array code = read_array(encoded, "code"), logvar;
  assert_form(&code, "float32 [150, 2]");
  bool found = true;
  struct lathe_error err;
  ck_assert(lathe_array_read_optional(encoded, "logvar", &logvar, &found, &err));
  ck_assert(!found);
  lathe_array_free(&code);
}
END_TEST

START_TEST(has_no_divergence)
{
  struct said said = SPAWN(PLAIN, "eval", "--run", RUN, "--data", TEST, "--json");
  json_t *json = parse_json(said.out, "eval");
  ck_assert_double_eq(json_double(json, "loss"), json_double(json, "reconstruction"));
  ck_assert_ptr_null(json_object_get(json, "kl"));
  ck_assert_ptr_null(json_object_get(json, "elbo"));
  json_decref(json);
  said_free(&said);
  char *table = read_file(in_folder("run/metrics.csv"), NULL);
  int columns = 0;
  const char *row = strchr(table, '\n') + 1;
  double train, reconstruction;
  ck_assert_int_eq(sscanf(row, "1,%lf,%lf,,%n", &train, &reconstruction, &columns), 2);
  ck_assert_int_gt(columns, 0); /* an empty cell behind the reconstruction */
  ck_assert_double_eq(train, reconstruction);
  free(table);
  char *page = read_file(in_folder("run/report.html"), NULL);
  assert_words(page, "A plain autoencoder of|Reconstruction");
  ck_assert_ptr_null(strstr(page, "KL divergence</"));
  ck_assert_ptr_null(strstr(page, "id=\"manifold\""));
  free(page);
}
END_TEST

/* A step needs no noise, and two steps on the same images are the same. */
START_TEST(draws_no_noise)
{
  const char *weights = in_folder("run/weights.safetensors");
  for (int i = 0; i < 2; i++)
    SPAWN_QUIETLY(PLAIN, "trace", "--params", weights, "--data", TEST, "-o",
                  in_folder("step%d.safetensors", i), "--quiet");
  ck_assert(same_file(in_folder("step0.safetensors"), in_folder("step1.safetensors")));
  struct lathe_tensors step = read_tensors(in_folder("step0.safetensors"));
  ck_assert_double_eq(value_of(&step, "loss.total", 0), value_of(&step, "loss.reconstruction", 0));
  ck_assert_double_eq(value_of(&step, "loss.kl", 0), 0);
  tensor_of(&step, "gradient.code.weight");
  lathe_tensors_free(&step);
}
END_TEST

/* Trained on in two parts, with a checkpoint between, as in one. */
START_TEST(resumes_with_the_same_bits)
{
  SPAWN_QUIETLY(PLAIN, "train", "--data", TRAIN, "--labelled", FEW, "--run", in_folder("parts"),
                "--epochs", "1", "--quiet");
  SPAWN_QUIETLY(PLAIN, "train", "--run", in_folder("parts"), "--resume", "--epochs", "2",
                "--quiet");
  ck_assert(
      same_file(in_folder("run/weights.safetensors"), in_folder("parts/weights.safetensors")));
}
END_TEST

START_TEST(refuses_what_takes_a_prior)
{
  assert_refused(SPAWN(PLAIN, "manifold", "--run", RUN, "-o", "x.png"), PLAIN, 2,
                 "takes a prior|plain autoencoder");
  assert_refused(SPAWN(PLAIN, "sample", "--run", RUN, "-n", "2", "--prior", "-o", "x.npz"), PLAIN,
                 2, "no prior|--prior");
  assert_refused(SPAWN(PLAIN, "trace", "--params", "p", "--data", "d", "--noise", "e", "-o", "o"),
                 PLAIN, 2, "no noise|--noise");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("plain autoencoder");
  TCase *cases = tcase_create("plain autoencoder");
  tcase_set_timeout(cases, SPAWN_SECONDS);
  tcase_add_unchecked_fixture(cases, setup, teardown);
  tcase_add_test(cases, encodes_to_a_code);
  tcase_add_test(cases, has_no_divergence);
  tcase_add_test(cases, draws_no_noise);
  tcase_add_test(cases, resumes_with_the_same_bits);
  tcase_add_test(cases, refuses_what_takes_a_prior);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
