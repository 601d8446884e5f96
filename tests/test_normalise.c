/* Normalisation of the input: the numbers that it is by, against their definition; what training
 * keeps of them, and what every command makes of images on their own scale. */
#include "emitted.h"

#include "binary.h"
#include "model_files.h"
#include "runtime/normalise.h"
#include "runtime/tensor_order.h"
#include <float.h>
#include <math.h>

/* ---- Statistics ---- */

enum { C = 3, H = 2, W = 4, SIZE = C * H * W, IMAGES = 50, ROOM = 64 };

static float pixels[IMAGES * SIZE];
static lathe_real fixed[2 * ROOM];

/* Value 5 of an image is always the same, and all of channel 2 is. */
static void fill_pixels(void)
{
  for (int i = 0; i < IMAGES * SIZE; i++) {
    int at = i % SIZE, channel = at / (H * W);
    pixels[i] = channel == 2 || at == 5
                    ? 0.1F
                    : (float)number_of(1, i, -3, 4) * (float)pow(100, channel) + (float)at;
  }
}

/* The model whose buffers lie channels last, as emitted code has them. */
struct scaled {
  struct lathe_tensor tensors[2];
  struct lathe_model model;
};

static void scaled_by(struct scaled *s, enum lathe_normalisation by, const char *shift,
                      const char *scale, int groups)
{
  *s = (struct scaled){.model = {.name = "m",
                                 .precision = "float32",
                                 .normalisation = by,
                                 .input_rank = 3,
                                 .input_shape = {C, H, W},
                                 .input_size = SIZE,
                                 .range = {0, 1},
                                 .tensors = s->tensors,
                                 .tensor_count = 2}};
  for (int i = 0; i < 2; i++) {
    struct lathe_tensor *t = &s->tensors[i];
    *t = (struct lathe_tensor){.name = i == 0 ? shift : scale,
                               .role = LATHE_BUFFER,
                               .rank = 1,
                               .shape = {groups},
                               .axes = 1,
                               .extent = {groups},
                               .offset = (size_t)(i * ROOM)};
    if (groups == SIZE) {
      t->rank = 3;
      memcpy(t->shape, (int64_t[]){C, H, W}, 3 * sizeof *t->shape);
      t->axes = 2;
      memcpy(t->extent, (int64_t[]){C, H * W}, 2 * sizeof *t->extent);
      memcpy(t->order, (int[]){1, 0}, 2 * sizeof *t->order);
    }
  }
}

static lathe_real stored(const struct lathe_tensor *t, int64_t i)
{
  return fixed[t->offset + lathe_stored_index(t, i)];
}

static const struct {
  enum lathe_normalisation by;
  const char *shift, *scale;
  int groups;
  int64_t constant, first; /* groups whose values are all the same */
  const char *of;
} fits[] = {
    {LATHE_NORMALISE_STANDARD, "input.mean", "input.std", C, 1, 2, "channels"},
    {LATHE_NORMALISE_STANDARD, "input.mean", "input.std", SIZE, 9, 5, "values"},
    {LATHE_NORMALISE_STANDARD, "input.mean", "input.std", 1, 0, 0, "input"},
    {LATHE_NORMALISE_MINMAX, "input.min", "input.range", C, 1, 2, "channels"},
    {LATHE_NORMALISE_MINMAX, "input.min", "input.range", SIZE, 9, 5, "values"},
    {LATHE_NORMALISE_MINMAX, "input.min", "input.range", 1, 0, 0, "input"},
};

