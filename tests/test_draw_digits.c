/* The example that draws digits, run as a person runs it: what its files hold, that they repeat,
 * and how it refuses. */
#include "folders.h"
#include "runtime/array.h"
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef DRAW_DIGITS
#define DRAW_DIGITS "build/examples/draw_digits"
#endif

enum { PIXELS = 28 * 28, ARGUMENTS = 12 };
static char folder[FOLDER_PATH];
extern char **environ;

static const char *in_folder(const char *name)
{
  static char paths[4][512];
  static int next;
  next = (next + 1) % 4;
  snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
  return paths[next];
}

/* Runs the program with what it says going to FOLDER/said; its exit status. */
static int run(const char *const *arguments)
{
  char *argv[ARGUMENTS + 2] = {(char *)DRAW_DIGITS};
  for (int i = 0; i < ARGUMENTS && arguments[i]; i++)
    argv[i + 1] = (char *)(uintptr_t)arguments[i];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, in_folder("said"), O_CREAT | O_TRUNC | O_WRONLY,
                                   0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid;
  int failed = posix_spawn(&pid, DRAW_DIGITS, &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  ck_assert_msg(failed == 0, DRAW_DIGITS ": %s", strerror(failed));
  int status;
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
  return WEXITSTATUS(status);
}

static size_t read_bytes(const char *path, unsigned char *bytes, size_t size)
{
  FILE *file = fopen(path, "rb");
  ck_assert_msg(file != NULL, "%s is missing", path);
  size_t n = fread(bytes, 1, size, file);
  fclose(file);
  return n;
}

static const char *said(void)
{
  static char text[4096];
  text[read_bytes(in_folder("said"), (unsigned char *)text, sizeof text - 1)] = '\0';
  return text;
}

static bool same_bytes(const char *a, const char *b)
{
  enum { SIZE = 1 << 20 };
  static unsigned char x[SIZE], y[SIZE];
  size_t n = read_bytes(a, x, SIZE);
  ck_assert_uint_lt(n, SIZE);
  return read_bytes(b, y, SIZE) == n && memcmp(x, y, n) == 0;
}

struct set {
  struct lathe_array data, labels;
};

static struct set read_set(const char *path, int64_t n)
{
  struct set set;
  struct lathe_error err;
  ck_assert_msg(lathe_array_read(path, "data", &set.data, &err), "%s", err.text);
  ck_assert_msg(lathe_array_read(path, "labels", &set.labels, &err), "%s", err.text);
  ck_assert_int_eq(set.data.dtype, LATHE_U8);
  ck_assert_int_eq(set.data.rank, 3);
  ck_assert_int_eq(set.data.shape[0], n);
  ck_assert_int_eq(set.data.shape[1], 28);
  ck_assert_int_eq(set.data.shape[2], 28);
  ck_assert_int_eq(set.labels.dtype, LATHE_I64);
  ck_assert_int_eq(set.labels.rank, 1);
  ck_assert_int_eq(set.labels.count, n);
  return set;
}

static const uint8_t *image_of(const struct set *set, int64_t i)
{
  return (const uint8_t *)set->data.data + i * PIXELS;
}

static int64_t label_of(const struct set *set, int64_t i)
{
  return ((const int64_t *)set->labels.data)[i];
}

static void free_set(struct set *set)
{
  lathe_array_free(&set->data);
  lathe_array_free(&set->labels);
}

START_TEST(files)
{
  ck_assert_int_eq(run((const char *[]){"-o", in_folder("d"), "--digits", "8,1", "--train", "90",
                                        "--test", "30", "--few", "2", NULL}),
                   0);
  ck_assert_ptr_nonnull(strstr(said(), "mnist_1_8_train.npz\n"));
  struct set train = read_set(in_folder("d/mnist_1_8_train.npz"), 90);
  struct set test = read_set(in_folder("d/mnist_1_8_test.npz"), 30);
  struct set few = read_set(in_folder("d/mnist_1_8_val_recon.npz"), 4);
  int eights = 0;
  for (int i = 0; i < 90; i++) {
    ck_assert(label_of(&train, i) == 1 || label_of(&train, i) == 8);
    eights += label_of(&train, i) == 8;
  }
  ck_assert_int_gt(eights, 25);
  ck_assert_int_lt(eights, 65);
  static const int64_t EXPECTED[] = {1, 1, 8, 8};
  for (int i = 0; i < 4; i++)
    ck_assert_int_eq(label_of(&few, i), EXPECTED[i]);
  ck_assert_mem_ne(image_of(&train, 0), image_of(&test, 0), PIXELS);
  ck_assert_mem_ne(image_of(&train, 0), image_of(&few, 0), PIXELS);
  free_set(&train);
  free_set(&test);
  free_set(&few);

  DIR *dir = opendir(in_folder("d"));
  int count = 0;
  for (struct dirent *e; (e = readdir(dir));)
    count += e->d_name[0] != '.' || strlen(e->d_name) > 2;
  closedir(dir);
  ck_assert_int_eq(count, 3);
}
END_TEST

/* The same seed gives the same bytes and another one others; the first images do not depend on how
 * many there are. */
START_TEST(repeats)
{
  static const char *const ARGS[][3] = {
      {"a", "0", "20"}, {"b", "0", "20"}, {"c", "1", "20"}, {"e", "0", "50"}};
  for (int i = 0; i < 4; i++)
    ck_assert_int_eq(run((const char *[]){"-o", in_folder(ARGS[i][0]), "--seed", ARGS[i][1],
                                          "--train", ARGS[i][2], "--test", "5", NULL}),
                     0);
  static const char *const SETS[] = {"train", "test", "val_recon"};
  for (int i = 0; i < 3; i++) {
    char a[64], b[64], c[64];
    snprintf(a, sizeof a, "a/mnist_1_4_8_%s.npz", SETS[i]);
    snprintf(b, sizeof b, "b/mnist_1_4_8_%s.npz", SETS[i]);
    snprintf(c, sizeof c, "c/mnist_1_4_8_%s.npz", SETS[i]);
    ck_assert(same_bytes(in_folder(a), in_folder(b)));
    ck_assert(!same_bytes(in_folder(a), in_folder(c)));
  }
  struct set few = read_set(in_folder("a/mnist_1_4_8_train.npz"), 20);
  struct set many = read_set(in_folder("e/mnist_1_4_8_train.npz"), 50);
  ck_assert_mem_eq(image_of(&few, 0), image_of(&many, 0), 20 * PIXELS);
  ck_assert_mem_eq(few.labels.data, many.labels.data, 20 * sizeof(int64_t));
  free_set(&few);
  free_set(&many);
}
END_TEST

/* Each image lies as MNIST's do: ink within 24 pixels, the centre of mass near the middle, strokes
 * nearly white. And it looks like its label: the nearest class mean is mostly its own. */
START_TEST(images)
{
  enum { TRAIN = 1500, TEST = 500 };
  ck_assert_int_eq(run((const char *[]){"-o", in_folder("all"), "--digits", "0,1,2,3,4,5,6,7,8,9",
                                        "--train", "1500", "--test", "500", NULL}),
                   0);
  struct set train = read_set(in_folder("all/mnist_0_1_2_3_4_5_6_7_8_9_train.npz"), TRAIN);
  struct set test = read_set(in_folder("all/mnist_0_1_2_3_4_5_6_7_8_9_test.npz"), TEST);
  static double mean[10][PIXELS];
  int count[10] = {0};
  for (int i = 0; i < TRAIN; i++) {
    const uint8_t *image = image_of(&train, i);
    int64_t label = label_of(&train, i);
    double mass = 0, x = 0, y = 0;
    int brightest = 0, low[2] = {28, 28}, high[2] = {-1, -1};
    for (int j = 0; j < PIXELS; j++) {
      int at[2] = {j % 28, j / 28};
      mass += image[j];
      x += image[j] * (at[0] + 0.5);
      y += image[j] * (at[1] + 0.5);
      brightest = image[j] > brightest ? image[j] : brightest;
      for (int k = 0; k < 2 && image[j] > 0; k++) {
        low[k] = at[k] < low[k] ? at[k] : low[k];
        high[k] = at[k] > high[k] ? at[k] : high[k];
      }
      mean[label][j] += image[j];
    }
    count[label]++;
    ck_assert_double_eq_tol(x / mass, 14, 2.5);
    ck_assert_double_eq_tol(y / mass, 14, 2.5);
    ck_assert_int_ge(brightest, 180);
    for (int k = 0; k < 2; k++)
      ck_assert_int_le(high[k] - low[k], 23);
  }
  for (int label = 0; label < 10; label++)
    for (int j = 0; j < PIXELS; j++)
      mean[label][j] /= count[label];
  int right = 0;
  for (int i = 0; i < TEST; i++) {
    int best = -1;
    double least = HUGE_VAL;
    for (int label = 0; label < 10; label++) {
      double distance = 0;
      for (int j = 0; j < PIXELS; j++)
        distance += pow(image_of(&test, i)[j] - mean[label][j], 2);
      if (distance < least) {
        least = distance;
        best = label;
      }
    }
    right += best == label_of(&test, i);
  }
  ck_assert_int_gt(right, TEST * 6 / 10);
  free_set(&train);
  free_set(&test);
}
END_TEST

START_TEST(sheet)
{
  ck_assert_int_eq(run((const char *[]){"-o", in_folder("s"), "--train", "1", "--test", "1",
                                        "--sheet", in_folder("sheet.png"), NULL}),
                   0);
  unsigned char bytes[8];
  ck_assert_uint_eq(read_bytes(in_folder("sheet.png"), bytes, 8), 8);
  ck_assert_mem_eq(bytes, "\x89PNG\r\n\x1a\n", 8);
}
END_TEST

START_TEST(help)
{
  ck_assert_int_eq(run((const char *[]){"--help", NULL}), 0);
  ck_assert_ptr_nonnull(strstr(said(), "Usage: draw_digits"));
  static const char *const OPTIONS[] = {"--output", "--digits", "--train", "--test",
                                        "--few",    "--seed",   "--sheet"};
  for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++)
    ck_assert_msg(strstr(said(), OPTIONS[i]) != NULL, "%s is not in the help", OPTIONS[i]);
}
END_TEST

