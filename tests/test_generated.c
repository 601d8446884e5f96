/* What the compiler emits: generated/ is what it emits today, strict compilers have nothing to say
 * about it, and it is laid out to be read. */
#include "compiled.h"
#include "compiler/emit_model.h"
#include "compiler/text.h"
#include "random_model.h"
#include "spawn.h"

enum { COLUMNS = 100, MODELS = 16 };

static char models[MODELS][64];
static int model_count;

/* The names of the models whose C is committed. (Before any test runs, so it must not assert.) */
static void find_models(void)
{
  DIR *dir = opendir("generated");
  for (const struct dirent *entry; dir != NULL && (entry = readdir(dir));)
    if (entry->d_name[0] != '.' && strchr(entry->d_name, '.') == NULL && model_count < MODELS)
      snprintf(models[model_count++], sizeof models[0], "%.63s", entry->d_name);
  if (dir != NULL)
    closedir(dir);
}

/* ---- generated/ ---- */

START_TEST(generated)
{
  const char *name = models[_i];
  char path[256];
  snprintf(path, sizeof path, "models/%s.lathe", name);
  struct compiled compiled = compile_file(path);
  const struct emitted *emitted = emit_model(compiled.c);
  for (int i = 0; i < emitted->count; i++) {
    const struct emitted_file *file = &emitted->files[i];
    snprintf(path, sizeof path, "generated/%s/%s", name, file->name);
    ck_assert_msg(exists(path), "%s is missing: run `make generated`", path);
    size_t size;
    char *text = read_file(path, &size);
    ck_assert_msg(size == file->length && memcmp(text, file->text, size) == 0,
                  "%s is not what the compiler emits: run `make generated`, and read the "
                  "difference",
                  path);
    free(text);
  }
  snprintf(path, sizeof path, "generated/%s", name);
  ck_assert_msg(entries_of(path) == emitted->count, "%s holds files that are not emitted", path);
  compiled_free(&compiled);
}
END_TEST

START_TEST(none_is_left_over)
{
  ck_assert_int_eq(model_count, 2);
  for (int i = 0; i < model_count; i++) {
    char path[256];
    snprintf(path, sizeof path, "models/%.63s.lathe", models[i]);
    ck_assert_msg(exists(path), "generated/%s belongs to no model", models[i]);
  }
}
END_TEST

/* ---- Strict compilers ---- */

/* Descriptions that differ in what they make the compiler emit. */
static const char *const varied[] = {
    "models/digits_mlp.lathe",
    "models/digits_conv.lathe",
    "tests/good/batchnorm.lathe",
    "tests/good/colour.lathe",
    "tests/good/convolutions.lathe",
    "tests/good/float64.lathe",
    "tests/good/mixture_spherical.lathe",
    "tests/good/mixture_tied.lathe",
    "tests/good/names.lathe",
    "tests/good/reshapes.lathe",
    "tests/good/train_sgd.lathe",
    "tests/good/vector_input.lathe",
};
enum { FULLY = 3 }; /* so many of them go through the optimiser, too: it warns of more */

static const char *const compilers[] = {"gcc", "clang"};

/* Where blas and the runtime have their headers: flags for a command line. */
static char includes[1024];

static void find_includes(void)
{
  struct said said = SPAWN_GOOD("pkg-config", "--cflags", "openblas");
  int length =
      snprintf(includes, sizeof includes, "-I%s %s", built("include"), strtok(said.out, "\n"));
  ck_assert_int_lt(length, (int)sizeof includes);
  said_free(&said);
}

/* Runs a compiler in `where` with all .c files there; fails the test when it says anything. */
static void compile_strictly(const char *compiler, const char *where, bool float64, bool fully)
{
  const char *argv[SPAWN_ARGUMENTS] = {compiler,     "-std=c11",     "-Wall",    "-Wextra",
                                       "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"};
  int count = 8;
  argv[count++] = fully ? "-O2" : "-O0";
  argv[count++] = fully ? "-c" : "-fsyntax-only";
  if (float64)
    argv[count++] = "-DLATHE_FLOAT64";
  char flags[sizeof includes];
  strcpy(flags, includes);
  for (char *flag = strtok(flags, " "); flag != NULL; flag = strtok(NULL, " "))
    argv[count++] = flag;
  DIR *dir = opendir(where);
  ck_assert_ptr_nonnull(dir);
  char files[EMITTED_FILES][128];
  int sources = 0;
  for (const struct dirent *entry; (entry = readdir(dir));)
    if (entry->d_name[strlen(entry->d_name) - 1] == 'c')
      snprintf(files[sources++], sizeof files[0], "%.127s", entry->d_name);
  closedir(dir);
  ck_assert_int_eq(sources, 6);
  for (int i = 0; i < sources; i++)
    argv[count++] = files[i];
  struct said said = spawn_in(where, argv);
  ck_assert_msg(said.status == 0 && said.err[0] == '\0', "%s %s:\n%.3000s", compiler, argv[8],
                said.err);
  said_free(&said);
}

