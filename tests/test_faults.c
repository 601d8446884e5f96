/* Programs whose allocations and system calls fail, each in its turn. LATHE_FAULTS=N spoils a
 * spread of N calls of each kind, LATHE_FAULTS=all every one, LATHE_FAULTS=places every system
 * call, and of the allocations that are asked for along one path of calls the first and the last.
 * LATHE_FAULTS_SHOW=1 says what became of each, LATHE_FAULTS_ONLY=WORD does what has the word in
 * its name alone, LATHE_FAULTS_JOBS=N does N at a time. */
#define _GNU_SOURCE
#include "faults/inject.h"
#include "faults/judge.h"
#include "faults/places.h"
#include "small_disk.h"
#include <sys/mman.h>

enum { SPREAD = 2 };

/* Libraries that draw text, of which Debian 12's, fontconfig 2.14 and cairo 1.16, do not bear to be
 * left without memory or their files: they end the program by a signal (cairo by an assertion, or a
 * jump into a function that has returned), wait for a lock that they hold, print lines of their
 * own, or take another font. Nothing is lost by it: pictures are drawn when all else is on the
 * disk. */
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

/* ---- Which calls are spoilt ---- */

/* Numbers of calls, from 1; to be freed. */
struct choice {
  long *at, count;
};

static struct choice choose(const struct scenario *scenario, const struct kind *kind, long count,
                            long shift)
{
  long wanted = faults_wanted(SPREAD);
  struct choice chosen = {.count = wanted < count ? wanted : count};
  if (kind->calls == NULL && faults_by_place()) {
    setenv("FAULT_PLACES", in_folder("injected.places"), 1);
    struct injected noted = run(scenario, kind, 0);
    unsetenv("FAULT_PLACES");
    said_free(&noted.said);
    chosen.at = first_and_last(in_folder("injected.places"), &chosen.count);
    unlink(in_folder("injected.places"));
    return chosen;
  }
  chosen.at = malloc((size_t)(chosen.count + 1) * sizeof *chosen.at);
  for (long i = 0; i < chosen.count; i++)
    chosen.at[i] = spread(i, wanted, count, shift);
  return chosen;
}

/* ---- Spoilt ---- */

/* What came of the faults. */
struct tally {
  long calls, went_on, ended, blamed;
};

/* Which of the faults this process is to do: those whose number has this rest. */
struct share {
  long rest, of;
};

static void spoil_all(const struct scenario *scenario, const struct kind *kind, struct share share,
                      long shift, struct tally *tally)
{
  struct injected whole = run(scenario, kind, 0);
  ck_assert_msg(whole.said.status == 0, "%s fails undisturbed: %s", scenario->name, whole.said.err);
  keep_outputs(scenario);
  tally->calls += share.rest == 0 ? whole.count : 0;
  struct choice chosen = choose(scenario, kind, whole.count, shift);
  for (long i = share.rest; i < chosen.count; i += share.of) {
    long at = chosen.at[i];
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
    tally->went_on += now.said.status == 0;
    tally->ended += now.said.status != 0;
    said_free(&now.said);
  }
  free(chosen.at);
  said_free(&whole.said);
}

/* Whether LATHE_FAULTS_ONLY, words separated by '|', says so. */
static bool is_wanted(const char *name)
{
  const char *only = getenv("LATHE_FAULTS_ONLY");
  char words[SPAWN_PATH];
  if (only == NULL)
    return true;
  snprintf(words, sizeof words, "%s", only);
  for (const char *word = strtok(words, "|"); word != NULL; word = strtok(NULL, "|"))
    if (strstr(name, word) != NULL)
      return true;
  return false;
}

static void spoil_share(int number, struct share share, struct tally *tally)
{
  const struct scenario *scenario = &scenarios[number];
  for (int k = 0; k < KINDS; k++) {
    char name[128];
    snprintf(name, sizeof name, "%s, %s", scenario->name, kinds[k].name);
    if (is_wanted(name))
      spoil_all(scenario, &kinds[k], share, number * KINDS + k, tally);
  }
  tally->blamed = blamed;
}

/* Does a share in a process of its own, in a copy of the folder. */
static pid_t spoil_aside(int number, struct share share, struct tally *tally)
{
  fflush(NULL);
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    take_a_copy();
    spoil_share(number, share, tally);
    remove_folder();
    fflush(NULL);
    _exit(0);
  }
  return child;
}

enum { MOST_JOBS = 64 };

/* One, when other tests are at work, or a faulty program is looked at. */
static long jobs_wanted(void)
{
  const char *wish = getenv("LATHE_FAULTS_JOBS"), *all = getenv("LATHE_FAULTS");
  long jobs = wish != NULL ? atol(wish) : all != NULL ? sysconf(_SC_NPROCESSORS_ONLN) : 1;
  return jobs < 1 ? 1 : jobs > MOST_JOBS ? MOST_JOBS : jobs;
}

START_TEST(spoilt)
{
  long jobs = jobs_wanted();
  pid_t children[MOST_JOBS];
  double begun = spawn_now();
  struct tally *tallies = mmap(NULL, MOST_JOBS * sizeof *tallies, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ck_assert(tallies != MAP_FAILED);
  struct tally all = {0};
  for (long j = 0; j < jobs; j++)
    if (jobs > 1)
      children[j] = spoil_aside(_i, (struct share){j, jobs}, &tallies[j]);
    else
      spoil_share(_i, (struct share){0, 1}, tallies);
  for (long j = 0; j < jobs; j++) {
    int status = 0;
    if (jobs > 1)
      ck_assert_int_eq(waitpid(children[j], &status, 0), children[j]);
    ck_assert_msg(status == 0, "%s: a share of it came to no end", scenarios[_i].name);
    all.calls += tallies[j].calls;
    all.went_on += tallies[j].went_on;
    all.ended += tallies[j].ended;
    all.blamed += tallies[j].blamed;
  }
  munmap(tallies, MOST_JOBS * sizeof *tallies);
  if (all.calls > 0)
    printf("%s: %ld faults in %ld calls, %.0f s: went on after %ld, ended after %ld\n",
           scenarios[_i].name, all.went_on + all.ended, all.calls, spawn_now() - begun, all.went_on,
           all.ended);
  fflush(stdout); /* what fails does not */
  ck_assert_msg(all.blamed == 0, "%ld of them did harm; they are listed above", all.blamed);
}
END_TEST

static bool can_trace(void)
{
  if (!CAN_INJECT)
    puts("skipped: no system calls are spoilt on this architecture");
  return CAN_INJECT;
}

static bool in_memory;

static void setup(void)
{
  if (in_memory)
    mount_disk();
  setenv("LD_PRELOAD", built("tests/quick_png.so"), 1);
  make_scenarios();
}

static void teardown(void)
{
  remove_folder();
  if (in_memory)
    ck_assert_int_eq(umount(all_folders), 0);
}

int main(void)
{
  if (!can_trace())
    return 0;
  in_memory = can_mount_privately(); /* where it can be: programs wait for disks most of the time */
  Suite *suite = suite_create("faults");
  TCase *tests = tcase_create("faults");
  tcase_add_unchecked_fixture(tests, setup, teardown);
  tcase_set_timeout(tests, 24 * 3600);
  tcase_add_loop_test(tests, spoilt, 0, SCENARIOS);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
