/* `lathe tune`: what is chosen of measurements that are made up; and a run on a small model, whose
 * file the next commands take their algorithms from. */
#include "compiled.h"
#include "compiler/tune_choose.h"
#include "compiler/tune_run.h"
#include "spawn.h"
#include <jansson.h>
#include <math.h>

#define LATHE built("lathe")

/* ---- Choosing ---- */

enum { ROUNDS = 5, ROWS = 4, CANDIDATES = 3 };

/* Rounds of about `middle` seconds, apart by up to `spread` of it, in an order of their own. */
static void make_up(double *seconds, double middle, double spread, int turn)
{
  static const double apart[ROUNDS] = {0, 1, -1, 0.5, -0.5};
  for (int i = 0; i < ROUNDS; i++)
    seconds[i] = middle * (1 + spread * apart[(i + turn) % ROUNDS]);
}

#define BLAS ALGORITHM_BLAS
#define BLOCKS ALGORITHM_BLOCKS
#define DOTS ALGORITHM_DOTS
#define WINOGRAD ALGORITHM_WINOGRAD

static const struct choosing {
  const char *what;
  double spread;
  int count;
  struct {
    int layer;
    enum algorithm_use use;
    enum algorithm candidates[CANDIDATES];
    double seconds[CANDIDATES];
    enum algorithm chosen;
  } rows[ROWS];
} choosings[] = {
    {"the fastest", 0.01, 1, {{0, USE_FORWARD, {BLOCKS, BLAS, DOTS}, {1, 0.8, 0.7}, DOTS}}},
    {"the cost model's, which is",
     0.01,
     1,
     {{0, USE_FORWARD, {BLOCKS, BLAS, DOTS}, {1, 1.2, 1.1}, BLOCKS}}},
    {"not within the noise", 0.2, 1, {{0, USE_FORWARD, {BLOCKS, BLAS}, {1, 0.9}, BLOCKS}}},
    {"beyond the noise", 0.02, 1, {{0, USE_FORWARD, {BLOCKS, BLAS}, {1, 0.9}, BLAS}}},
    {"not for a hundredth", 0, 1, {{0, USE_FORWARD, {BLOCKS, BLAS}, {1, 0.99}, BLOCKS}}},
    {"for three", 0, 1, {{0, USE_FORWARD, {BLOCKS, BLAS}, {1, 0.97}, BLAS}}},
    {"not what is nothing beside the others",
     0.001,
     2,
     {{0, USE_FORWARD, {BLOCKS, BLAS}, {1, 0.5}, BLOCKS},
      {1, USE_FORWARD, {BLOCKS, BLAS}, {1000, 1100}, BLOCKS}}},
    {"inference by itself",
     0.001,
     2,
     {{0, USE_INFERENCE, {BLOCKS, BLAS}, {1, 0.5}, BLAS},
      {0, USE_FORWARD, {BLOCKS, BLAS}, {1000, 1100}, BLOCKS}}},
    {"each use by itself",
     0.01,
     3,
     {{0, USE_FORWARD, {BLOCKS, BLAS}, {1, 0.5}, BLAS},
      {0, USE_INPUT, {BLOCKS, BLAS}, {1, 2}, BLOCKS},
      {0, USE_WEIGHT, {BLOCKS, BLAS}, {1, 0.5}, BLAS}}},
    {"Winograd for all, by their sum",
     0.01,
     3,
     {{0, USE_FORWARD, {BLOCKS, BLAS, WINOGRAD}, {10, 12, 4}, WINOGRAD},
      {0, USE_INPUT, {BLOCKS, BLAS, WINOGRAD}, {10, 9, 4}, WINOGRAD},
      {0, USE_WEIGHT, {BLOCKS, BLAS, WINOGRAD}, {10, 12, 11}, WINOGRAD}}},
    {"or for none",
     0.01,
     3,
     {{0, USE_FORWARD, {BLOCKS, BLAS, WINOGRAD}, {10, 12, 8}, BLOCKS},
      {0, USE_INPUT, {BLOCKS, BLAS, WINOGRAD}, {10, 5, 9}, BLAS},
      {0, USE_WEIGHT, {BLOCKS, BLAS, WINOGRAD}, {10, 12, 20}, BLOCKS}}},
    {"not for none, where it is the cost model's",
     0.01,
     2,
     {{0, USE_FORWARD, {WINOGRAD, BLAS, BLOCKS}, {10, 12, 9}, WINOGRAD},
      {0, USE_WEIGHT, {WINOGRAD, BLAS, BLOCKS}, {10, 12, 13}, WINOGRAD}}},
    {"for none, where it is",
     0.01,
     2,
     {{0, USE_FORWARD, {WINOGRAD, BLAS, BLOCKS}, {10, 12, 5}, BLOCKS},
      {0, USE_WEIGHT, {WINOGRAD, BLAS, BLOCKS}, {10, 11, 13}, BLAS}}},
    {"Winograd by itself for inference",
     0.01,
     3,
     {{0, USE_INFERENCE, {BLOCKS, BLAS, WINOGRAD}, {10, 12, 5}, WINOGRAD},
      {0, USE_FORWARD, {BLOCKS, BLAS, WINOGRAD}, {10, 12, 20}, BLOCKS},
      {0, USE_WEIGHT, {BLOCKS, BLAS, WINOGRAD}, {10, 12, 20}, BLOCKS}}},
    {"layer by layer",
     0.01,
     4,
     {{0, USE_FORWARD, {BLOCKS, WINOGRAD}, {10, 5}, WINOGRAD},
      {0, USE_WEIGHT, {BLOCKS, WINOGRAD}, {10, 5}, WINOGRAD},
      {1, USE_FORWARD, {BLOCKS, WINOGRAD}, {10, 30}, BLOCKS},
      {1, USE_WEIGHT, {BLOCKS, WINOGRAD}, {10, 9}, BLOCKS}}},
};

