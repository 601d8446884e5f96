/* The lists of faults in tests/mutants: each can be planted, and is meant for tests that are there.
 * (`make mutants` plants them.) */
#include "spawn.h"

#define SCRIPT "tests/mutants/run.sh"

START_TEST(faults_can_be_planted)
{
  struct said said = SPAWN("sh", SCRIPT, "--check");
  ck_assert_msg(said.status == 0, "%s%s", said.out, said.err);
  assert_words(said.out, "faults can be planted");
  said_free(&said);
}
END_TEST

#define FAULT(name, file, tests, old, new) "== " name ":\n" file ": " tests "\n-" old "\n+" new "\n"
#define HERE "tests/run.sh"
#define PLANTABLE FAULT("good", HERE, "test_mutants", "set -u", "set -e")

/* What is said of a list, in one line. */
static const struct {
  const char *list, *said;
} lists[] = {
    {"# A list without faults\n", "0 faults"},
    {FAULT("bad", HERE, "test_mutants", "nowhere", ""), "bad: |not in " HERE " exactly once"},
    {PLANTABLE FAULT("bad", HERE, "test_mutants", "failed", ""), "bad: |exactly once"},
    {FAULT("bad", "tests/no_such.c", "test_mutants", "{", ""), "bad: |tests/no_such.c"},
    {FAULT("bad", HERE, "test_mutants", "set -u", "set -u"), "bad: |changes nothing"},
    {FAULT("bad", HERE, "test_mutants test_no", "set -u", ""), "bad: |no tests/test_no.c"},
    {FAULT("bad", HERE, "", "set -u", ""), "bad: |names no test"},
    {PLANTABLE PLANTABLE, "good: |another fault"},
};

START_TEST(rotten_lists_are_told)
{
  char *script = read_file(SCRIPT, NULL);
  write_text(in_folder("run.sh"), script);
  free(script);
  write_text(in_folder("list.txt"), lists[_i].list);
  struct said said = SPAWN("sh", in_folder("run.sh"), "--check");
  ck_assert_int_eq(said.status, 1);
  ck_assert_int_eq(lines_of(said.out), 1);
  assert_words(said.out, lists[_i].said);
  said_free(&said);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("mutants");
  TCase *tests = tcase_create("lists");
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  tcase_add_test(tests, faults_can_be_planted);
  tcase_add_loop_test(tests, rotten_lists_are_told, 0, sizeof lists / sizeof *lists);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