/* Of the images of a part alone, in whatever order it has them. */
START_TEST(statistics_are_as_defined)
{
  enum { SOME = 37 };
  struct scaled s;
  struct lathe_constant_inputs constant;
  struct lathe_error err;
  int64_t indices[SOME];
  fill_pixels();
  scaled_by(&s, fits[_i].by, fits[_i].shift, fits[_i].scale, fits[_i].groups);
  struct lathe_dataset dataset = {
      .count = IMAGES,
      .images = array_of(LATHE_F32, 4, (const int64_t[]){IMAGES, C, H, W}, pixels)};
  for (int i = 0; i < SOME; i++)
    indices[i] = (i * 11 + 3) % IMAGES;
  const struct lathe_part part = {&dataset, indices, SOME};
  struct lathe_state state = {.fixed = fixed, .tables = 3};
  ck_assert_msg(lathe_normalise_fit(&s.model, &part, &state, &constant, &err), "%s", err.text);
  ck_assert_uint_eq(state.tables, 0);

  double log_scale = 0;
  int width = SIZE / fits[_i].groups;
  for (int g = 0; g < fits[_i].groups; g++) {
    long double sum = 0, squares = 0;
    double least = INFINITY, greatest = -INFINITY;
    for (int pass = 0; pass < 2; pass++)
      for (int i = 0; i < SOME; i++)
        for (int k = 0; k < width; k++) {
          long double x = pixels[indices[i] * SIZE + g * width + k];
          sum += pass == 0 ? x : 0;
          squares += pass == 1 ? powl(x - sum / (SOME * width), 2) : 0;
          least = fmin(least, (double)x);
          greatest = fmax(greatest, (double)x);
        }
    bool minmax = fits[_i].by == LATHE_NORMALISE_MINMAX;
    double shift = minmax ? least : (double)(sum / (SOME * width));
    double scale = minmax ? greatest - least : sqrt((double)(squares / (SOME * width)));
    if (least == greatest)
      scale = 1;
    ck_assert_double_eq_tol(stored(&s.tensors[0], g), shift, 1e-6 * fabs(shift) + 1e-30);
    ck_assert_double_eq_tol(stored(&s.tensors[1], g), scale, 1e-6 * scale);
    log_scale += log(scale) * width;
  }
  ck_assert_double_eq_tol(lathe_normalise_log_scale(&s.model, &state), log_scale, 1e-5);
  ck_assert_int_eq(constant.all, fits[_i].groups);
  ck_assert_int_eq(constant.count, fits[_i].constant);
  ck_assert_int_eq(constant.first, fits[_i].first);
  ck_assert_str_eq(constant.of, fits[_i].of);
}
END_TEST

/* A scale that float32 does not hold is an error, one that it makes 0 of is none. */
START_TEST(scales_beyond_all_bounds)
{
  struct scaled s;
  struct lathe_constant_inputs constant;
  struct lathe_error err = {""};
  fill_pixels();
  struct lathe_dataset dataset = {
      .count = IMAGES,
      .images = array_of(LATHE_F32, 4, (const int64_t[]){IMAGES, C, H, W}, pixels)};
  const struct lathe_part part = lathe_part_all(&dataset);
  struct lathe_state state = {.fixed = fixed};
  pixels[0] = FLT_MAX;
  pixels[SIZE] = -FLT_MAX;
  scaled_by(&s, LATHE_NORMALISE_MINMAX, "input.min", "input.range", C);
  ck_assert(!lathe_normalise_fit(&s.model, &part, &state, &constant, &err));
  assert_words(err.text, "cannot be normalised|scale the values");
  for (int i = 0; i < IMAGES; i++) /* of a channel, the least numbers that there are */
    for (int k = 0; k < H * W; k++)
      pixels[i * SIZE + k] = i % 2 == 0 ? 1e-44F : 3e-44F;
  ck_assert(lathe_normalise_fit(&s.model, &part, &state, &constant, &err));
  ck_assert_int_eq(constant.count, 2);
  ck_assert(stored(&s.tensors[1], 0) == 1);
}
END_TEST