START_TEST(chooses)
{
  const struct choosing *c = &choosings[_i];
  static double seconds[ROWS][CANDIDATES][ROUNDS];
  struct layer layers[2] = {0};
  struct tune_row rows[ROWS] = {0};
  for (int i = 0; i < c->count; i++) {
    rows[i].layer = &layers[c->rows[i].layer];
    rows[i].use = c->rows[i].use;
    for (int k = 0; k < CANDIDATES && c->rows[i].candidates[k] != ALGORITHM_ANY; k++) {
      make_up(seconds[i][k], c->rows[i].seconds[k], c->spread, i + 2 * k);
      rows[i].candidates[k] = c->rows[i].candidates[k];
      rows[i].seconds[k] = seconds[i][k];
      rows[i].count++;
    }
  }
  struct mem *mem = mem_new();
  tune_choose(mem, rows, c->count, ROUNDS);
  for (int i = 0; i < c->count; i++)
    ck_assert_msg(rows[i].candidates[rows[i].chosen] == c->rows[i].chosen, "%s: row %d: %s",
                  c->what, i, algorithm_table[rows[i].candidates[rows[i].chosen]].name);
  mem_free(mem);
}
END_TEST

/* One wild round moves neither the ratio nor what it may be off by. */
START_TEST(ratio)
{
  const double a[] = {2.0, 2.2, 1.8, 50, 2.1, 1.9, 2.0}, b[] = {1, 1, 1, 1, 1, 1, 1};
  const struct tune_ratio r = tune_ratio(a, b, 7);
  ck_assert_double_eq(r.median, 2.0);
  ck_assert_double_eq_tol(r.noise, 3 * 1.4826 * 1.2533 * 0.1 / sqrt(7), 1e-9);
  ck_assert(tune_is_slower(r) && !tune_is_faster(r));
  const struct tune_ratio back = tune_ratio(b, a, 7);
  ck_assert(tune_is_faster(back) && !tune_is_slower(back));
  const double near[] = {0.9, 1.1, 1.0, 1.2, 0.9, 1.1, 1.0};
  const struct tune_ratio even = tune_ratio(near, b, 7);
  ck_assert(!tune_is_faster(even) && !tune_is_slower(even));
  ck_assert_double_eq(tune_median(near, 2), 1.0);
}
END_TEST

/* ---- What belongs to a layer ---- */

static const char small[] = "model small {\n"
                            "  input  x [1, 8, 8];\n"
                            "  latent z [2];\n"
                            "  encoder { flatten; linear 48; relu; gaussian z; }\n"
                            "  decoder {\n"
                            "    linear [32, 4, 4];\n"
                            "    conv_transpose2d 32, kernel 4, stride 2, pad 1;\n"
                            "    relu;\n"
                            "    conv2d 1, kernel 3, pad 1, algorithm blas;\n"
                            "    sigmoid;\n"
                            "  }\n"
                            "  train { batch 24; }\n"
                            "}\n";

