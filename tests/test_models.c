/* The descriptions of models/: nothing is to be warned of, strict compilers take what is emitted,
 * and models of three kinds of data are built, trained and asked what they have learned. */
#include "binary.h"
#include "compiled.h"
#include "compiler/emit_model.h"
#include "model_files.h"
#include <glob.h>

enum { MODELS = 32 };

static char *models[MODELS]; /* paths */
static int model_count;

/* (Before any test runs, so it must not assert.) */
static void find_models(void)
{
  static glob_t files;
  if (glob("models/*.lathe", 0, NULL, &files) != 0)
    return;
  for (size_t i = 0; i < files.gl_pathc && model_count < MODELS; i++)
    models[model_count++] = files.gl_pathv[i];
}

/* A model's name, and that of its file. */
START_TEST(nothing_is_warned_of)
{
  char path[SPAWN_PATH];
  struct result result = run_file(models[_i]);
  ck_assert_msg(result.model != NULL && result.printed[0] == '\0', "%s", result.printed);
  snprintf(path, sizeof path, "models/%s.lathe", result.model->name);
  ck_assert_str_eq(path, models[_i]);
  release(&result);
}
END_TEST

START_TEST(emitted_code_is_strict)
{
  struct compiled compiled = compile_file(models[_i]);
  const struct emitted *emitted = emit_model(compiled.c);
  const char *argv[SPAWN_ARGUMENTS] = {"cc",       "-std=c11",   "-Wall",
                                       "-Wextra",  "-Wpedantic", "-Wconversion",
                                       "-Wshadow", "-Werror",    "-fsyntax-only"};
  int count = 9;
  char include[SPAWN_PATH];
  snprintf(include, sizeof include, "-I%s", built("include"));
  argv[count++] = include;
  struct said flags = SPAWN_GOOD("pkg-config", "--cflags", "openblas");
  for (char *flag = strtok(flags.out, " \n"); flag != NULL; flag = strtok(NULL, " \n"))
    argv[count++] = flag;
  if (compiled.result.model->float64)
    argv[count++] = "-DLATHE_FLOAT64";
  for (int i = 0; i < emitted->count; i++) {
    write_file(in_folder("%s", emitted->files[i].name), emitted->files[i].text,
               emitted->files[i].length);
    if (strstr(emitted->files[i].name, ".c") != NULL)
      argv[count++] = emitted->files[i].name;
  }
  struct said said = spawn_in(folder, argv);
  ck_assert_msg(said.status == 0 && said.err[0] == '\0', "%s:\n%.3000s", models[_i], said.err);
  said_free(&said);
  said_free(&flags);
  compiled_free(&compiled);
}
END_TEST

/* Trained for so long that something is learned, and less would be by chance. */
static const struct {
  const char *model, *examples, *epochs; /* epochs NULL: a mixture alone */
  double accuracy, mse;                  /* at least, at most; 0: not looked at */
} trained[] = {
    {"blobs", "1000", NULL, 0.95, 0},
    {"sensors", "2000", "3", 0, 0.3},
    {"beats", "1000", "2", 0, 0.04},
};

START_TEST(something_is_learned)
{
  const char *model = trained[_i].model, *run = in_folder("run");
  char data[3][SPAWN_PATH], description[SPAWN_PATH], binary[SPAWN_PATH];
  static const char *const sets[] = {"train", "test", "few"};
  for (int i = 0; i < 3; i++)
    snprintf(data[i], sizeof data[i], "%s/%s_%s.npz", folder, model, sets[i]);
  snprintf(description, sizeof description, "models/%s.lathe", model);
  snprintf(binary, sizeof binary, "%s/%s", folder, model);
  SPAWN_QUIETLY(built("examples/draw_data"), model, "-o", folder, "--train", trained[_i].examples,
                "--test", "300");
  SPAWN_QUIETLY(built("lathe"), "build", description, "-o", binary, "--cflags", "-O1");
  const char *epochs = trained[_i].epochs;
  SPAWN_QUIETLY(binary, "train", "--data", data[0], "--labelled", data[2], "--run", run, "--quiet",
                epochs != NULL ? "--epochs" : NULL, epochs);
  struct said said = SPAWN_GOOD(binary, "eval", "--run", run, "--data", data[1], "--json");
  json_t *json = parse_json(said.out, "eval");
  ck_assert_double_ge(json_double(json, "accuracy"), trained[_i].accuracy);
  if (trained[_i].mse > 0)
    ck_assert_double_le(json_double(json, "mse"), trained[_i].mse);
  json_decref(json);
  said_free(&said);
}
END_TEST

int main(void)
{
  find_models();
  Suite *suite = suite_create("models");
  TCase *cases = tcase_create("models");
  tcase_add_checked_fixture(cases, make_folder, remove_folder);
  tcase_set_timeout(cases, 3 * SPAWN_SECONDS);
  tcase_add_loop_test(cases, nothing_is_warned_of, 0, model_count);
  tcase_add_loop_test(cases, emitted_code_is_strict, 0, model_count);
  tcase_add_loop_test(cases, something_is_learned, 0, LENGTH(trained));
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