/* Wrong usage, with a word that the message must hold. */
static const struct {
  const char *arguments[6], *word;
} WRONG[] = {
    {{NULL}, "-o FOLDER"},
    {{"-o", "", NULL}, "-o FOLDER"},
    {{"-o", "x", "--digits", "", NULL}, "--digits"},
    {{"-o", "x", "--digits", "1,", NULL}, "--digits 1,"},
    {{"-o", "x", "--digits", "1,,4", NULL}, "--digits"},
    {{"-o", "x", "--digits", "10", NULL}, "--digits 10"},
    {{"-o", "x", "--digits", "1,1", NULL}, "different"},
    {{"-o", "x", "--digits", "one", NULL}, "--digits one"},
    {{"-o", "x", "--train", "0", NULL}, "1000000"},
    {{"-o", "x", "--train", "1000001", NULL}, "1000000"},
    {{"-o", "x", "--train", "-5", NULL}, "-5"},
    {{"-o", "x", "--test", "7x", NULL}, "7x"},
    {{"-o", "x", "--few", "99999999999999999999", NULL}, "1000000"},
    {{"-o", "x", "--seed", "-1", NULL}, "--seed -1"},
    {{"-o", "x", "--seed", "18446744073709551616", NULL}, "--seed"},
    {{"-o", "x", "more", NULL}, "more"},
    {{"--nonsense", NULL}, "--help"},
    {{"-o", NULL}, "--help"},
};

