/* The command `import` of model binaries: a run folder from weights that came from elsewhere. */
#include "small_vae.h"
#include <jansson.h>

static float pixels[IMAGES * PIXELS];
static int64_t labels[IMAGES];

static char description[8192];

static void write_images(const char *name, int n, bool labelled)
{
  const struct lathe_array arrays[2] = {
      array_of(LATHE_F32, 4, (const int64_t[]){n, CHANNELS, HEIGHT, WIDTH}, pixels),
      array_of(LATHE_I64, 1, (const int64_t[]){n}, labels),
  };
  write_npz(in_folder("%s", name), 1 + labelled, (const char *const[]){"data", "labels"}, arrays);
}

/* Adds what a mixture of two components with full covariances has. */
static void add_mixture(struct lathe_tensors *tensors, double variance, bool named)
{
  double *weights =
      lathe_tensors_add(tensors, "mixture.weights", LATHE_F64, 1, (const int64_t[]){2}, NULL);
  double *means =
      lathe_tensors_add(tensors, "mixture.means", LATHE_F64, 2, (const int64_t[]){2, LATENT}, NULL);
  double *covariances = lathe_tensors_add(tensors, "mixture.covariances", LATHE_F64, 3,
                                          (const int64_t[]){2, LATENT, LATENT}, NULL);
  ck_assert(weights && means && covariances);
  for (int i = 0; i < 2; i++) {
    weights[i] = 0.25 + 0.5 * i;
    means[i * LATENT] = 0.5 * i;
    covariances[i * 4] = covariances[i * 4 + 3] = i == 0 ? variance : 1;
  }
  int64_t *names =
      named ? lathe_tensors_add(tensors, "mixture.labels", LATHE_I64, 1, (const int64_t[]){2}, NULL)
            : NULL;
  if (named) {
    names[0] = 7;
    names[1] = 9;
  }
}

static void setup(void)
{
  make_folder();
  /* One line is longer than a string of strict C. */
  snprintf(description, sizeof description,
           SMALL_VAE("  mixture { components 2; init labelled; } # %05000d\n", "adam"), 1);
  build_text("small", description, NULL);
  for (int i = 0; i < IMAGES; i++) {
    labels[i] = 4 + 4 * (i % 2);
    for (int p = 0; p < PIXELS; p++)
      pixels[i * PIXELS + p] =
          (float)number_of(7, i * PIXELS + p, 0.4 * (i % 2), 0.6 + 0.4 * (i % 2));
  }
  write_images("x.npz", IMAGES, false);
  write_images("few.npz", 6, true);
  struct lathe_tensors tensors = small_parameters();
  write_tensors(&tensors, in_folder("bare.safetensors"));
  add_mixture(&tensors, 1, true);
  write_tensors(&tensors, in_folder("mixed.safetensors"));
  lathe_tensors_free(&tensors);
}

#define IMPORT_BARE(params, run, ...)                                                              \
  SPAWN(in_folder("small"), "import", "--params", in_folder("%s", params), "--run",                \
        in_folder("%s", run), __VA_ARGS__)
#define IMPORT(params, run, ...) IMPORT_BARE(params, run, "--data", in_folder("x.npz"), __VA_ARGS__)

static void check_good(struct said *said, const char *words)
{
  ck_assert_msg(said->status == 0, "status %d: %s", said->status, said->err);
  assert_words(said->out, words);
  ck_assert_str_eq(said->err, "");
  said_free(said);
}

/* Every parameter and buffer of the run is the file's, in float32. */
static void check_weights(const struct lathe_tensors *run)
{
  struct lathe_tensors given = small_parameters();
  for (int t = 0; t < SMALL_TENSORS; t++) {
    const struct lathe_array *array = tensor_of(&given, small_tensors[t].name);
    for (int64_t i = 0; i < array->count; i++)
      ck_assert(value_of(run, small_tensors[t].name, i) == lathe_array_real(array, i));
  }
  ck_assert_int_eq(*(int64_t *)tensor_of(run, "encoder.1.num_batches_tracked")->data, 7);
  lathe_tensors_free(&given);
}

/* Runs a command on the run folder, which is then complete. */
static void use(const char *run, const char *command, const char *output)
{
  SPAWN_QUIETLY(in_folder("small"), command, "--run", in_folder("%s", run), "--data",
                in_folder("x.npz"), "-o", in_folder("%s", output), "--quiet");
}

