/* Trainers that are ended from outside: by SIGKILL at random moments, LATHE_KILLS times (12), and
 * by the signals that they listen to. However often, the run that is gone on with ends as one that
 * was left alone. */
#include "resumed.h"
#include "runtime/stop.h"

/* Starts the small model's trainer on a run, with a checkpoint after every step; what it says goes
 * to the file `said`. Returns its process. */
static pid_t start(const char *run)
{
  const char *const argv[] = {
      in_folder("small"),   "train",          "--resume", TRAINED_ON, "--run",
      in_folder("%s", run), "--save-minutes", "1e-9",     "--quiet",  NULL};
  sigset_t both;
  sigemptyset(&both);
  sigaddset(&both, SIGINT);
  sigaddset(&both, SIGTERM);
  sigprocmask(SIG_BLOCK, &both, NULL); /* until the child has not Check's handlers any more */
  fflush(NULL);
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &both, NULL);
    int said = open(in_folder("said"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    spawn_child(NULL, argv, said, said);
  }
  sigprocmask(SIG_UNBLOCK, &both, NULL);
  return child;
}

/* 128 + the signal that ended it, or its exit status. */
static int status_of(pid_t child)
{
  int status;
  while (waitpid(child, &status, 0) < 0)
    ck_assert_int_eq(errno, EINTR);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void sleep_for(double seconds)
{
  struct timespec time = {(time_t)seconds, (long)(1e9 * (seconds - floor(seconds)))};
  nanosleep(&time, NULL);
}

/* Whether a folder has a file that was being written. */
static bool has_half(const char *path)
{
  DIR *dir = opendir(path);
  bool found = false;
  for (const struct dirent *entry; dir && (entry = readdir(dir));)
    found |= strstr(entry->d_name, ".part") != NULL;
  if (dir)
    closedir(dir);
  return found;
}

static void check_said_nothing(void)
{
  char *said = read_file(in_folder("said"), NULL);
  ck_assert_str_eq(said, "");
  free(said);
}

static void finish_run(const char *run, int status)
{
  check_said_nothing();
  ck_assert_int_eq(status, 0);
  check_same(run, "whole");
  ck_assert(!has_half(in_folder("%s", run)) && !has_half(in_folder("%s/checkpoints", run)));
  remove_below(in_folder("%s", run));
}

START_TEST(killed_at_any_moment)
{
  const char *wish = getenv("LATHE_KILLS");
  int wanted = wish ? atoi(wish) : 12, kills = 0, writing = 0, runs = 0;
  double begun = spawn_now();
  finish_run("r", status_of(start("r")));
  double whole = spawn_now() - begun;
  for (int i = 0; kills < wanted; i++) {
    ck_assert_int_lt(i, 20 * wanted);
    pid_t child = start("r");
    sleep_for(number_of(1, i, 0, 0.7 * whole));
    kill(child, SIGKILL);
    int status = status_of(child);
    if (status == 128 + SIGKILL) {
      kills++;
      writing += has_half(in_folder("r")) || has_half(in_folder("r/checkpoints"));
      check_said_nothing(); /* no checkpoint was found damaged */
    } else {
      finish_run("r", status);
      runs++;
    }
  }
  finish_run("r", status_of(start("r")));
  printf("killed %d times in %d runs, %d times while a file was written\n", kills, runs + 1,
         writing);
}
END_TEST

/* The first signal ends it after the step, with a checkpoint; whenever it comes. */
START_TEST(stopped_by_a_signal)
{
  int number = _i == 0 ? SIGINT : SIGTERM, stops = 0;
  for (int i = 0; stops < 4; i++) {
    ck_assert_int_lt(i, 100);
    pid_t child = start("s");
    for (int wait = 0; wait < 2000 && entries_of(in_folder("s/checkpoints")) < 1; wait++)
      sleep_for(0.001);
    sleep_for(number_of(2, i, 0, 0.05));
    kill(child, number);
    int status = status_of(child);
    char *said = read_file(in_folder("said"), NULL);
    if (status == 128 + number && said[0] != '\0') { /* else it was not listening yet */
      stops++;
      assert_words(said, number == SIGINT ? "SIGINT" : "SIGTERM");
      assert_words(said, "after epoch|which is saved|small train --run|s --resume");
      ck_assert_int_eq(lines_of(said), 1);
      ck_assert(!has_half(in_folder("s")) && !has_half(in_folder("s/checkpoints")));
      ck_assert(!exists(in_folder("s/lock")));
      ck_assert(exists(in_folder("s/model.lathe"))); /* what the run is of, from its beginning */
    } else if (status == 0) {
      finish_run("s", status);
    }
    free(said);
  }
  finish_run("s", status_of(start("s")));
}
END_TEST

/* What a process of its own does; its status. */
static int in_a_process(void (*work)(void))
{
  fflush(NULL);
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    work();
    _exit(0);
  }
  return status_of(child);
}

static void stop_once(void)
{
  lathe_stop_watch();
  if (lathe_stop_signal() != 0)
    _exit(1);
  raise(SIGTERM);
  if (lathe_stop_signal() != SIGTERM)
    _exit(2);
}

static void stop_twice(void)
{
  stop_once();
  raise(SIGINT);
}

static void ignore_before(void)
{
  signal(SIGINT, SIG_IGN);
  lathe_stop_watch();
  raise(SIGINT);
  if (lathe_stop_signal() != 0)
    _exit(3);
}

START_TEST(the_second_signal_ends_at_once)
{
  ck_assert_int_eq(in_a_process(stop_once), 0);
  ck_assert_int_eq(in_a_process(stop_twice), 128 + SIGINT);
  ck_assert_int_eq(in_a_process(ignore_before), 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("killed");
  TCase *tests = tcase_create("killed");
  tcase_add_unchecked_fixture(tests, make_undisturbed, remove_folder);
  tcase_set_timeout(tests, 1800);
  tcase_add_test(tests, killed_at_any_moment);
  tcase_add_loop_test(tests, stopped_by_a_signal, 0, 2);
  tcase_add_test(tests, the_second_signal_ends_at_once);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
