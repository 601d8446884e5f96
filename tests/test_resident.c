/* The memory that training takes at most: the planned arena, the data as stored, and 10 MB for all
 * else, the program's libraries among it. LATHE_DATA=FOLDER takes real digits besides drawn ones.
 */
#include "binary.h"
#include <sys/resource.h>

/* So many that a copy of them as floats would be seen. */
enum { IMAGES = 3000, PIXELS = 784, OTHER = 10000000 };

#if defined __SANITIZE_ADDRESS__
enum { MEASURABLE = false }; /* the sanitiser's own memory is in the figure */
#else
enum { MEASURABLE = true };
#endif

static void setup(void)
{
  make_folder();
  SPAWN_QUIETLY(built("examples/draw_digits"), "-o", in_folder("digits"), "--seed", "3", "--train",
                "3000", "--test", "100");
}

static const struct {
  const char *binary, *epochs;
} models[] = {{"models/digits_mlp", "2"}, {"models/digits_conv", "1"}};

/* A whole training, with evaluation and pictures. Its peak is the largest of this process's
 * children, which is it. */
static void check_peak(const char *binary, const char *data, const char *few, const char *epochs,
                       int64_t images)
{
  SPAWN_QUIETLY(binary, "train", "--data", data, "--labelled", few, "--run", in_folder("run"),
                "--force", "--quiet", "--threads", "2", "--epochs", epochs);
  struct rusage usage;
  ck_assert_int_eq(getrusage(RUSAGE_CHILDREN, &usage), 0);
  struct said said = SPAWN_GOOD(binary, "info", "--json", "--threads", "2");
  json_t *json = parse_json(said.out, "info --json");
  const double arena = json_double(json, "arena_training_bytes"), stored = (double)images * PIXELS;
  const double peak = 1024.0 * (double)usage.ru_maxrss;
  printf("%s: at most %.2f MB: arena %.2f, data %.2f, else %.2f\n", binary, peak / 1e6, arena / 1e6,
         stored / 1e6, (peak - arena - stored) / 1e6);
  ck_assert_msg(!MEASURABLE || peak <= arena + stored + OTHER,
                "%s: %.2f MB, of which the arena is %.2f and the data %.2f", binary, peak / 1e6,
                arena / 1e6, stored / 1e6);
  json_decref(json);
  said_free(&said);
}

START_TEST(training_stays_within_its_plan)
{
  check_peak(built(models[_i].binary), TRAIN, FEW, models[_i].epochs, IMAGES);
}
END_TEST

START_TEST(on_real_digits)
{
  const char *folder_of_data = getenv("LATHE_DATA");
  char train[SPAWN_PATH], few[SPAWN_PATH];
  if (folder_of_data == NULL) {
    puts("real digits: skipped, for LATHE_DATA names no folder");
    return;
  }
  snprintf(train, sizeof train, "%s/mnist_1_4_8_train.npz", folder_of_data);
  snprintf(few, sizeof few, "%s/mnist_1_4_8_val_recon.npz", folder_of_data);
  struct lathe_array images = read_array(train, "data");
  const int64_t count = images.shape[0];
  lathe_array_free(&images);
  check_peak(MLP, train, few, "1", count);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("resident");
  TCase *tests = tcase_create("resident");
  tcase_add_unchecked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 4 * SPAWN_SECONDS);
  tcase_add_loop_test(tests, training_stays_within_its_plan, 0, sizeof models / sizeof *models);
  tcase_add_test(tests, on_real_digits);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
