/* examples/pytorch_weights.py carries weights of the shipped models both ways and finds no
 * difference. Runs where there is PyTorch (LATHE_PYTHON names a Python that has it); elsewhere it
 * says that it was skipped. */
#include "model_files.h"
#include "python.h"

enum { IMAGES = 96, FEW = 15, SIDE = 28, CLASSES = 3 };

static const char *const models[] = {"digits_mlp", "digits_conv"};
enum { MODELS = sizeof models / sizeof *models };

/* Image i is of class i % 3: a bright bar at one of three heights, on noise. */
static void write_images(const char *name, int n, uint64_t seed)
{
  unsigned char *pixels = malloc((size_t)n * SIDE * SIDE);
  int64_t labels[IMAGES];
  ck_assert_ptr_nonnull(pixels);
  for (int i = 0; i < n; i++) {
    labels[i] = i % CLASSES;
    for (int p = 0; p < SIDE * SIDE; p++) {
      int row = p / SIDE - 2 - 8 * (i % CLASSES);
      int64_t at = (int64_t)i * SIDE * SIDE + p;
      pixels[at] = (unsigned char)((row >= 0 && row < 7 ? 180 : 0) + number_of(seed, at, 0, 60));
    }
  }
  const struct lathe_array arrays[2] = {
      array_of(LATHE_U8, 3, (const int64_t[]){n, SIDE, SIDE}, pixels),
      array_of(LATHE_I64, 1, (const int64_t[]){n}, labels),
  };
  write_npz(in_folder("%s", name), 2, (const char *const[]){"data", "labels"}, arrays);
  free(pixels);
}

START_TEST(weights_travel_both_ways)
{
  const char *python = python_with("import numpy, torch"), *model = models[_i];
  if (python == NULL)
    return;
  char description[64];
  snprintf(description, sizeof description, "models/%s.lathe", model);
  SPAWN_QUIETLY(built("lathe"), "build", description, "-o", in_folder("%s", model));
  write_images("images.npz", IMAGES, 1);
  write_images("few.npz", FEW, 2);
  struct said said = SPAWN(python, "examples/pytorch_weights.py", model, in_folder("%s", model),
                           in_folder("images.npz"), in_folder("few.npz"), in_folder("weights"));
  ck_assert_msg(said.status == 0, "status %d: %s%s", said.status, said.out, said.err);
  assert_words(said.out, "PyTorch to Lathe: reconstructions differ by at most|"
                         "Lathe to PyTorch: reconstructions differ by at most|0 of 96 images");
  ck_assert_int_eq(lines_of(said.out), 2);
  said_free(&said);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("PyTorch weights");
  TCase *tests = tcase_create("PyTorch weights");
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  tcase_set_timeout(tests, 300);
  tcase_add_loop_test(tests, weights_travel_both_ways, 0, MODELS);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
