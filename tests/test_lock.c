/* One writer a run folder. */
#include "resumed.h"
#include "runtime/lock.h"
#include <sys/wait.h>

/* A process that locks the folder `path` and holds it until it is killed. */
static pid_t hold(const char *path)
{
  int ready[2];
  char byte;
  ck_assert_int_eq(pipe(ready), 0);
  fflush(NULL);
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    struct lathe_lock lock;
    bool taken = lathe_lock_take(&lock, path, NULL);
    if (!taken || write(ready[1], "x", 1) != 1)
      _exit(1);
    for (;;)
      pause();
  }
  close(ready[1]);
  ck_assert_int_eq(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  return child;
}

static void end(pid_t child)
{
  kill(child, SIGKILL);
  ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

/* The holder is named; when it is dead, the file that it left stops nobody. */
START_TEST(held_by_another)
{
  struct lathe_lock lock;
  struct lathe_error err = {""};
  char process[32];
  make_folder();
  ck_assert(lathe_lock_check(in_folder("absent"), &err));
  ck_assert(lathe_lock_check(folder, &err));
  pid_t child = hold(folder);
  snprintf(process, sizeof process, "process %ld", (long)child);
  ck_assert(!lathe_lock_check(folder, &err));
  assert_words(err.text, "another training|at work|--run");
  ck_assert(!lathe_lock_take(&lock, folder, &err));
  assert_words(err.text, process);
  end(child);
  ck_assert(exists(in_folder("lock")));
  ck_assert(lathe_lock_check(folder, &err));
  ck_assert_msg(lathe_lock_take(&lock, folder, &err), "%s", err.text);
  lathe_lock_release(&lock);
  ck_assert(!exists(in_folder("lock")));
  lathe_lock_release(&lock);
  ck_assert(!lathe_lock_take(&lock, in_folder("absent"), &err));
  assert_words(err.text, "absent/lock cannot be locked");
  remove_folder();
}
END_TEST

/* Takes and lets go of the lock again and again; inside it, nobody else may be. */
static int crowd(void)
{
  const char *inside = in_folder("inside");
  int taken = 0;
  while (taken < 200) {
    struct lathe_lock lock;
    if (!lathe_lock_take(&lock, folder, NULL))
      continue;
    int fd = open(inside, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (fd < 0 || unlink(inside) != 0)
      return 1;
    close(fd);
    lathe_lock_release(&lock);
    taken++;
  }
  return 0;
}

START_TEST(one_at_a_time)
{
  enum { PROCESSES = 4 };
  pid_t children[PROCESSES];
  make_folder();
  fflush(NULL);
  for (int i = 0; i < PROCESSES; i++)
    if ((children[i] = fork()) == 0)
      _exit(crowd());
  for (int i = 0; i < PROCESSES; i++) {
    int status;
    ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  remove_folder();
}
END_TEST

/* Whatever would write to the folder of a run at work is refused, and changes nothing in it. */
START_TEST(the_second_trainer_is_refused)
{
  static const char *const last[][2] = {
      {"--quiet", NULL}, {"--quiet", "--force"}, {"--quiet", "--resume"}};
  make_undisturbed();
  ck_assert_int_eq(mkdir(in_folder("new"), 0777), 0);
  for (int i = 0; i < 6; i++) {
    const char *run = i < 3 ? "new" : "whole";
    pid_t child = hold(in_folder("%s", run));
    int before = entries_of(in_folder("%s", run));
    check_ended(BEGIN(run, last[i % 3][0], last[i % 3][1]), 1, "another training|at work in");
    check_ended(SPAWN(in_folder("small"), "import", "--params",
                      in_folder("whole/weights.safetensors"), "--data", in_folder("x.npz"), "--run",
                      in_folder("%s", run), "--force"),
                1, "another training|at work in");
    ck_assert_int_eq(entries_of(in_folder("%s", run)), before);
    end(child);
  }
  check_ended(BEGIN("new", "--quiet"), 0, ""); /* whose lock is stale now */
  check_same("new", "whole");
  remove_folder();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("lock");
  TCase *tests = tcase_create("lock");
  tcase_set_timeout(tests, SPAWN_SECONDS);
  tcase_add_test(tests, held_by_another);
  tcase_add_test(tests, one_at_a_time);
  tcase_add_test(tests, the_second_trainer_is_refused);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