/* What a description gives, and what it does not normalise, is left as it is. */
START_TEST(nothing_to_find)
{
  struct scaled s;
  struct lathe_constant_inputs constant;
  struct lathe_state state = {.fixed = fixed};
  const struct lathe_part part = {0};
  memset(fixed, 0, sizeof fixed);
  scaled_by(&s, LATHE_NORMALISE_GIVEN, "input.mean", "input.std", C);
  ck_assert(lathe_normalise_fit(&s.model, &part, &state, &constant, NULL));
  ck_assert_ptr_eq(lathe_normalise_scale(&s.model), &s.tensors[1]);
  s.model.normalisation = LATHE_NOT_NORMALISED;
  ck_assert(lathe_normalise_fit(&s.model, &part, &state, &constant, NULL));
  ck_assert(lathe_normalise_scale(&s.model) == NULL && lathe_normalise_shift(&s.model) == NULL);
  ck_assert(lathe_normalise_log_scale(&s.model, &state) == 0);
  for (int i = 0; i < 2 * ROOM; i++)
    ck_assert(fixed[i] == 0);
}
END_TEST

/* ---- Numbers that are given ---- */

#define GIVEN(numbers, per)                                                                        \
  "model m { input x [3, 2, 4]; normalise given, " numbers per "; latent z [2];\n"                 \
  "  encoder { conv2d 2, kernel 2; relu; gaussian z; }\n  decoder { linear [3, 2, 4]; }\n"         \
  "  loss { gaussian; }\n}\n"

/* In whatever order emitted code has them in memory; as a training begins with them. */
START_TEST(given_numbers_are_the_initial_ones)
{
  static const struct {
    const char *text;
    int count;
    double shift, shift_step, scale; /* of the i-th: shift + i shift_step */
  } given[] = {
      {GIVEN("mean [0.5, 0.75, 1], deviation 0.125", ""), 3, 0.5, 0.25, 0.125},
      {GIVEN("deviation 255", ", per all"), 1, 0, 0, 255},
      {GIVEN("mean [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, "
             "22, 23]",
             ", per value"),
       24, 0, 1, 1},
  };
  struct emitted e = emitted_open_text(given[_i].text);
  struct lathe_state state;
  ck_assert(lathe_state_new(&state, e.model, 1, NULL, true, NULL));
  lathe_state_initialise(&state, e.model, 1);
  const struct lathe_tensor *shift = lathe_normalise_shift(e.model);
  const struct lathe_tensor *scale = lathe_normalise_scale(e.model);
  ck_assert_int_eq(lathe_tensor_size(shift), given[_i].count);
  for (int i = 0; i < given[_i].count; i++) {
    ck_assert(state.fixed[shift->offset + lathe_stored_index(shift, i)] ==
              (lathe_real)(given[_i].shift + i * given[_i].shift_step));
    ck_assert(state.fixed[scale->offset + lathe_stored_index(scale, i)] ==
              (lathe_real)given[_i].scale);
  }
  lathe_state_free(&state);
  emitted_close(&e);
}
END_TEST

/* ---- Programs ---- */

enum { ROWS = 400, COLUMNS = 4, CONSTANT = 3 };

static const char table_text[] = "model table {\n"
                                 "  input x [4];\n"
                                 "  normalise standard;\n"
                                 "  latent z [2];\n"
                                 "  encoder { linear 16; relu; gaussian z; }\n"
                                 "  decoder { linear 16; relu; linear 4; }\n"
                                 "  loss { gaussian, variance learned_each, start 0.1; }\n"
                                 "  mixture { components 2; }\n"
                                 "  train { adam 5e-3; batch 40; epochs 12; split 0.8; seed 3; }\n"
                                 "}\n";

static float rows[ROWS * COLUMNS];

#define TABLE(...) SPAWN(in_folder("table"), __VA_ARGS__)

