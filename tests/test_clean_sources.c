/* What cppcheck and clang-tidy have to say of the compiler, the runtime and emitted C: nothing.
 * What they are asked is in .clang-tidy and clean/cppcheck.supp. clang-tidy's analyser of whole
 * paths, which takes minutes, sees emitted code alone; `make tidy` shows it everything. */
#include "spawn.h"

static void setup(void)
{
  make_folder();
  SPAWN_QUIETLY(built("lathe"), "emit", "tests/reference/torch/conv_vae.lathe", "-o",
                in_folder("conv_vae"));
}

/* Runs a line of the shell; nothing is to be said. */
static void check_line(const char *program, const char *line)
{
  if (!installed(program)) {
    printf("Skipped: %s is not installed\n", program);
    return;
  }
  struct said said = SPAWN("sh", "-c", line, program, build_folder(), in_folder("conv_vae"));
  ck_assert_msg(said.status == 0 && said.out[0] == '\0' && said.err[0] == '\0', "%.2000s%.1000s",
                said.out, said.err);
  said_free(&said);
}

/* The arguments: the build folder, the emitted C. */
#define TIDY(checks, files) "sh tests/clean/tidy.sh \"$1\" '" checks "' " files
static const struct {
  const char *program, *line;
} lines[] = {
    {"cppcheck", "cppcheck --quiet --std=c11 --enable=warning,performance,portability,information "
                 "--suppressions-list=tests/clean/cppcheck.supp --error-exitcode=1 -j 2 "
                 "-D_POSIX_C_SOURCE=200809L -I. -Icompiler -I\"$1/gen\" -I\"$1/include\" "
                 "compiler runtime \"$2\""},
    {"clang-tidy", TIDY("-clang-analyzer-*", "compiler/*.c compiler/op/*.c compiler/compare/*.c")},
    {"clang-tidy", TIDY("-clang-analyzer-*", "runtime/*.c")},
    {"clang-tidy", TIDY("", "\"$2\"/*.c")},
};

START_TEST(nothing_to_say)
{
  check_line(lines[_i].program, lines[_i].line);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("clean sources");
  TCase *tests = tcase_create("sources");
  tcase_add_unchecked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 4 * SPAWN_SECONDS);
  tcase_add_loop_test(tests, nothing_to_say, 0, sizeof lines / sizeof *lines);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
