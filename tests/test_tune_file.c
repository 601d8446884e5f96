/* The file in which `lathe tune` keeps its choices: what is written is read again; what no longer
 * fits is left to the cost model, with a warning; what is malformed is refused, with its place; and
 * what a person asks for goes first. */
#include "compiled.h"
#include "compiler/tune_file.h"
#include "spawn.h"

#define LATHE built("lathe")

static const char model_text[] = "model m {\n"
                                 "  input  x [1, 8, 8];\n"
                                 "  latent z [2];\n"
                                 "  encoder { flatten; linear 64; relu; gaussian z; }\n"
                                 "  decoder {\n"
                                 "    linear [32, 4, 4];\n"
                                 "    conv_transpose2d 32, kernel 4, stride 2, pad 1;\n"
                                 "    relu;\n"
                                 "    conv2d 1, kernel 3, pad 1;\n"
                                 "    sigmoid;\n"
                                 "  }\n"
                                 "  train { batch 24; }\n"
                                 "}\n";

/* What stands first in every file here, and all layers of the model. */
#define CONDITIONS                                                                                 \
  "lathe 9.9\ntarget native\nprocessor Some 1234\nthreads 2\nprecision float32\nbatch 24\n"
#define LINEAR "encoder.1: linear 64; [64] -> [64]\n"
#define HEAD "encoder.3: gaussian z; [64] -> [2]\n"
#define UNPACK "decoder.0: linear [32, 4, 4]; [2] -> [32, 4, 4]\n"
#define UP "decoder.1: conv_transpose2d 32, kernel 4, stride 2, pad 1; [32, 4, 4] -> [32, 8, 8]\n"
#define LAST "decoder.3: conv2d 1, kernel 3, pad 1; [32, 8, 8] -> [1, 8, 8]\n"
#define ALL LINEAR HEAD UNPACK UP LAST

static const struct tune_conditions here = {"9.9", "native", "Some 1234", 2};

/* The model, and the file that was applied to it. */
struct applied {
  struct result result;
  struct diags *diags;
  bool good;
  char *printed;
};

static struct applied apply_to(const char *description, const char *text,
                               const struct tune_conditions *conditions)
{
  struct applied a = {.result = run_text(description, strlen(description))};
  ck_assert_msg(a.result.model != NULL, "%s", a.result.printed);
  struct source *source = source_from_text(a.result.mem, "m.tune", text, strlen(text));
  size_t size;
  FILE *out = open_memstream(&a.printed, &size);
  a.diags = diags_new(a.result.mem, source);
  a.good = tune_apply(a.result.mem, a.result.model, conditions, source, a.diags);
  diags_print(out, a.diags, DIAG_PLAIN);
  fclose(out);
  return a;
}

static struct applied apply(const char *text)
{
  return apply_to(model_text, text, &here);
}

static void applied_free(struct applied *a)
{
  free(a->printed);
  release(&a->result);
}

static enum algorithm tuned(const struct applied *a, const char *name, enum algorithm_use use)
{
  const struct section *const sections[] = {&a->result.model->encoder, &a->result.model->decoder};
  for (int s = 0; s < 2; s++)
    for (int i = 0; i < sections[s]->count; i++)
      if (strcmp(sections[s]->layers[i].name, name) == 0)
        return sections[s]->layers[i].tuned.of[use];
  ck_abort_msg("no layer %s", name);
}

/* ---- What fits ---- */

START_TEST(written_is_read)
{
  struct compiled compiled = compile_text(model_text);
  struct mem *mem = compiled.result.mem;
  struct chosen *list;
  const int count = chosen_list(compiled.c, &list);
  ck_assert_int_eq(count, 3 + 4 + 4 + 4 + 4);
  const char **comments = mem_alloc(mem, (size_t)count * sizeof *comments);
  for (int i = 0; i < count; i++) {
    comments[i] = "us: blocks 1.0, blas 2.0";
    const bool winograd = strcmp(list[i].layer->name, "decoder.1") == 0;
    list[i].algorithm = winograd                                  ? ALGORITHM_WINOGRAD
                        : i % 2 == 0 || list[i].use == USE_WEIGHT ? ALGORITHM_BLAS
                                                                  : ALGORITHM_BLOCKS;
  }
  const struct tune_conditions now = tune_conditions(mem, "x86-64-v3", 3);
  const char *text = tune_text(mem, compiled.result.model, &now, list, comments, count);
  struct applied a = apply_to(model_text, text, &now);
  ck_assert_msg(a.good && a.printed[0] == '\0', "%s", a.printed);
  for (int i = 0; i < count; i++)
    ck_assert_int_eq(tuned(&a, list[i].layer->name, list[i].use), list[i].algorithm);
  /* Compiled, each use is computed as it says. */
  struct compilation *c = compile(a.result.mem, a.result.model, STAGE_NONE, NULL);
  struct chosen *again;
  ck_assert_int_eq(chosen_list(c, &again), count);
  for (int i = 0; i < count; i++) {
    ck_assert_int_eq(again[i].algorithm, list[i].algorithm);
    ck_assert_int_eq(again[i].chooser, CHOSEN_BY_MEASUREMENT);
  }
  applied_free(&a);
  compiled_free(&compiled);
}
END_TEST

