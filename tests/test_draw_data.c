/* The example that makes up data which are not images, run as a person runs it: what its files
 * hold, that they repeat, that its classes can be told apart, and how it refuses. */
#include "binary.h"
#include <math.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))
#define DRAW_DATA built("examples/draw_data")

static const struct {
  const char *kind, *form; /* of the test set, of 300 */
  int classes, values;
  double least, most; /* of any value */
} kinds[] = {
    {"blobs", "float32 [300, 2]", 5, 2, -15, 15},
    {"sensors", "float32 [300, 12]", 4, 12, -4, 4},
    {"answers", "float32 [300, 20]", 4, 20, 0, 4},
    {"beats", "float32 [300, 2, 96]", 3, 192, -2, 2},
};

START_TEST(files)
{
  const char *kind = kinds[_i].kind;
  int classes = kinds[_i].classes;
  SPAWN_QUIETLY(DRAW_DATA, kind, "-o", folder, "--train", "50", "--test", "300", "--few", "2");
  struct lathe_array data = read_array(in_folder("%s_test.npz", kind), "data");
  struct lathe_array labels = read_array(in_folder("%s_test.npz", kind), "labels");
  struct lathe_array few = read_array(in_folder("%s_few.npz", kind), "labels");
  struct lathe_array train = read_array(in_folder("%s_train.npz", kind), "data");
  assert_form(&data, kinds[_i].form);
  assert_form(&labels, "int64 [300]");
  ck_assert_int_eq(train.shape[0], 50);
  ck_assert_int_eq(few.count, 2 * classes);
  for (int i = 0; i < 2 * classes; i++)
    ck_assert_double_eq(value_at(&few, i), i / 2);
  assert_within(&data, kinds[_i].least, kinds[_i].most);
  assert_within(&labels, 0, classes - 1);
  int count[8] = {0};
  for (int i = 0; i < 300; i++)
    count[(int)value_at(&labels, i)]++;
  for (int i = 0; i < classes; i++)
    ck_assert_int_gt(count[i], 10);
  ck_assert_mem_ne(data.data, train.data, sizeof(float) * (size_t)kinds[_i].values);
  lathe_array_free(&data);
  lathe_array_free(&labels);
  lathe_array_free(&few);
  lathe_array_free(&train);
}
END_TEST

/* Whole numbers, all five of them, where they are answers. */
START_TEST(answers_are_whole)
{
  SPAWN_QUIETLY(DRAW_DATA, "answers", "-o", folder, "--train", "1", "--test", "100");
  struct lathe_array data = read_array(in_folder("answers_test.npz"), "data");
  int count[5] = {0};
  for (int64_t i = 0; i < data.count; i++) {
    ck_assert_double_eq(value_at(&data, i), floor(value_at(&data, i)));
    count[(int)value_at(&data, i)]++;
  }
  for (int i = 0; i < 5; i++)
    ck_assert_int_gt(count[i], 100);
  lathe_array_free(&data);
}
END_TEST

/* The same seed gives the same bytes, another one others; more examples begin as fewer do. */
START_TEST(repeats)
{
  static const char *const runs[][3] = {
      {"a", "0", "20"}, {"b", "0", "20"}, {"c", "1", "20"}, {"e", "0", "50"}};
  const char *kind = kinds[_i].kind;
  for (int i = 0; i < 4; i++)
    SPAWN_QUIETLY(DRAW_DATA, kind, "-o", in_folder("%s", runs[i][0]), "--seed", runs[i][1],
                  "--train", runs[i][2]);
  static const char *const sets[] = {"train", "test", "few"};
  for (int i = 0; i < 3; i++) {
    const char *a = in_folder("a/%s_%s.npz", kind, sets[i]);
    ck_assert(same_file(a, in_folder("b/%s_%s.npz", kind, sets[i])));
    ck_assert(!same_file(a, in_folder("c/%s_%s.npz", kind, sets[i])));
  }
  struct lathe_array fewer = read_array(in_folder("a/%s_train.npz", kind), "data");
  struct lathe_array more = read_array(in_folder("e/%s_train.npz", kind), "data");
  ck_assert_int_eq(more.count, fewer.count / 20 * 50);
  ck_assert_mem_eq(fewer.data, more.data, sizeof(float) * (size_t)fewer.count);
  lathe_array_free(&fewer);
  lathe_array_free(&more);
}
END_TEST

/* Wrong usage, with words that the message must hold. */
static const struct {
  const char *arguments[6], *words;
  int status;
} wrong[] = {
    {{NULL}, "one KIND|--help", 2},
    {{"-o", "x", NULL}, "one KIND", 2},
    {{"beats", NULL}, "-o FOLDER", 2},
    {{"beats", "-o", "", NULL}, "-o FOLDER", 2},
    {{"beets", "-o", "x", NULL}, "kind beets", 2},
    {{"beats", "blobs", "-o", "x", NULL}, "one KIND", 2},
    {{"beats", "-o", "x", "--train", "0", NULL}, "1000000", 2},
    {{"beats", "-o", "x", "--few", "1000001", NULL}, "1000001", 2},
    {{"beats", "-o", "x", "--test", "7x", NULL}, "7x", 2},
    {{"beats", "-o", "x", "--seed", "-1", NULL}, "--seed -1", 2},
    {{"beats", "-o", "no/such/folder", NULL}, "no/such/folder", 1},
};

START_TEST(refusals)
{
  const char *const *arguments = wrong[_i].arguments;
  struct said said = SPAWN(DRAW_DATA, arguments[0], arguments[1], arguments[2], arguments[3],
                           arguments[4], arguments[5]);
  assert_refused(said, "draw_data", wrong[_i].status, wrong[_i].words);
}
END_TEST

START_TEST(help)
{
  struct said said = SPAWN_GOOD(DRAW_DATA, "--help");
  assert_words(said.out, "Usage: draw_data|--output|--train|--test|--few|--seed");
  for (int i = 0; i < LENGTH(kinds); i++)
    ck_assert_ptr_nonnull(strstr(said.out, kinds[i].kind));
  said_free(&said);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("draw_data");
  TCase *cases = tcase_create("draw_data");
  tcase_add_checked_fixture(cases, make_folder, remove_folder);
  tcase_set_timeout(cases, SPAWN_SECONDS);
  tcase_add_loop_test(cases, files, 0, LENGTH(kinds));
  tcase_add_test(cases, answers_are_whole);
  tcase_add_loop_test(cases, repeats, 0, LENGTH(kinds));
  tcase_add_loop_test(cases, refusals, 0, LENGTH(wrong));
  tcase_add_test(cases, help);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
