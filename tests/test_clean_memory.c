/* Under valgrind: no value that was never written decides anything, in the compiler, in emitted
 * code and in the runtime; and nothing that was allocated is lost. */
#include "clean/tiny.h"

/* The last word names the file beside this test, from anywhere. */
static const char *valgrind[] = {"valgrind",
                                 "--quiet",
                                 "--error-exitcode=99",
                                 "--leak-check=full",
                                 "--show-leak-kinds=definite",
                                 "--errors-for-leak-kinds=definite",
                                 NULL,
                                 NULL};
enum { SUPPRESSIONS = 6 };

static void find_suppressions(void)
{
  static char option[SPAWN_PATH];
  char here[SPAWN_PATH / 2];
  ck_assert_ptr_nonnull(getcwd(here, sizeof here));
  snprintf(option, sizeof option, "--suppressions=%s/tests/clean/valgrind.supp", here);
  valgrind[SUPPRESSIONS] = option;
}

/* valgrind 3.19 knows no AVX-512, which -march=native and OpenBLAS's kernels may be made of. */
static const char *flags = "-O1 -g";

static void choose_machine(void)
{
#ifdef __x86_64__
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  flags = avx2 ? "-O1 -g -march=x86-64-v3" : "-O1 -g -march=x86-64-v2";
  setenv("OPENBLAS_CORETYPE", avx2 ? "Haswell" : "Nehalem", 1);
#endif
}

/* Whether there is a valgrind; says so where there is none. */
static bool there(void)
{
  if (installed(valgrind[0]))
    return true;
  printf("Skipped: valgrind is not installed\n");
  return false;
}

/* ---- The compiler ---- */

static const struct {
  const char *command, *path;
  int status;
} described[] = {
    {"check", "tests/bad/several_settings.lathe", 1},
    {"check", "tests/bad/overlong_utf8.lathe", 1},
    {"check", "tests/bad/unknown_layer_swapped.lathe", 1},
    {"check", "tests/good/comments.lathe", 0},
    {"emit", "tests/good/convolutions.lathe", 0},
    {"emit", "models/digits_mlp.lathe", 0},
    {"emit", "models/digits_conv.lathe", 0},
};

START_TEST(compiler)
{
  if (!there())
    return;
  make_folder();
  const char *argv[SPAWN_ARGUMENTS] = {0};
  int count = 0;
  for (; valgrind[count] != NULL; count++)
    argv[count] = valgrind[count];
  argv[count++] = built("lathe");
  argv[count++] = described[_i].command;
  argv[count++] = described[_i].path;
  if (strcmp(described[_i].command, "emit") == 0) {
    argv[count++] = "-o";
    argv[count++] = in_folder("c");
  }
  struct said said = spawn_in(NULL, argv);
  ck_assert_msg(said.status == described[_i].status, "%s %s: status %d\n%.3000s",
                described[_i].command, described[_i].path, said.status, said.err);
  said_free(&said);
  remove_folder();
}
END_TEST

/* ---- A model's binary ---- */

/* In the second precision only what computes: the rest is the same code, and takes long. */
static bool wanted(const char *command, bool again)
{
  static const char *const left_out[] = {"bench", "info", "help"};
  static const char *const computing[] = {"trace", "em", "classify"};
  for (int i = 0; i < 3; i++) {
    if (!again && strcmp(command, left_out[i]) == 0)
      return false;
    if (again && strcmp(command, computing[i]) == 0)
      return true;
  }
  return !again;
}

START_TEST(binary)
{
  if (!there())
    return;
  choose_machine();
  tiny_folder(_i == 1);
  SPAWN_QUIETLY(built("lathe"), "build", in_folder("tiny.lathe"), "-o", in_folder("tiny"),
                "--cflags", flags);
  if (_i == 1)
    tiny_run((const char *const[]){NULL}, tiny_commands[0]); /* the others need its run folder */
  for (int i = 0; i < TINY_COMMANDS; i++)
    if (wanted(tiny_commands[i][0], _i == 1))
      tiny_run(valgrind, tiny_commands[i]);
  remove_folder();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("clean memory");
  TCase *tests = tcase_create("memory");
  tcase_set_timeout(tests, 4 * SPAWN_SECONDS);
  tcase_add_unchecked_fixture(tests, find_suppressions, NULL);
  tcase_add_loop_test(tests, compiler, 0, sizeof described / sizeof *described);
  tcase_add_loop_test(tests, binary, 0, 2);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