/* How much is made of a description. */
enum care { FIRST_COMPILER, ALL_COMPILERS, OPTIMISERS_TOO };

/* Emits a description and has it compiled. */
static void check_strictly(struct compiled compiled, enum care care)
{
  const char *where = in_folder("emitted");
  ck_assert_int_eq(mkdir(where, 0777), 0);
  const struct emitted *emitted = emit_model(compiled.c);
  for (int i = 0; i < emitted->count; i++)
    write_file(in_folder("emitted/%s", emitted->files[i].name), emitted->files[i].text,
               emitted->files[i].length);
  find_includes();
  for (int k = 0; k < (care == FIRST_COMPILER ? 1 : LENGTH(compilers)); k++) {
    if (!installed(compilers[k]))
      continue;
    compile_strictly(compilers[k], in_folder("emitted"), compiled.result.model->float64, false);
    if (care == OPTIMISERS_TOO)
      compile_strictly(compilers[k], in_folder("emitted"), compiled.result.model->float64, true);
  }
  compiled_free(&compiled);
}

START_TEST(what_is_skipped)
{
  for (int k = 0; k < LENGTH(compilers); k++)
    if (!installed(compilers[k]))
      printf("Skipped: %s is not installed\n", compilers[k]);
}
END_TEST

START_TEST(strict_compilers)
{
  check_strictly(compile_file(varied[_i]), _i < FULLY ? OPTIMISERS_TOO : ALL_COMPILERS);
}
END_TEST

#define AWKWARD(name, latent, more)                                                                \
  "model " name " { input x [6]; latent " latent                                                   \
  " [2]; encoder { linear 5; relu; gaussian " latent "; } decoder { linear 6; } " more " }"
#define GAUSSIAN "loss { gaussian; }"

/* Names that something in the emitted code goes by already, and numbers that are not for floats. */
static const char *const awkward[] = {
    AWKWARD("model", "z", GAUSSIAN),
    AWKWARD("kernel", "z", GAUSSIAN),
    AWKWARD("vector_math", "z", GAUSSIAN),
    AWKWARD("math", "z", GAUSSIAN),
    AWKWARD("main", "z", GAUSSIAN),
    AWKWARD("int", "z", GAUSSIAN),
    AWKWARD("train", "input", GAUSSIAN),
    AWKWARD("update", "add", GAUSSIAN),
    AWKWARD("m", "mean", GAUSSIAN),
    AWKWARD("m", "MEAN", GAUSSIAN),
    AWKWARD("m", "encoder_0", GAUSSIAN),
    AWKWARD("m", "d_logvar", GAUSSIAN),
    AWKWARD("m", "z", "loss { gaussian, variance 1e-12; kl 1e-60; }"),
    AWKWARD("m", "z", "loss { gaussian, variance 1e12; kl 1e6; }"),
    AWKWARD("m", "z", GAUSSIAN " train { sgd 1e60, momentum 0.99999999999; }"),
    AWKWARD("m", "z", GAUSSIAN " train { adam 1e-60, eps 1e-30, beta1 0.99999999999; }"),
    "model m { input x [2]; latent z [2]; encoder { gaussian z; } decoder { sigmoid; } }",
    "model m { input x [1, 1, 2]; latent z [2]; encoder { batchnorm; flatten; relu; gaussian z; }"
    " decoder { reshape [1, 1, 2]; } " GAUSSIAN " }",
};

START_TEST(awkward_descriptions)
{
  check_strictly(compile_text(awkward[_i]), FIRST_COMPILER);
}
END_TEST