/* A product left to the optimiser has its share of the optimiser's time; one whose weights it
 * changes on the way has it within. */
START_TEST(seconds_of_layers)
{
  struct compiled compiled = compile_text(small);
  struct mem *mem = compiled.result.mem;
  struct tune_build fused = {.model = tune_copy(mem, compiled.result.model)};
  struct tune_build apart = {.model = tune_copy(mem, compiled.result.model)};
  const struct layer *layer = &compiled.result.model->encoder.layers[1];
  const struct chosen blas = {layer, USE_WEIGHT, ALGORITHM_BLAS, CHOSEN_BY_MEASUREMENT};
  tune_ask(&apart.model, &blas, 1);
  fused.c = compile(mem, &fused.model, STAGE_NONE, NULL);
  apart.c = compile(mem, &apart.model, STAGE_NONE, NULL);
  ck_assert_ptr_nonnull(fused.c);
  ck_assert_ptr_nonnull(apart.c);
  double train[2][64] = {{0}}, ones[64];
  for (int i = 0; i < 64; i++)
    ones[i] = 1;
  struct tune_turn turns[2];
  const struct tune_build *builds[] = {&fused, &apart};
  for (int i = 0; i < 2; i++) {
    const struct schedule *s = builds[i]->c->programs[PROGRAM_TRAIN];
    ck_assert_int_lt(s->count, 64);
    for (int k = 0; k < s->count; k++)
      train[i][k] = 1;
    train[i][s->count] = 10; /* the optimiser */
    turns[i] = (struct tune_turn){
        .kernels = {[PROGRAM_TRAIN] = train[i], [PROGRAM_ENCODE] = ones, [PROGRAM_DECODE] = ones}};
  }
  ck_assert_double_eq(tune_seconds(&fused, &turns[0], "encoder.1", USE_WEIGHT), 1);
  double share = tune_seconds(&apart, &turns[1], "encoder.1", USE_WEIGHT) - 1;
  ck_assert_double_gt(share, 1);
  ck_assert_double_lt(share, 10);
  ck_assert_double_eq(tune_seconds(&apart, &turns[1], "encoder.1", USE_FORWARD), 1);
  ck_assert_double_eq(tune_seconds(&apart, &turns[1], "encoder.1", USE_INFERENCE), 1);
  ck_assert_double_eq(tune_seconds(&apart, &turns[1], "encoder.1", USE_INPUT), 0); /* none */
  ck_assert_double_eq(tune_seconds(&fused, &turns[0], "encoder.3", USE_FORWARD), 2);
  compiled_free(&compiled);
}
END_TEST

/* ---- The command ---- */

static const char least[] = "model least {\n"
                            "  input  x [9];\n"
                            "  latent z [2];\n"
                            "  encoder { linear 16; gaussian z; }\n"
                            "  decoder { linear 9; sigmoid; }\n"
                            "  train { batch 24; }\n"
                            "}\n";

static void setup(void)
{
  make_folder();
  unsetenv("CC");
  ck_assert_int_eq(mkdir(in_folder("tmp"), 0777), 0);
  setenv("TMPDIR", in_folder("tmp"), 1);
  write_text(in_folder("small.lathe"), small);
  write_text(in_folder("least.lathe"), least);
}

static void teardown(void)
{
  remove_folder();
}

static void check_row(const json_t *row)
{
  const json_t *measured = json_object_get(row, "measured");
  const char *chosen = json_string_value(json_object_get(row, "chosen"));
  ck_assert_int_ge((int)json_object_size(measured), 1);
  ck_assert_ptr_nonnull(json_object_get(measured, chosen));
  const char *name;
  json_t *one;
  json_object_foreach((json_t *)(uintptr_t)measured, name, one)
  {
    ck_assert_double_gt(json_number_value(json_object_get(one, "seconds")), 0);
    ck_assert_double_gt(json_number_value(json_object_get(one, "ratio")), 0);
  }
  ck_assert_str_ne(json_string_value(json_object_get(row, "layer")), "decoder.3"); /* it is said */
}