START_TEST(keeps_the_mixture_that_is_there)
{
  struct said said = IMPORT("mixed.safetensors", "kept/run", NULL);
  check_good(&said, "kept/run: weights of|mixed.safetensors and the mixture that came with them");
  struct lathe_tensors run = read_tensors(in_folder("kept/run/weights.safetensors"));
  check_weights(&run);
  ck_assert_double_eq(value_of(&run, "mixture.weights", 0), 0.25);
  ck_assert_double_eq(value_of(&run, "mixture.means", LATENT), 0.5);
  ck_assert_int_eq(((int64_t *)tensor_of(&run, "mixture.labels")->data)[1], 9);
  lathe_tensors_free(&run);

  char *text = read_file(in_folder("kept/run/model.lathe"), NULL);
  ck_assert_str_eq(text, description);
  free(text);
  use("kept/run", "classify", "labels.csv");
  text = read_file(in_folder("labels.csv"), NULL);
  ck_assert_int_eq(lines_of(text), 1 + IMAGES);
  ck_assert(strspn(text + strcspn(text, "\n"), "79\n") == 2 * IMAGES + 1);
  free(text);

  json_error_t why;
  json_t *record = json_load_file(in_folder("kept/run/run.json"), 0, &why);
  ck_assert_msg(record != NULL, "%s", why.text);
  ck_assert_str_eq(json_string_value(json_object_get(record, "model")), "small");
  ck_assert_str_eq(json_string_value(json_object_get(record, "imported_from")),
                   in_folder("mixed.safetensors"));
  json_decref(record);
  SPAWN_QUIETLY(in_folder("small"), "eval", "--run", in_folder("kept/run"), "--data",
                in_folder("x.npz"), "--part", "training");
}
END_TEST

START_TEST(fits_a_mixture_where_there_is_none)
{
  struct said said =
      IMPORT("bare.safetensors", "fitted", "--labelled", in_folder("few.npz"), "--threads", "1");
  check_good(&said, "a mixture fitted to 10 images in");
  struct lathe_tensors run = read_tensors(in_folder("fitted/weights.safetensors"));
  check_weights(&run);
  const int64_t *names = tensor_of(&run, "mixture.labels")->data;
  ck_assert(names[0] == 4 && names[1] == 8);
  ck_assert_double_eq_tol(
      value_of(&run, "mixture.weights", 0) + value_of(&run, "mixture.weights", 1), 1, 1e-12);
  lathe_tensors_free(&run);
  use("fitted", "encode", "latents.npz");

  said = IMPORT("bare.safetensors", "again", "--labelled", in_folder("few.npz"), "--threads", "2",
                "--quiet");
  ck_assert_str_eq(said.out, "");
  check_good(&said, "");
  ck_assert(
      same_file(in_folder("fitted/weights.safetensors"), in_folder("again/weights.safetensors")));
}
END_TEST

/* Labelled images name the components of a mixture that came along. */
START_TEST(names_the_clusters)
{
  struct said said = IMPORT("mixed.safetensors", "named", "--labelled", in_folder("few.npz"), NULL);
  check_good(&said, "the mixture that came with them");
  struct lathe_tensors run = read_tensors(in_folder("named/weights.safetensors"));
  const int64_t *names = tensor_of(&run, "mixture.labels")->data;
  ck_assert((names[0] == 4 && names[1] == 8) || (names[0] == 8 && names[1] == 4));
  ck_assert_double_eq(value_of(&run, "mixture.weights", 0), 0.25);
  lathe_tensors_free(&run);
}
END_TEST

