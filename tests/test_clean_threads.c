/* Under ThreadSanitizer: the pool's own tests, and training, EM and the rest of a model's binary on
 * four threads, and what training does beside itself. The runtime comes from BUILD/tsan, the
 * emitted code is built so, too. (OpenBLAS is not: what it reads and writes is not seen.) */
#include "clean/tiny.h"

#define SANITIZE " -O1 -g -fsanitize=thread"
#define RUNTIME built("tsan/liblathe-f32.a")

static const char *compiler(void)
{
  const char *cc = getenv("CC");
  return cc != NULL && cc[0] != '\0' ? cc : "cc";
}

/* The words before a program's: none, or those that turn the randomisation of addresses off, with
 * which ThreadSanitizer cannot run on kernels that randomise many bits; NULL when it cannot at all.
 */
static const char *const *tool(const char *program)
{
  static const char *const tools[][3] = {{NULL}, {"setarch", "-R", NULL}};
  for (int i = 0; i < 2; i++) {
    const char *argv[8] = {tools[i][0], tools[i][1]};
    int count = 2 * i;
    argv[count++] = program;
    argv[count++] = "help";
    struct said said = spawn_in(NULL, argv);
    bool runs = said.status == 0;
    bool mapped = strstr(said.err, "unexpected memory mapping") != NULL;
    if (!runs && !mapped && i == 0)
      ck_abort_msg("%s: status %d\n%.3000s", program, said.status, said.err);
    said_free(&said);
    if (runs)
      return tools[i];
  }
  printf("Skipped: ThreadSanitizer cannot map its memory on this system\n");
  return NULL;
}

static void emit_and_build(const char *name)
{
  char cc[256];
  snprintf(cc, sizeof cc, "%s%s", compiler(), SANITIZE);
  SPAWN_QUIETLY(built("lathe"), "emit", in_folder("%s.lathe", name), "-o", in_folder("c-%s", name));
  SPAWN_QUIETLY("sh", "tests/clean/build.sh", cc, in_folder("c-%s", name), RUNTIME,
                in_folder("%s", name));
}

START_TEST(binary)
{
  tiny_folder(false);
  emit_and_build("tiny");
  const char *const *words = tool(in_folder("tiny"));
  for (int i = 0; words != NULL && i < TINY_COMMANDS; i++)
    tiny_run(words, tiny_commands[i]);
  remove_folder();
}
END_TEST

/* What training does beside itself: opening the session while it reads, writing the record while it
 * trains. Each begins, or ends, in another way; a mixture alone has no epochs that wait for it. */
static const struct {
  const char *binary;
  int status;
  const char *line[16];
} trainings[] = {
    {"tiny", 0, {"--data", "x.npz", "--labelled", "few.npz", "--run", "r", "--epochs", "2"}},
    {"tiny", 0, {"--resume", "--run", "r", "--epochs", "4", "--save-minutes", "1e-9"}},
    {"tiny", 0, {"--data", "x.npz", "--labelled", "few.npz", "--run", "s", "--batch", "99"}},
    {"tiny", 1, {"--data", "none.npz", "--labelled", "few.npz", "--run", "t"}},
    {"sgd", 1, {"--data", "x.npz", "--labelled", "few.npz", "--run", "u", "--lr", "1e6"}},
    {"sgd", 1, {"--resume", "--run", "u", "--lr", "1e5"}},
    {"alone", 0, {"--data", "x.npz", "--run", "v"}},
};

START_TEST(beside)
{
  tiny_folder(false);
  write_text(in_folder("alone.lathe"),
             "model alone { input x [1, 8, 8]; mixture { components 2; covariance diag; } }\n");
  write_text(in_folder("sgd.lathe"), TINY_MODEL("", "sgd 1e-3", "full; init labelled"));
  emit_and_build("tiny");
  emit_and_build("sgd");
  emit_and_build("alone");
  const char *const *words = tool(in_folder("tiny"));
  for (size_t i = 0; words != NULL && i < sizeof trainings / sizeof *trainings; i++) {
    const char *argv[SPAWN_ARGUMENTS] = {0};
    char program[32];
    int count = 0;
    for (const char *const *word = words; *word != NULL; word++)
      argv[count++] = *word;
    snprintf(program, sizeof program, "./%s", trainings[i].binary);
    argv[count++] = program;
    argv[count++] = "train";
    argv[count++] = "--quiet";
    for (const char *const *word = trainings[i].line; *word != NULL; word++)
      argv[count++] = *word;
    struct said said = spawn_in(folder, argv);
    ck_assert_msg(said.status == trainings[i].status, "%zu: status %d: %.3000s", i, said.status,
                  said.err);
    ck_assert_msg(strstr(said.err, "ThreadSanitizer") == NULL, "%zu: %.3000s", i, said.err);
    said_free(&said);
  }
  remove_folder();
}
END_TEST

/* (What tool tries is the whole program, which knows no words of a command line.) */
START_TEST(pool)
{
  make_folder();
  char line[4096];
  snprintf(line, sizeof line,
           "%s -std=c11 -D_POSIX_C_SOURCE=200809L -I. %s tests/test_pool.c '%s' -o '%s' "
           "$(pkg-config --cflags --libs check) -lm -lpthread",
           compiler(), SANITIZE, RUNTIME, in_folder("pool"));
  SPAWN_QUIETLY("sh", "-c", line);
  tool(in_folder("pool"));
  remove_folder();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("clean threads");
  TCase *tests = tcase_create("threads");
  tcase_set_timeout(tests, 4 * SPAWN_SECONDS);
  tcase_add_test(tests, binary);
  tcase_add_test(tests, beside);
  tcase_add_test(tests, pool);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
