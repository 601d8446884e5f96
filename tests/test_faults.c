/* Programs whose allocations and system calls fail, each in its turn. LATHE_FAULTS=N spoils a
 * spread of N calls of each kind, LATHE_FAULTS=all every one; LATHE_FAULTS_SHOW=1 says what became
 * of each, LATHE_FAULTS_ONLY=WORD does what has the word in its name alone. */
#define _GNU_SOURCE
#include "faults/inject.h"
#include "faults/judge.h"

enum { SPREAD = 2 };

/* Libraries that draw text, of which Debian 12's, fontconfig 2.14 and cairo 1.16, do not bear to be
 * left without memory or their files: they end the program by a signal, print lines of their own,
 * or take another font. Nothing is lost by it: pictures are drawn when all else is on the disk. */
static bool in_drawing(const struct kind *kind, const struct injected *run)
{
  static const char *const libraries[] = {"libfontconfig", "libcairo", "libfreetype", "libpixman"};
  bool found = strncmp(kind->name, "memory", 6) == 0 && strstr(run->said.err, "Fontconfig") != NULL;
  found |= strstr(run->site, "font") != NULL; /* a file of theirs */
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
    found |= strstr(run->site, libraries[i]) != NULL;
  return found;
}

static void show(const struct trial *trial)
{
  if (getenv("LATHE_FAULTS_SHOW") != NULL)
    printf("%s, %s %ld (%s): %d %s\n", trial->scenario->name, trial->fault, trial->at, trial->site,
           trial->said->status, trial->said->err);
}

static struct injected run(const struct scenario *scenario, const struct kind *kind, long at)
{
  prepare(scenario);
  return inject(folder, words_of(scenario), kind, at);
}

static void spoil_all(const struct scenario *scenario, const struct kind *kind, long wanted,
                      long shift, long totals[2])
{
  struct injected whole = run(scenario, kind, 0);
  ck_assert_msg(whole.said.status == 0, "%s fails undisturbed: %s", scenario->name, whole.said.err);
  keep_outputs(scenario);
  long count = wanted < whole.count ? wanted : whole.count;
  for (long i = 0; i < count; i++) {
    long at = spread(i, wanted, whole.count, shift);
    struct injected now = run(scenario, kind, at);
    struct trial trial = {scenario,
                          kind->name,
                          at,
                          now.site,
                          &now.said,
                          .removes_nothing = kind->calls == unlink_calls,
                          .drawing = in_drawing(kind, &now)};
    judge(&trial, whole.said.out);
    show(&trial);
    totals[now.said.status != 0]++;
    said_free(&now.said);
  }
  said_free(&whole.said);
}

START_TEST(spoilt)
{
  const struct scenario *scenario = &scenarios[_i];
  const char *only = getenv("LATHE_FAULTS_ONLY");
  long totals[2] = {0, 0};
  for (int k = 0; k < KINDS; k++) {
    char name[128];
    snprintf(name, sizeof name, "%s, %s", scenario->name, kinds[k].name);
    if (only == NULL || strstr(name, only) != NULL)
      spoil_all(scenario, &kinds[k], faults_wanted(SPREAD), _i * KINDS + k, totals);
  }
  printf("%s: %ld faults: went on after %ld, ended after %ld\n", scenario->name,
         totals[0] + totals[1], totals[0], totals[1]);
  ck_assert_msg(blamed == 0, "%d of them did harm; they are listed above", blamed);
}
END_TEST

static bool can_trace(void)
{
  if (!CAN_INJECT)
    puts("skipped: no system calls are spoilt on this architecture");
  return CAN_INJECT;
}

int main(void)
{
  if (!can_trace())
    return 0;
  Suite *suite = suite_create("faults");
  TCase *tests = tcase_create("faults");
  tcase_add_unchecked_fixture(tests, make_scenarios, remove_folder);
  tcase_set_timeout(tests, 24 * 3600);
  tcase_add_loop_test(tests, spoilt, 0, SCENARIOS);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