/* Every product and convolution that nobody has spoken of is measured for each of its uses. */
START_TEST(measures)
{
  struct said said = SPAWN_GOOD(LATHE, "tune", in_folder("small.lathe"), "--rounds", "3",
                                "--seconds", "0.1", "--threads", "1", "--json", "--cflags", "-O0");
  json_t *json = json_loads(said.out, 0, NULL);
  ck_assert_msg(json != NULL, "%s", said.out);
  const json_t *rows = json_object_get(json, "choices");
  /* encoder.1 has no input gradient; encoder.3 and decoder.0, .1 have all four uses. */
  ck_assert_uint_eq(json_array_size(rows), 3 + 4 + 4 + 4);
  for (size_t i = 0; i < json_array_size(rows); i++)
    check_row(json_array_get(rows, i));
  ck_assert_int_eq(json_integer_value(json_object_get(json, "batch")), 24);
  ck_assert_int_eq(json_integer_value(json_object_get(json, "threads")), 1);
  ck_assert_str_eq(json_string_value(json_object_get(json, "file")), in_folder("small.tune"));
  ck_assert_int_eq(entries_of(in_folder("tmp")), 0);
  ck_assert_int_eq(entries_of(folder), 4);
  json_decref(json);
  said_free(&said);
  check_said(SPAWN(LATHE, "summary", in_folder("small.lathe")), 0,
             "encoder.1|(tune file)|decoder.3|blas (description)", "");
  check_said(SPAWN(LATHE, "check", in_folder("small.lathe")), 0, "", "");
}
END_TEST

START_TEST(prints_a_table)
{
  const char *model = in_folder("least.lathe"), *other = in_folder("other.tune");
  check_said(SPAWN(LATHE, "tune", model, "--rounds", "3", "--seconds", "0.1", "-o", other,
                   "--target", "native", "--algorithm", "encoder.0=blocks", "--cflags", "-O0"),
             0,
             "least: float32, batches of 24|layer|cost model, us|encoder.1|inference|decoder.0|a "
             "training step: |one image encoded and decoded: |other.tune",
             "");
  ck_assert(exists(other) && !exists(in_folder("least.tune")));
  check_said(SPAWN(LATHE, "summary", model, "--tune", other), 0, "(tune file)",
             "W0301|nothing was measured of `encoder.0`");
}
END_TEST

START_TEST(usage)
{
  const char *model = in_folder("small.lathe");
  check_said(SPAWN(LATHE, "tune", model, "--rounds", "2"), 2, "", "--rounds|not '2'");
  check_said(SPAWN(LATHE, "tune", model, "--rounds", "x"), 2, "", "--rounds|not 'x'");
  check_said(SPAWN(LATHE, "tune", model, "--rounds", "102"), 2, "", "--rounds");
  check_said(SPAWN(LATHE, "tune", model, "--seconds", "0"), 2, "", "--seconds");
  check_said(SPAWN(LATHE, "tune", model, "--threads", "1.5"), 2, "", "--threads");
  check_said(SPAWN(LATHE, "tune", model, "--target", "vax"), 2, "", "no target 'vax'");
  check_said(SPAWN(LATHE, "tune", model, "--cc", "/no/cc"), 1, "", "/no/cc");
  check_said(SPAWN(LATHE, "tune", model, "-o", model), 1, "", "the description");
  check_said(SPAWN(LATHE, "tune", "models/blobs.lathe"), 1, "", "mixture alone");
  check_said(SPAWN(LATHE, "build", model, "-o", in_folder("b"), "--tune", in_folder("no.tune")), 1,
             "", "no.tune");
  check_said(SPAWN(LATHE, "summary", model, "--tune", "x", "--no-tune"), 2, "", "--no-tune");
  ck_assert_int_eq(entries_of(in_folder("tmp")), 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("tune");
  TCase *choosing = tcase_create("choosing");
  tcase_add_loop_test(choosing, chooses, 0, LENGTH(choosings));
  tcase_add_test(choosing, ratio);
  tcase_add_test(choosing, seconds_of_layers);
  suite_add_tcase(suite, choosing);
  TCase *command = tcase_create("command");
  tcase_set_timeout(command, 2 * SPAWN_SECONDS);
  tcase_add_checked_fixture(command, setup, teardown);
  tcase_add_test(command, measures);
  tcase_add_test(command, prints_a_table);
  tcase_add_test(command, usage);
  suite_add_tcase(suite, command);
  return run_suite(suite);
}