START_TEST(wrong_usage)
{
  ck_assert_int_eq(run(WRONG[_i].arguments), 2);
  ck_assert_msg(strstr(said(), WRONG[_i].word) != NULL, "it said: %s", said());
}
END_TEST

START_TEST(cannot_write)
{
  ck_assert_int_eq(run((const char *[]){"-o", in_folder("no/such/folder"), NULL}), 1);
  ck_assert_ptr_nonnull(strstr(said(), "no/such/folder"));
  FILE *file = fopen(in_folder("file"), "w");
  fputs("kept", file);
  fclose(file);
  ck_assert_int_eq(run((const char *[]){"-o", in_folder("file"), "--train", "5", NULL}), 1);
  ck_assert_ptr_nonnull(strstr(said(), "file"));
  unsigned char text[8];
  ck_assert_uint_eq(read_bytes(in_folder("file"), text, 8), 4);
}
END_TEST

static void make_folder(void)
{
  new_folder(folder);
}

int main(void)
{
  Suite *suite = suite_create("draw_digits");
  TCase *tests = tcase_create("draw_digits");
  tcase_set_timeout(tests, 120);
  tcase_add_unchecked_fixture(tests, make_folder, NULL);
  tcase_add_test(tests, files);
  tcase_add_test(tests, repeats);
  tcase_add_test(tests, images);
  tcase_add_test(tests, sheet);
  tcase_add_test(tests, help);
  tcase_add_loop_test(tests, wrong_usage, 0, (int)(sizeof WRONG / sizeof *WRONG));
  tcase_add_test(tests, cannot_write);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
