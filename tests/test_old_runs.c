/* Run folders as earlier versions wrote them (reference/runs: a small one of each format of
 * run.json) are read by all commands; those of later versions, and of other models, are refused by
 * all. */
#include "spawn.h"
#include <jansson.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

enum { OLDEST = 1, NEWEST = 2 };

static const char other[] = "model tiny { input image [1, 4, 3]; latent z [2];\n"
                            "  encoder { flatten; linear 7; relu; gaussian z; }\n"
                            "  decoder { linear 6; relu; linear 12; reshape [1, 4, 3]; sigmoid; }\n"
                            "  mixture { components 2; covariance diag; init labelled; } }\n";

static void setup(void)
{
  make_folder();
  unsetenv("CC");
  SPAWN_QUIETLY("cp", "-r", "tests/reference/runs", in_folder("runs"));
  SPAWN_QUIETLY(built("lathe"), "build", in_folder("runs/format-2/model.lathe"), "-o",
                in_folder("tiny"));
  write_text(in_folder("other.lathe"), other);
  SPAWN_QUIETLY(built("lathe"), "build", in_folder("other.lathe"), "-o", in_folder("other"));
  ck_assert_int_eq(chdir(in_folder("runs")), 0); /* where the records say that the images are */
}

/* The commands that take a run, and what they write. */
static const struct {
  const char *name, *output;
  bool data;
} commands[] = {
    {"eval", NULL, true},           {"classify", "o.csv", true}, {"encode", "o.npz", true},
    {"reconstruct", "o.npz", true}, {"sample", "o.png", false},  {"manifold", "o.png", false},
    {"report", "o.html", true},
};

static struct said call(const char *binary, int command, const char *run)
{
  const char *name = commands[command].name, *out = commands[command].output;
  const char *program = in_folder("%s", binary), *to = out ? "-o" : NULL;
  if (commands[command].data)
    return SPAWN(program, name, "--run", run, "--data", "images.npz", to, out);
  if (strcmp(name, "sample") == 0)
    return SPAWN(program, name, "--run", run, "-n", "4", to, out);
  return SPAWN(program, name, "--run", run, to, out);
}

START_TEST(earlier_ones_are_read)
{
  for (int format = OLDEST; format <= NEWEST; format++) {
    char run[32];
    snprintf(run, sizeof run, "format-%d", format);
    struct said said = call("tiny", _i, run);
    ck_assert_msg(said.status == 0, "%s of format %d: %s", commands[_i].name, format, said.err);
    if (_i == 0)
      assert_words(said.out, "accuracy 100.00 %");
    said_free(&said);
    if (commands[_i].output)
      ck_assert_int_eq(unlink(commands[_i].output), 0);
  }
}
END_TEST

START_TEST(they_can_be_compared)
{
  struct said said = SPAWN_GOOD(in_folder("tiny"), "compare", "format-1", "format-2");
  assert_words(said.out, "format-1|format-2");
  said_free(&said);
}
END_TEST

static void write_record(const char *run, const char *key, json_t *value)
{
  char path[64];
  snprintf(path, sizeof path, "%s/run.json", run);
  json_t *record = json_load_file(path, 0, NULL);
  ck_assert_ptr_nonnull(record);
  json_object_set_new(record, key, value);
  ck_assert_int_eq(json_dump_file(record, path, 0), 0);
  json_decref(record);
}

static void check_refused(struct said said, const char *output, const char *words)
{
  ck_assert_msg(said.status == 1, "status %d: %s", said.status, said.err);
  assert_words(said.err, words);
  ck_assert_int_eq(lines_of(said.err), 1);
  ck_assert(output == NULL || !exists(output));
  said_free(&said);
}

START_TEST(later_ones_are_refused)
{
  static const char *const words = "format 3|this binary reads 1 to 2";
  SPAWN_QUIETLY("cp", "-r", "format-2", "later");
  write_record("later", "format", json_integer(NEWEST + 1));
  check_refused(call("tiny", _i, "later"), commands[_i].output, words);
  check_refused(SPAWN(in_folder("tiny"), "train", "--resume", "--run", "later"), NULL, words);
  remove_below("later");
}
END_TEST

/* Format 1 does not say what the model is made of, only which it is. */
START_TEST(other_models_are_refused)
{
  check_refused(
      call("other", _i, "format-2"), commands[_i].output,
      "trained by model tiny|and this is model tiny|encoder.1 is `linear 6 [6]` there and "
      "`linear 7 [7]` here");
  check_refused(call("other", _i, "format-1"), commands[_i].output,
                "trained by model tiny|fingerprint");
  check_refused(SPAWN(in_folder("other"), "train", "--resume", "--run", "format-2"), NULL,
                "encoder.1 is `linear 6 [6]` there");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("old runs");
  TCase *cases = tcase_create("run.json");
  tcase_set_timeout(cases, 2 * SPAWN_SECONDS);
  tcase_add_unchecked_fixture(cases, setup, remove_folder);
  tcase_add_loop_test(cases, earlier_ones_are_read, 0, LENGTH(commands));
  tcase_add_test(cases, they_can_be_compared);
  tcase_add_loop_test(cases, later_ones_are_refused, 0, LENGTH(commands));
  tcase_add_loop_test(cases, other_models_are_refused, 0, LENGTH(commands));
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