START_TEST(random_descriptions)
{
  char text[RANDOM_TEXT];
  random_model((uint64_t)_i, text);
  check_strictly(compile_text(text), FIRST_COMPILER);
}
END_TEST

/* A network may be as deep as one likes. */
START_TEST(deep_description)
{
  enum { LAYERS = 300 };
  char *text;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  fprintf(out, "model m { input x [6]; latent z [2]; encoder { ");
  for (int i = 0; i < LAYERS; i++)
    fprintf(out, "linear %d; relu;\n", 3 + i % 5);
  fprintf(out, "gaussian z; } decoder { linear 6; } loss { gaussian; } }\n");
  fclose(out);
  check_strictly(compile_text(text), FIRST_COMPILER);
  free(text);
}
END_TEST

/* A line of any length; a cut at a fixed place would part the two bytes of some "é". */
START_TEST(long_line)
{
  enum { LENGTH = 20000 };
  struct text text = {.mem = mem_new()};
  text_printf(&text, "# ");
  while (text.length < LENGTH)
    text_printf(&text, text.length % 7 == 0 ? "-" : "é");
  text_printf(&text, "\n%s", AWKWARD("m", "z", GAUSSIAN));
  check_strictly(compile_text(text.data), ALL_COMPILERS);
  mem_free(text.mem);
}
END_TEST

/* ---- Layout ---- */

/* Asserts that a line's code (without a comment behind it) is no longer than COLUMNS. Strings are
 * as long as they are. */
static void check_line(const char *file, const char *line, bool in_comment)
{
  size_t length = strlen(line);
  if (length > 0)
    ck_assert_msg(strchr(" \t\r", line[length - 1]) == NULL, "%s: white space at the end of: %s",
                  file, line);
  if (in_comment || strchr(line, '"') != NULL)
    return;
  ck_assert_msg(strchr(line, '\t') == NULL, "%s: a tab in: %s", file, line);
  const char *comment = strstr(line, "/*");
  ck_assert_msg((comment != NULL ? (size_t)(comment - line) : length) <= COLUMNS,
                "%s: longer than %d columns: %s", file, COLUMNS, line);
}

static void check_layout(const struct emitted_file *file)
{
  ck_assert_msg(file->length > 0 && file->text[file->length - 1] == '\n' &&
                    strlen(file->text) == file->length,
                "%s is no text", file->name);
  ck_assert_msg(strncmp(file->text, "/* ", 3) == 0, "%s does not say what it is", file->name);
  char *copy = strdup(file->text);
  bool in_comment = false;
  for (char *line = copy, *next; *line != '\0'; line = next) {
    next = line + strcspn(line, "\n");
    *next++ = '\0';
    const char *begin = strstr(line, "/*"), *end = strstr(line, "*/");
    check_line(file->name, line, in_comment);
    if (begin != NULL && strchr(line, '"') == NULL)
      in_comment = true;
    if (end != NULL && strchr(line, '"') == NULL)
      in_comment = false;
  }
  ck_assert_msg(!in_comment, "%s ends inside of a comment", file->name);
  free(copy);
}

START_TEST(layout)
{
  struct compiled compiled = compile_file(varied[_i]);
  const struct emitted *emitted = emit_model(compiled.c);
  for (int i = 0; i < emitted->count; i++)
    check_layout(&emitted->files[i]);
  compiled_free(&compiled);
}
END_TEST

int main(void)
{
  find_models();
  Suite *suite = suite_create("generated");
  TCase *tests = tcase_create("generated");
  tcase_add_loop_test(tests, generated, 0, model_count);
  tcase_add_test(tests, none_is_left_over);
  suite_add_tcase(suite, tests);
  TCase *strict = tcase_create("strict");
  tcase_add_checked_fixture(strict, make_folder, remove_folder);
  tcase_set_timeout(strict, 2 * SPAWN_SECONDS);
  tcase_add_test(strict, what_is_skipped);
  tcase_add_loop_test(strict, strict_compilers, 0, LENGTH(varied));
  tcase_add_loop_test(strict, awkward_descriptions, 0, LENGTH(awkward));
  tcase_add_loop_test(strict, random_descriptions, 0, 4);
  tcase_add_test(strict, deep_description);
  tcase_add_test(strict, long_line);
  tcase_add_loop_test(strict, layout, 0, LENGTH(varied));
  suite_add_tcase(suite, strict);
  return run_suite(suite);
}