/* A file that brings all there is needs no images; the run does not know any then. */
START_TEST(needs_no_images_for_a_mixture)
{
  struct said said =
      IMPORT_BARE("mixed.safetensors", "alone", "--labelled", in_folder("few.npz"), NULL);
  check_good(&said, "the mixture that came with them");
  said = IMPORT("mixed.safetensors", "beside", "--labelled", in_folder("few.npz"), NULL);
  check_good(&said, "the mixture that came with them");
  ck_assert(
      same_file(in_folder("alone/weights.safetensors"), in_folder("beside/weights.safetensors")));
  use("alone", "classify", "alone.csv");
  json_error_t why;
  json_t *record = json_load_file(in_folder("alone/run.json"), 0, &why);
  ck_assert_msg(record != NULL, "%s", why.text);
  json_t *data = json_object_get(record, "data");
  ck_assert(json_is_null(json_object_get(data, "path")));
  ck_assert_int_eq(json_integer_value(json_object_get(data, "images")), 0);
  json_decref(record);

  said = SPAWN(in_folder("small"), "eval", "--run", in_folder("alone"), "--data",
               in_folder("x.npz"), "--part", "training");
  ck_assert_int_eq(said.status, 1);
  assert_words(said.err, "alone|not given|--data");
  said_free(&said);
  said = IMPORT_BARE("bare.safetensors", "none", "--labelled", in_folder("few.npz"), NULL);
  ck_assert_int_eq(said.status, 1);
  assert_words(said.err, "bare.safetensors holds no mixture|--data FILE");
  ck_assert(!exists(in_folder("none")));
  said_free(&said);
}
END_TEST

START_TEST(replaces_a_run_when_told)
{
  struct said said = IMPORT("mixed.safetensors", "twice", "--quiet");
  check_good(&said, "");
  said = IMPORT("mixed.safetensors", "twice", "--quiet");
  ck_assert_int_eq(said.status, 1);
  assert_words(said.err, "twice|--force");
  said_free(&said);
  said = IMPORT("mixed.safetensors", "twice", "--quiet", "--force");
  check_good(&said, "");
}
END_TEST

/* ---- What cannot be done ---- */

static void write_wrong_files(void)
{
  struct lathe_tensors tensors = small_parameters();
  add_mixture(&tensors, -1, false);
  write_tensors(&tensors, in_folder("indefinite.safetensors"));
  lathe_tensors_free(&tensors);
  tensors = small_parameters();
  struct lathe_tensors less = tensors_without(&tensors, (const char *const[]){"mean.bias", NULL});
  write_tensors(&less, in_folder("less.safetensors"));
  lathe_tensors_free(&less);
  ck_assert(lathe_tensors_add_metadata(&tensors, "fingerprint", "0123456789abcdef", NULL));
  write_tensors(&tensors, in_folder("another.safetensors"));
  lathe_tensors_free(&tensors);
  write_text(in_folder("words"), "no tensors\n");
}

static const struct {
  const char *params, *option, *value;
  int status;
  const char *words;
} wrong[] = {
    {"absent", NULL, NULL, 1, "absent"},
    {"words", NULL, NULL, 1, "words"},
    {"x.npz", NULL, NULL, 1, "x.npz"},
    {"less.safetensors", NULL, NULL, 1, "mean.bias is missing"},
    {"another.safetensors", NULL, NULL, 1, "0123456789abcdef"},
    {"bare.safetensors", NULL, NULL, 1, "no mixture|--labelled"},
    {"bare.safetensors", "--labelled", "x.npz", 1, "labels"},
    {"indefinite.safetensors", NULL, NULL, 1, "component 0|positive definite"},
    {"mixed.safetensors", "--data", "words", 1, "words"},
    {"mixed.safetensors", "--epochs", "3", 2, "takes no --epochs"},
};
enum { WRONG = sizeof wrong / sizeof *wrong };

START_TEST(says_what_is_wrong)
{
  write_wrong_files();
  const char *value = wrong[_i].value;
  if (value && value[0] != '3')
    value = in_folder("%s", value);
  struct said said = IMPORT(wrong[_i].params, "wrong", wrong[_i].option, value);
  ck_assert_msg(said.status == wrong[_i].status, "status %d: %s", said.status, said.err);
  assert_words(said.err, wrong[_i].words);
  ck_assert_int_eq(lines_of(said.err), 1);
  ck_assert(!exists(in_folder("wrong")));
  said_free(&said);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("import");
  TCase *tests = tcase_create("import");
  tcase_add_unchecked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 120);
  tcase_add_test(tests, keeps_the_mixture_that_is_there);
  tcase_add_test(tests, fits_a_mixture_where_there_is_none);
  tcase_add_test(tests, names_the_clusters);
  tcase_add_test(tests, needs_no_images_for_a_mixture);
  tcase_add_test(tests, replaces_a_run_when_told);
  tcase_add_loop_test(tests, says_what_is_wrong, 0, WRONG);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