START_TEST(paths)
{
  struct mem *mem = mem_new();
  ck_assert_str_eq(tune_path(mem, "a/m.lathe"), "a/m.tune");
  ck_assert_str_eq(tune_path(mem, "a.lathe/m"), "a.lathe/m.tune");
  ck_assert_str_eq(tune_path(mem, ".lathe"), ".lathe.tune");
  mem_free(mem);
}
END_TEST

/* ---- What does not ---- */

static const struct {
  const char *text;                  /* of the file */
  const char *words;                 /* that are said, separated by '|' */
  enum algorithm inference, forward; /* of encoder.1, which are blas and dots */
} stale[] = {
    {CONDITIONS ALL, "", ALGORITHM_BLAS, ALGORITHM_DOTS},
    {"lathe 9.9\ntarget x86-64-v3\nprocessor Some 1234\nthreads 2\nprecision float32\nbatch "
     "24\n" ALL,
     "m.tune:2:8: warning[W0301]: |for the target x86-64-v3, not for native|help: `lathe tune`",
     ALGORITHM_ANY, ALGORITHM_ANY},
    {"lathe 9.9\ntarget native\nprocessor Some 1234\nthreads 2\nprecision float64\nbatch 24\n" ALL,
     "m.tune:5:11: warning[W0301]: measured in float64", ALGORITHM_ANY, ALGORITHM_ANY},
    {"lathe 9.9\ntarget native\nprocessor Some 1234\nthreads 2\nprecision float32\nbatch 64\n" ALL,
     "m.tune:6:7: warning[W0301]: measured with batches of 64, and they are of 24", ALGORITHM_BLAS,
     ALGORITHM_ANY},
    {"lathe 9.9\ntarget native\nprocessor Other\nthreads 2\nprecision float32\nbatch 24\n" ALL,
     "m.tune:3:11: warning[W0302]: measured on another processor", ALGORITHM_BLAS, ALGORITHM_DOTS},
    {"lathe 0.1\ntarget native\nprocessor Some 1234\nthreads 9\nprecision float32\nbatch 24\n" ALL,
     "m.tune:1:7: warning[W0302]: measured by lathe 0.1", ALGORITHM_BLAS, ALGORITHM_DOTS},
    {CONDITIONS "encoder.1: linear 32; [64] -> [32]\n" HEAD UNPACK UP LAST,
     "m.tune:7:12: warning[W0301]: `encoder.1` (line 4) is another by now: linear 64; [64] -> [64]",
     ALGORITHM_ANY, ALGORITHM_ANY},
    {CONDITIONS ALL "encoder.9: linear 64; [64] -> [64]\n", "the model has no layer `encoder.9`",
     ALGORITHM_BLAS, ALGORITHM_DOTS},
    {CONDITIONS LINEAR UNPACK UP LAST, "nothing was measured of `encoder.3`", ALGORITHM_BLAS,
     ALGORITHM_DOTS},
};

/* The text with two uses of encoder.1 below its line. */
static char *with_uses(const char *text)
{
  static const char uses[] = "  inference blas # us: blas 1.0\n  forward\tdots\r\n";
  const char *line = strstr(text, "encoder.1:");
  const char *end = line == NULL ? text + strlen(text) : strchr(line, '\n') + 1;
  char *all = malloc(strlen(text) + sizeof uses);
  sprintf(all, "%.*s%s%s", (int)(end - text), text, line != NULL ? uses : "", end);
  return all;
}

START_TEST(stale_files_are_left)
{
  char *text = with_uses(stale[_i].text);
  struct applied a = apply(text);
  ck_assert_msg(a.good, "%s", a.printed);
  ck_assert_int_eq(a.diags->warnings, stale[_i].words[0] != '\0');
  assert_words(a.printed, stale[_i].words);
  ck_assert_int_eq(tuned(&a, "encoder.1", USE_INFERENCE), stale[_i].inference);
  ck_assert_int_eq(tuned(&a, "encoder.1", USE_FORWARD), stale[_i].forward);
  applied_free(&a);
  free(text);
}
END_TEST

