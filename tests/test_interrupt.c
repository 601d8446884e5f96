/* lathe told to end by a signal while a program that it has started is at work: it ends by that
 * signal, so does the program, and neither temporary folders nor half a binary stay behind. */
#include "spawn.h"

#define LATHE built("lathe")
#define MODEL "models/digits_mlp.lathe"

/* Stand in for the C compiler: one that takes its time, and one whose programs do. Each has a child
 * of its own, as compilers have. */
#define WORKING "echo $$ >\"$(dirname \"$0\")/pid\"\nsleep 100\n"
static const char slow_compiler[] = "#!/bin/sh\n" WORKING;
static const char slow_programs[] = "#!/bin/sh\n"
                                    "for output; do :; done\n"
                                    "printf '%s' '#!/bin/sh\n" WORKING "' >\"$output\"\n"
                                    "chmod 755 \"$output\"\n";

static void setup(void)
{
  make_folder();
  ck_assert_int_eq(mkdir(in_folder("tmp"), 0777), 0);
  ck_assert_int_eq(mkdir(in_folder("out"), 0777), 0);
  setenv("TMPDIR", in_folder("tmp"), 1);
}

static void write_program(const char *path, const char *text)
{
  write_text(path, text);
  ck_assert_int_eq(chmod(path, 0755), 0);
}

/* The number that a program has left in the file "pid" somewhere below a folder; 0: not yet. */
static int find_pid(const char *where)
{
  char line[SPAWN_PATH + 64];
  snprintf(line, sizeof line, "cat $(find '%s' -name pid)", where);
  struct said said = SPAWN("sh", "-c", line, "</dev/null");
  int pid = atoi(said.out);
  said_free(&said);
  return pid;
}

static void sleep_a_little(void)
{
  nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

/* Runs lathe, sends it a signal when the slow program is at work, and looks at what is left. */
static void check_interrupted(const char *const *argv, int number)
{
  pid_t lathe = fork();
  ck_assert_int_ge(lathe, 0);
  if (lathe == 0) {
    signal(number, SIG_DFL); /* whoever runs the tests may have had it ignored */
    int null = open("/dev/null", O_WRONLY), err = open(in_folder("err"), O_WRONLY | O_CREAT, 0666);
    spawn_child(NULL, argv, null, err);
  }
  int program, status;
  while ((program = find_pid(folder)) == 0) {
    ck_assert_msg(waitpid(lathe, &status, WNOHANG) == 0, "ended before it was told to");
    sleep_a_little();
  }
  ck_assert_int_eq(kill(lathe, number), 0);
  ck_assert_int_eq(waitpid(lathe, &status, 0), lathe);
  ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == number, "status %#x", status);
  double until = spawn_now() + 10;
  while (kill(program, 0) == 0 && spawn_now() < until)
    sleep_a_little(); /* whoever adopts it takes its status */
  ck_assert_msg(kill(program, 0) != 0, "the program goes on");
  ck_assert_int_eq(entries_of(in_folder("tmp")), 0);
  ck_assert_int_eq(entries_of(in_folder("out")), 0);
  char *said = read_file(in_folder("err"), NULL);
  ck_assert_str_eq(said, "");
  free(said);
}

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

START_TEST(build)
{
  write_program(in_folder("cc"), slow_compiler);
  check_interrupted((const char *const[]){LATHE, "build", MODEL, "-o", in_folder("out/binary"),
                                          "--cc", in_folder("cc"), NULL},
                    numbers[_i]);
}
END_TEST

START_TEST(verify_builds)
{
  write_program(in_folder("cc"), slow_compiler);
  check_interrupted((const char *const[]){LATHE, "verify", MODEL, "--cc", in_folder("cc"), NULL},
                    numbers[_i]);
}
END_TEST

START_TEST(verify_checks)
{
  write_program(in_folder("cc"), slow_programs);
  check_interrupted((const char *const[]){LATHE, "verify", MODEL, "--cc", in_folder("cc"), NULL},
                    numbers[_i]);
}
END_TEST

/* What was told to outlive a terminal does. */
START_TEST(ignored_signals_stay_ignored)
{
  static const char compiler[] = "#!/bin/sh\nkill -HUP $PPID\nexit 3\n";
  write_program(in_folder("cc"), compiler);
  signal(SIGHUP, SIG_IGN);
  struct said said =
      SPAWN(LATHE, "build", MODEL, "-o", in_folder("out/binary"), "--cc", in_folder("cc"));
  signal(SIGHUP, SIG_DFL);
  ck_assert_int_eq(said.status, 1);
  assert_words(said.err, "the C compiler|failed");
  said_free(&said);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("interrupt");
  TCase *tests = tcase_create("interrupt");
  tcase_add_checked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, build, 0, NUMBERS);
  tcase_add_loop_test(tests, verify_builds, 0, NUMBERS);
  tcase_add_loop_test(tests, verify_checks, 0, NUMBERS);
  tcase_add_test(tests, ignored_signals_stay_ignored);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
