/* Full disks, for real: every command on a disk that has room for nothing, for all that it writes
 * but the last of it, and for parts between, in blocks and in numbers of files. It goes on or ends
 * with status 1, one line and the file's name, and once there is room again training is gone on
 * with to the undisturbed run's bits. LATHE_FAULTS=N tries N amounts of room, LATHE_FAULTS=all
 * each. */
#define _GNU_SOURCE /* unshare */
#include "faults/judge.h"
#include "small_disk.h"

enum { SPREAD = 4, UNLIMITED = -1 };

static void setup(void)
{
  mount_disk();
  make_scenarios();
}

static void teardown(void)
{
  ck_assert_int_eq(umount(all_folders), 0);
}

/* ---- What is written to files ---- */

/* What there may be too little of. */
static const struct fullness {
  const char *name;
  bool blocks;
} fullnesses[] = {{"blocks free", true}, {"files free", false}};
enum { FULLNESSES = sizeof fullnesses / sizeof *fullnesses };

/* Runs a scenario with so much room, and makes room again. */
static struct said run(const struct scenario *scenario, const struct fullness *fullness, long room)
{
  prepare(scenario);
  leave_room(fullness->blocks ? room : UNLIMITED, fullness->blocks ? UNLIMITED : room);
  struct said said = spawn_in(folder, words_of(scenario));
  leave_room(UNLIMITED, UNLIMITED);
  return said;
}

/* The least room, but for half of it, that a scenario succeeds with. */
static long enough_for(const struct scenario *scenario, const struct fullness *fullness)
{
  for (long room = 1; room < DISK_BLOCKS; room *= 2) {
    struct said said = run(scenario, fullness, room);
    bool good = said.status == 0;
    said_free(&said);
    if (good)
      return room;
  }
  ck_abort_msg("%s: %d %s are not enough", scenario->name, DISK_BLOCKS, fullness->name);
}

/* Whether a line names a file, or one in that folder. */
static bool names(const char *line, const char *file)
{
  for (const char *at = line; (at = strstr(at, file)) != NULL; at++)
    if (at > line && strchr(" '/", at[-1]) != NULL && strchr(" '/.:", at[strlen(file)]) != NULL)
      return true;
  return false;
}

/* The line says why, and names a file that the command line names; or leaves it to the compiler. */
static void judge_words(const struct trial *trial)
{
  const char *const *argv = words_of(trial->scenario);
  const char *err = trial->said->err;
  bool named = false;
  if (strstr(err, "the C compiler") != NULL)
    return;
  for (int i = 2; argv[i] != NULL; i++)
    named = named || names(err, argv[i]);
  INSIST(strstr(err, "No space left on device") != NULL, trial, "it does not say why");
  INSIST(named, trial, "it names no file");
}

static void fill(const struct scenario *scenario, const struct fullness *fullness, long wanted,
                 long shift, long totals[2])
{
  struct said whole = run(scenario, fullness, UNLIMITED);
  ck_assert_msg(whole.status == 0, "%s fails undisturbed: %s", scenario->name, whole.err);
  keep_outputs(scenario);
  long most = enough_for(scenario, fullness), count = wanted < most ? wanted : most;
  for (long i = 0; i < count; i++) {
    long room = spread(i, wanted, most, shift) - 1;
    struct said now = run(scenario, fullness, room);
    struct trial trial = {
        .scenario = scenario, .fault = fullness->name, .at = room, .site = "", .said = &now};
    judge(&trial, whole.out);
    if (now.status != 0)
      judge_words(&trial);
    totals[now.status != 0]++;
    said_free(&now);
  }
  said_free(&whole);
}

START_TEST(full)
{
  const struct scenario *scenario = &scenarios[_i];
  long totals[2] = {0, 0};
  for (int k = 0; k < FULLNESSES; k++)
    fill(scenario, &fullnesses[k], faults_wanted(SPREAD), _i * FULLNESSES + k, totals);
  printf("%s: %ld full disks: went on on %ld, ended on %ld\n", scenario->name,
         totals[0] + totals[1], totals[0], totals[1]);
  ck_assert_msg(blamed == 0, "%d of them did harm; they are listed above", blamed);
}
END_TEST

/* ---- The C compiler's files ---- */

/* What the compiler says of it stands above what lathe says. */
START_TEST(compiled)
{
  static const long rooms[] = {0, 64, UNLIMITED};
  ck_assert_int_eq(mkdir(in_folder("tmp"), 0777), 0);
  setenv("TMPDIR", in_folder("tmp"), 1);
  for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
    leave_room(rooms[i], UNLIMITED);
    struct said said = SPAWN(built("lathe"), "build", in_folder("small.lathe"), "-o",
                             in_folder("again"), "--cflags", "-O1");
    leave_room(UNLIMITED, UNLIMITED);
    ck_assert_msg(said.status == (rooms[i] >= 0), "%ld: status %d: %s", rooms[i], said.status,
                  said.err);
    if (said.status != 0)
      assert_words(said.err, "No space left on device");
    ck_assert_int_eq(exists(in_folder("again")), said.status == 0);
    ck_assert_int_eq(entries_of(in_folder("tmp")), 0);
    char part[SPAWN_PATH];
    ck_assert_msg(!find_part(folder, part), "%s is left", part);
    said_free(&said);
  }
  unsetenv("TMPDIR");
}
END_TEST

/* ---- What is printed into a file ---- */

START_TEST(printed)
{
  static const char *const lines[] = {
      "./small eval --run ref --data x.npz",
      "./small eval --run ref --data x.npz --json",
      "./small compare ref finished",
      "./small info",
      "./small help",
      "\"$LATHE\" summary small.lathe",
      "\"$LATHE\" graph small.lathe",
      "\"$LATHE\" plan small.lathe",
      "\"$LATHE\" dump small.lathe --stage=plan",
      "\"$LATHE\" help conv2d",
      "\"$LATHE\" explain E0605",
  };
  char line[2 * SPAWN_PATH];
  setenv("LATHE", built("lathe"), 1);
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    snprintf(line, sizeof line, "cd '%s' && exec %s >full", folder, lines[i]);
    write_text(in_folder("full"), "");
    leave_room(0, UNLIMITED);
    struct said said = SPAWN("sh", "-c", line);
    leave_room(UNLIMITED, UNLIMITED);
    ck_assert_msg(said.status == 1, "%s: status %d: %s", lines[i], said.status, said.err);
    ck_assert_int_eq(lines_of(said.err), 1);
    assert_words(said.err, "standard output");
    said_free(&said);
  }
}
END_TEST

int main(void)
{
  if (!can_mount())
    return 0;
  Suite *suite = suite_create("full disk");
  TCase *tests = tcase_create("full disk");
  tcase_add_unchecked_fixture(tests, setup, teardown);
  tcase_set_timeout(tests, 24 * 3600);
  tcase_add_loop_test(tests, full, 0, SCENARIOS);
  tcase_add_test(tests, compiled);
  tcase_add_test(tests, printed);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