/* Columns of very different scales, with two kinds of rows, and one that is always the same. */
static void setup(void)
{
  int64_t kinds[ROWS];
  make_folder();
  write_text(in_folder("table.lathe"), table_text);
  SPAWN_QUIETLY(built("lathe"), "build", in_folder("table.lathe"), "-o", in_folder("table"),
                "--cflags", "-O1");
  for (int i = 0; i < ROWS; i++) {
    double a = number_of(2, i, -1, 1), b = number_of(3, i, -1, 1);
    const double x[COLUMNS] = {1e4 + 500 * (i % 2) + 50 * a, 1e-3 * (i % 2) + 1e-4 * b,
                               -3 + 2 * a * b, 7};
    kinds[i] = i % 2;
    for (int k = 0; k < COLUMNS; k++)
      rows[i * COLUMNS + k] = (float)x[k];
  }
  struct lathe_array data = array_of(LATHE_F32, 2, (const int64_t[]){ROWS, COLUMNS}, rows);
  struct lathe_array labels = array_of(LATHE_I64, 1, (const int64_t[]){ROWS}, kinds);
  write_data(in_folder("x.npz"), &data, &labels);
  SPAWN_QUIETLY(in_folder("table"), "train", "--data", in_folder("x.npz"), "--run",
                in_folder("run"), "--quiet", "--save-epochs", "4", "--keep", "9");
}

static struct lathe_tensors weights_of(const char *run)
{
  return read_tensors(in_folder("%s/weights.safetensors", run));
}

/* They are of the images that were trained on, not of all: with 320 of 400 rows they are near. */
START_TEST(weights_hold_the_numbers)
{
  struct lathe_tensors tensors = weights_of("run");
  const struct lathe_array *mean = lathe_tensors_find(&tensors, "input.mean");
  const struct lathe_array *std = lathe_tensors_find(&tensors, "input.std");
  ck_assert(mean != NULL && std != NULL && mean->count == COLUMNS && std->count == COLUMNS);
  for (int k = 0; k < COLUMNS; k++) {
    double sum = 0, squares = 0;
    for (int i = 0; i < ROWS; i++)
      sum += (double)rows[i * COLUMNS + k] / ROWS;
    for (int i = 0; i < ROWS; i++)
      squares += pow((double)rows[i * COLUMNS + k] - sum, 2) / ROWS;
    double deviation = k == CONSTANT ? 1 : sqrt(squares);
    ck_assert_double_eq_tol(value_at(mean, k), sum, 0.2 * deviation);
    ck_assert_double_eq_tol(value_at(std, k), deviation, 0.1 * deviation);
    ck_assert(k == CONSTANT || value_at(mean, k) != (double)(float)sum);
  }
  lathe_tensors_free(&tensors);
}
END_TEST

/* Whatever goes in and comes out is on the scale of the data. */
START_TEST(commands_keep_the_scale)
{
  SPAWN_QUIETLY(in_folder("table"), "reconstruct", "--run", in_folder("run"), "--data",
                in_folder("x.npz"), "-o", in_folder("r.npz"));
  SPAWN_QUIETLY(in_folder("table"), "sample", "--run", in_folder("run"), "-n", "50", "-o",
                in_folder("s.npz"));
  struct lathe_array r = read_array(in_folder("r.npz"), "data");
  struct lathe_array s = read_array(in_folder("s.npz"), "data");
  double mse = 0;
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    static const double near[COLUMNS] = {200, 4e-4, 3, 0.5};
    double off = value_at(&r, i) - (double)rows[i];
    ck_assert_msg(fabs(off) < near[i % COLUMNS], "value %d of row %d is off by %g", i % COLUMNS,
                  i / COLUMNS, off);
    mse += off * off / (ROWS * COLUMNS);
  }
  for (int i = 0; i < 50; i++) {
    ck_assert(value_at(&s, i * COLUMNS) > 9000 && value_at(&s, i * COLUMNS) < 12000);
    ck_assert_double_eq_tol(value_at(&s, i * COLUMNS + 1), 5e-4, 1.5e-3);
  }
  lathe_array_free(&r);
  lathe_array_free(&s);

  struct said said =
      TABLE("eval", "--run", in_folder("run"), "--data", in_folder("x.npz"), "--json");
  json_t *json = parse_json(said.out, "eval");
  struct lathe_tensors tensors = weights_of("run");
  double bound = -json_double(json, "reconstruction") - json_double(json, "kl");
  for (int k = 0; k < COLUMNS; k++)
    bound -= log(value_at(lathe_tensors_find(&tensors, "input.std"), k));
  ck_assert_double_eq_tol(json_double(json, "elbo"), bound, 1e-4);
  ck_assert_double_eq_tol(json_double(json, "mse"), mse, 1e-4 * mse);
  ck_assert_double_gt(json_double(json, "accuracy"), 0.95);
  lathe_tensors_free(&tensors);
  json_decref(json);
  said_free(&said);

  said = TABLE("eval", "--run", in_folder("run"), "--data", in_folder("x.npz"));
  assert_words(said.out, "of normalised values|ELBO|of the values as they are");
  said_free(&said);
  said = TABLE("info");
  assert_words(said.out, "normalised   standard, per channel|likelihood   gaussian, variance "
                         "learned_each|");
  ck_assert_ptr_null(strstr(said.out, "deviation  "));
  said_free(&said);
}
END_TEST

