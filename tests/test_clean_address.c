/* Under AddressSanitizer (with its leak detector) and UndefinedBehaviorSanitizer: the compiler on
 * every description that the tests have, and all commands of a model's binary, in both precisions.
 * The compiler and the runtime come from BUILD/asan, the emitted code is built so, too. */
#include "clean/tiny.h"

#define SANITIZE "-fsanitize=address,undefined -fno-sanitize-recover=all"
#define LATHE built("asan/lathe")

/* No program ends so of its own: 0, 1 and 2 are theirs. */
#define FOUND "99"

static void setup(void)
{
  char leaks[2 * SPAWN_PATH], here[SPAWN_PATH];
  ck_assert_ptr_nonnull(getcwd(here, sizeof here));
  snprintf(leaks, sizeof leaks, "suppressions=%s/tests/clean/leaks.supp:print_suppressions=0",
           here);
  setenv("LSAN_OPTIONS", leaks, 1);
  setenv("ASAN_OPTIONS",
         "exitcode=" FOUND ":detect_stack_use_after_return=1:strict_string_checks=1", 1);
  setenv("UBSAN_OPTIONS", "exitcode=" FOUND ":print_stacktrace=1", 1);
}

static void one_model(void)
{
  setup();
  ck_assert_msg(exists(LATHE), "%s is missing: `make` makes it before this test", LATHE);
}

/* ---- The compiler ---- */

static void check_lathe(const char *const *argv, int status)
{
  struct said said = spawn_in(NULL, argv);
  ck_assert_msg(said.status == status, "lathe %s %s: status %d\n%.3000s", argv[1], argv[2],
                said.status, said.err);
  said_free(&said);
}

#define CHECK_LATHE(status, ...)                                                                   \
  check_lathe((const char *const[]){LATHE, __VA_ARGS__, NULL}, status)

/* Everything that lathe makes of a description, short of the C compiler's part. */
static void all_of(const char *path)
{
  static const char *const stages[] = {"--stage=ast",      "--stage=expanded", "--stage=graph",
                                       "--stage=backward", "--stage=schedule", "--stage=plan"};
  CHECK_LATHE(0, "summary", path);
  CHECK_LATHE(0, "summary", path, "--json");
  CHECK_LATHE(0, "emit", path, "-o", in_folder("c"));
  CHECK_LATHE(0, "emit", path, "-o", in_folder("plain"), "--plain");
  for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
    CHECK_LATHE(0, "dump", path, stages[i]);
  char *text = read_file(path, NULL);
  int layers = strstr(text, "encoder") != NULL ? 0 : 1; /* a mixture alone has none to draw */
  free(text);
  CHECK_LATHE(layers, "graph", path);
  CHECK_LATHE(layers, "plan", path, "-o", in_folder("plan.svg"));
  CHECK_LATHE(0, "diff", path, "models/digits_conv.lathe", "--json");
  CHECK_LATHE(0, "diff", "models/digits_mlp.lathe", path);
}

static const struct {
  const char *folder;
  int status, least; /* descriptions at least */
} folders[] = {{"tests/good", 0, 30}, {"tests/bad", 1, 100}, {"models", 0, 2}};

START_TEST(compiler)
{
  make_folder();
  DIR *dir = opendir(folders[_i].folder);
  ck_assert_ptr_nonnull(dir);
  int count = 0;
  for (const struct dirent *entry; (entry = readdir(dir));) {
    char path[SPAWN_PATH];
    const char *end = strrchr(entry->d_name, '.');
    if (end == NULL || strcmp(end, ".lathe") != 0)
      continue;
    snprintf(path, sizeof path, "%s/%s", folders[_i].folder, entry->d_name);
    if (folders[_i].status != 0 || count % 4 != 0)
      CHECK_LATHE(folders[_i].status, "check", path);
    else
      all_of(path);
    count++;
  }
  closedir(dir);
  ck_assert_int_ge(count, folders[_i].least);
  CHECK_LATHE(0, "help");
  CHECK_LATHE(2, "help", "nothing");
  CHECK_LATHE(1, "check", "tests/good/no/such.lathe");
  remove_folder();
}
END_TEST

/* ---- A model's binary ---- */

START_TEST(binary)
{
  tiny_folder(_i == 1);
  CHECK_LATHE(0, "build", in_folder("tiny.lathe"), "-o", in_folder("tiny"), "--cflags",
              "-O1 -g " SANITIZE);
  for (int i = 0; i < TINY_COMMANDS; i++)
    tiny_run((const char *const[]){NULL}, tiny_commands[i]);
  remove_folder();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("clean address");
  TCase *tests = tcase_create("address");
  tcase_add_unchecked_fixture(tests, one_model, NULL);
  tcase_set_timeout(tests, 4 * SPAWN_SECONDS);
  tcase_add_loop_test(tests, compiler, 0, sizeof folders / sizeof *folders);
  tcase_add_loop_test(tests, binary, 0, 2);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