/* For a named target, whose binaries run on many, the processor says nothing. */
START_TEST(targets_have_no_processor)
{
  const struct tune_conditions v3 = {"9.9", "x86-64-v3", "Another", 2};
  struct applied a = apply_to(model_text,
                              "lathe 9.9\ntarget x86-64-v3\nprocessor Some 1234\nthreads 2\n"
                              "precision float32\nbatch 24\n" ALL,
                              &v3);
  ck_assert_msg(a.good && a.printed[0] == '\0', "%s", a.printed);
  applied_free(&a);
}
END_TEST

/* ---- What is malformed ---- */

static const struct {
  const char *text, *words;
} malformed[] = {
    {"", "m.tune:1:1: error[E0901]: `lathe` is missing|`batch` is missing|--no-tune"},
    {"lathe\n", "m.tune:1:6: error[E0901]: expected a value behind `lathe`"},
    {CONDITIONS "batch 3\n",
     "m.tune:7:1: error[E0901]: `batch` stands here twice|m.tune:6:7: note"},
    {CONDITIONS "  forwards blas\n", "m.tune:7:3: error[E0901]: |did you mean `forward`?"},
    {CONDITIONS "  forward blas\n", "m.tune:7:3: error[E0901]: `forward` belongs below a layer"},
    {CONDITIONS LINEAR "  forward\n", "m.tune:8:10: error[E0901]: expected an algorithm"},
    {CONDITIONS LINEAR "  forward block # 3\n",
     "m.tune:8:11: error[E0901]: there is no algorithm `block`; did you mean `blocks`?"},
    {CONDITIONS LINEAR "  forward blas dots\n", "m.tune:8:16: error[E0901]: expected the end"},
    {CONDITIONS LINEAR "  forward blas\n  forward dots\n",
     "m.tune:9:3: error[E0901]: `forward` of `encoder.1` stands here twice|m.tune:8:11: note"},
    {CONDITIONS LINEAR LINEAR, "m.tune:8:1: error[E0901]: `encoder.1` stands here twice"},
    {CONDITIONS "encoder.1: # nothing\n", "m.tune:7:10: error[E0901]: expected what the layer was"},
    {CONDITIONS LINEAR "  forward winograd\n" HEAD UNPACK UP LAST,
     "m.tune:8:11: error[E0901]: `winograd` is nothing that `forward` of `encoder.1` can"},
    {CONDITIONS LINEAR "  weight dots\n" HEAD UNPACK UP LAST, "`dots` is nothing that `weight`"},
    {CONDITIONS LINEAR "  forward loops\n" HEAD UNPACK UP LAST, "`loops` is nothing that"},
    {CONDITIONS LINEAR HEAD UNPACK UP LAST "  forward winograd\n", "`winograd` is nothing that"},
    {CONDITIONS LINEAR HEAD UNPACK LAST UP "  inference direct\n", "`direct` is nothing that"},
    {CONDITIONS LINEAR HEAD UNPACK LAST UP "  forward winograd\n  weight blas\n",
     "m.tune:12:11: error[E0901]: in training `winograd` is for all|m.tune:13:10: note"},
    {"lathe 9.9\ntarget native\nprocessor Some 1234\nthreads none\nprecision float32\nbatch 0\n",
     "m.tune:4:9: error[E0901]: `threads` is a number|m.tune:6:7: error[E0901]: `batch` is a"},
    {"\x01\xff\n", "m.tune:1:1: error[E0901]"},
};

START_TEST(malformed_files_are_refused)
{
  struct applied a = apply(malformed[_i].text);
  ck_assert_msg(!a.good && a.diags->errors > 0, "%s", a.printed);
  assert_words(a.printed, malformed[_i].words);
  applied_free(&a);
}
END_TEST

/* ---- By the commands ---- */

static void setup(void)
{
  make_folder();
  unsetenv("CC");
  write_text(in_folder("m.lathe"), model_text);
}

static void teardown(void)
{
  remove_folder();
}

/* A file whose processor is this one's: a first run would write it so. */
static void write_tune_file(const char *path, const char *rest)
{
  struct mem *mem = mem_new();
  struct compiled compiled = compile_text(model_text);
  const struct tune_conditions now = tune_conditions(mem, "native", 2);
  const char *head = tune_text(mem, compiled.result.model, &now, NULL, NULL, 0);
  write_text(path, mem_printf(mem, "%s%s", head, rest));
  compiled_free(&compiled);
  mem_free(mem);
}