static void assert_numbers(const json_t *json, const char *name, const double *want, double off)
{
  const json_t *found = json_object_get(json, name);
  ck_assert_uint_eq(json_array_size(found), COLUMNS);
  for (size_t k = 0; k < COLUMNS; k++)
    ck_assert_double_eq_tol(json_number_value(json_array_get(found, k)), want[k],
                            off * fabs(want[k]));
}

/* What was learned of the scales, and the deviations of the likelihood in the data's units. */
START_TEST(info_tells_the_scales)
{
  struct lathe_tensors tensors = weights_of("run");
  double mean[COLUMNS], std[COLUMNS], deviation[COLUMNS];
  for (int k = 0; k < COLUMNS; k++) {
    mean[k] = value_at(lathe_tensors_find(&tensors, "input.mean"), k);
    std[k] = value_at(lathe_tensors_find(&tensors, "input.std"), k);
    deviation[k] =
        std[k] * sqrt(1e-6 + exp(value_at(lathe_tensors_find(&tensors, "likelihood.logvar"), k)));
  }
  lathe_tensors_free(&tensors);
  struct said said = TABLE("info", "--run", in_folder("run"), "--json");
  json_t *json = parse_json(said.out, "info");
  assert_numbers(json, "shifts", mean, 1e-6);
  assert_numbers(json, "scales", std, 1e-6);
  assert_numbers(json, "deviations", deviation, 1e-5);
  json_decref(json);
  said_free(&said);
  said = TABLE("info", "--run", in_folder("run"));
  char line[64];
  snprintf(line, sizeof line, "deviation    %.4g ", deviation[0]);
  assert_words(said.out, "input less|divided by|");
  ck_assert_msg(strstr(said.out, line) != NULL, "%s is not in %s", line, said.out);
  said_free(&said);
  assert_refused(TABLE("info", "--run", in_folder("nowhere")), in_folder("table"), 1, "nowhere");
}
END_TEST

START_TEST(constants_are_told)
{
#define ANEW(...)                                                                                  \
  TABLE("train", "--data", in_folder("x.npz"), "--run", in_folder("anew"), "--force", "--epochs",  \
        "1", __VA_ARGS__)
  struct said said = ANEW("--json");
  assert_words(said.out, "{\"event\":\"constant_inputs\",\"of\":\"features\",\"count\":1,\"all\":4,"
                         "\"first\":3}\n");
  said_free(&said);
  said = ANEW("--threads", "1");
  assert_words(said.out, "the same in all training rows, and not scaled: 1 of 4 features, the "
                         "first is 3\n");
  said_free(&said);
  remove_below(in_folder("anew"));
}
END_TEST

/* From a checkpoint, and from before the first. */
START_TEST(goes_on_with_the_same_numbers)
{
  SPAWN_QUIETLY("cp", "-r", in_folder("run"), in_folder("cut"));
  ck_assert_int_eq(rename(in_folder("cut/run.json"), in_folder("cut/unfinished.json")), 0);
  ck_assert_int_eq(unlink(in_folder("cut/weights.safetensors")), 0);
  if (_i == 0)
    ck_assert_int_eq(unlink(in_folder("cut/checkpoints/step-%09d.safetensors", 96)), 0);
  else
    remove_below(in_folder("cut/checkpoints"));
  SPAWN_QUIETLY(in_folder("table"), "train", "--resume", "--run", in_folder("cut"), "--quiet");
  ck_assert(same_file(in_folder("cut/weights.safetensors"), in_folder("run/weights.safetensors")));
  remove_below(in_folder("cut"));
}
END_TEST

/* Weights without the numbers are not taken, and a program without them does not take the run. */
START_TEST(others_are_told)
{
  char *text = strdup(table_text), *at = strstr(text, "  normalise standard;\n");
  memmove(at, at + strlen("  normalise standard;\n"),
          strlen(at + strlen("  normalise standard;\n")) + 1);
  write_text(in_folder("bare.lathe"), text);
  free(text);
  SPAWN_QUIETLY(built("lathe"), "build", in_folder("bare.lathe"), "-o", in_folder("bare"),
                "--cflags", "-O1");
  assert_refused(
      SPAWN(in_folder("bare"), "eval", "--run", in_folder("run"), "--data", in_folder("x.npz")),
      in_folder("bare"), 1, "normalise");
  struct lathe_tensors from = weights_of("run"), to = {0};
  for (int i = 0; i < from.count; i++) {
    const struct lathe_array *array = &from.items[i].array;
    if (strncmp(from.items[i].name, "input.", 6) == 0)
      continue;
    void *data =
        lathe_tensors_add(&to, from.items[i].name, array->dtype, array->rank, array->shape, NULL);
    memcpy(data, array->data, (size_t)array->count * lathe_dtype_size(array->dtype));
  }
  write_tensors(&to, in_folder("without.safetensors"));
  lathe_tensors_free(&from);
  lathe_tensors_free(&to);
  assert_refused(TABLE("import", "--params", in_folder("without.safetensors"), "--run",
                       in_folder("imported"), "--data", in_folder("x.npz")),
                 in_folder("table"), 1, "input.mean|input.std");
  SPAWN_QUIETLY(in_folder("table"), "import", "--params", in_folder("run/weights.safetensors"),
                "--run", in_folder("imported"), "--quiet");
  ck_assert(
      same_file(in_folder("imported/weights.safetensors"), in_folder("run/weights.safetensors")));
}
END_TEST

/* Where a training diverges before its first checkpoint, its beginning is found again. */
START_TEST(divergence_is_found)
{
  struct said said = TABLE("train", "--data", in_folder("x.npz"), "--run", in_folder("wild"),
                           "--lr", "1e6", "--epochs", "3", "--quiet");
  ck_assert_int_eq(said.status, 1);
  assert_words(said.err, "training diverged|it began in epoch 1, step ");
  said_free(&said);
  remove_below(in_folder("wild"));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("normalisation of the input");
  TCase *statistics = tcase_create("statistics");
  tcase_set_timeout(statistics, SPAWN_SECONDS);
  tcase_add_loop_test(statistics, statistics_are_as_defined, 0, sizeof fits / sizeof *fits);
  tcase_add_test(statistics, scales_beyond_all_bounds);
  tcase_add_test(statistics, nothing_to_find);
  tcase_add_loop_test(statistics, given_numbers_are_the_initial_ones, 0, 3);
  suite_add_tcase(suite, statistics);
  TCase *programs = tcase_create("programs");
  tcase_add_unchecked_fixture(programs, setup, remove_folder);
  tcase_set_timeout(programs, SPAWN_SECONDS);
  tcase_add_test(programs, weights_hold_the_numbers);
  tcase_add_test(programs, commands_keep_the_scale);
  tcase_add_test(programs, info_tells_the_scales);
  tcase_add_test(programs, constants_are_told);
  tcase_add_loop_test(programs, goes_on_with_the_same_numbers, 0, 2);
  tcase_add_test(programs, others_are_told);
  tcase_add_test(programs, divergence_is_found);
  suite_add_tcase(suite, programs);
  return run_suite(suite);
}