/* Line, description, measurement, cost model: who goes first. */
START_TEST(order)
{
  const char *model = in_folder("m.lathe");
  write_tune_file(in_folder("m.tune"),
                  LINEAR "  forward blas\n  weight blas\n" HEAD UNPACK UP LAST "  input blas\n");
  check_said(SPAWN(LATHE, "summary", model), 0,
             "encoder.1 |dots |blas (tune file)|blas (tune file)|decoder.3|blas (tune file)", "");
  check_said(
      SPAWN(LATHE, "summary", model, "--json"), 0,
      "\"layer\":\"encoder.1\",\"use\":\"weight\",\"algorithm\":\"blas\",\"chosen_by\":\"tune "
      "file\"",
      "");
  check_said(SPAWN(LATHE, "summary", model, "--algorithm", "linear=blocks"), 0,
             "encoder.1 |blocks (command line)|decoder.3|blas (tune file)", "");
  struct said none = SPAWN_GOOD(LATHE, "summary", model, "--no-tune");
  ck_assert_ptr_null(strstr(none.out, "tune file"));
  said_free(&none);
  struct mem *mem = mem_new();
  const char *asked = "linear 64, algorithm dots;";
  const char *at = strstr(model_text, "linear 64;");
  write_text(model, mem_printf(mem, "%.*s%s%s", (int)(at - model_text), model_text, asked,
                               at + strlen("linear 64;")));
  check_said(SPAWN(LATHE, "summary", model), 0,
             "encoder.1 |dots (description)|decoder.3|blas (tune file)", "");
  check_said(SPAWN(LATHE, "summary", model, "--json"), 0,
             "\"layer\":\"encoder.1\",\"use\":\"forward\",\"algorithm\":\"dots\",\"chosen_by\":"
             "\"description\"",
             "");
  mem_free(mem);
}
END_TEST

static char *emitted_text(const char *name, const char *option)
{
  const char *to = in_folder("%s", name);
  struct said said = option != NULL
                         ? SPAWN_GOOD(LATHE, "emit", in_folder("m.lathe"), "-o", to, option)
                         : SPAWN_GOOD(LATHE, "emit", in_folder("m.lathe"), "-o", to);
  said_free(&said);
  char *text = read_text(in_folder("%s/m_forward.c", name));
  ck_assert_ptr_nonnull(text);
  return text;
}

/* The same description and the same file give the same C, and other choices another; without the
 * file all is as it was. */
START_TEST(emission)
{
  char *before = emitted_text("before", NULL);
  write_tune_file(in_folder("m.tune"), LINEAR "  forward blas\n" HEAD UNPACK UP LAST);
  char *with = emitted_text("with", NULL), *again = emitted_text("again", NULL);
  char *without = emitted_text("without", "--no-tune");
  ck_assert_str_eq(with, again);
  ck_assert_str_ne(with, before);
  ck_assert_str_eq(without, before);
  free(before);
  free(with);
  free(again);
  free(without);
}
END_TEST

START_TEST(refusals)
{
  const char *model = in_folder("m.lathe");
  write_text(in_folder("m.tune"), "lathe 1\ntarget\n");
  check_said(SPAWN(LATHE, "check", model), 1, "", "m.tune:2:7: error[E0901]");
  check_said(SPAWN(LATHE, "check", model, "--format=json"), 1, "\"code\":\"E0901\"|m.tune", "");
  check_said(SPAWN(LATHE, "check", model, "--no-tune"), 0, "", "");
  write_tune_file(in_folder("m.tune"), LINEAR HEAD UNPACK UP LAST);
  check_said(SPAWN(LATHE, "check", model), 0, "", "");
  check_said(SPAWN(LATHE, "check", model, "--target", "x86-64-v3"), 0, "", "W0301|x86-64-v3");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("tune_file");
  TCase *cases = tcase_create("files");
  tcase_add_test(cases, written_is_read);
  tcase_add_test(cases, paths);
  tcase_add_loop_test(cases, stale_files_are_left, 0, LENGTH(stale));
  tcase_add_test(cases, targets_have_no_processor);
  tcase_add_loop_test(cases, malformed_files_are_refused, 0, LENGTH(malformed));
  suite_add_tcase(suite, cases);
  TCase *commands = tcase_create("commands");
  tcase_set_timeout(commands, SPAWN_SECONDS);
  tcase_add_checked_fixture(commands, setup, teardown);
  tcase_add_test(commands, order);
  tcase_add_test(commands, emission);
  tcase_add_test(commands, refusals);
  suite_add_tcase(suite, commands);
  return run_suite(suite);
}
