/* The real binaries on drawn digits: what training leaves in its run folder, and that every command
 * gives what it says, agrees with the others, and gives it again. */
#include "binary.h"
#include "runtime/safetensors.h"
#include "runtime/tensors.h"
#include <math.h>

#define MLP_RUN in_folder("mlp_run")
#define SMALL_RUN in_folder("small_run")

static void setup(void)
{
  make_digits_and_small();
  train_mlp(MLP_RUN);
  train_small(SMALL_RUN);
}

/* ---- The run folder ---- */

static const struct {
  const char *run;
  int epochs;
  bool plane; /* a latent of two dimensions */
  const char *description, *shipped;
} runs[] = {
    {"mlp_run", 4, true, NULL, "models/digits_mlp.lathe"},
    {"small_run", 3, false, small_text, NULL},
};

static const char *run_path(int i, const char *name)
{
  return in_folder("%s/%s", runs[i].run, name);
}

static void check_png(const char *path)
{
  static const char head[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", tail[] = "IEND\xae\x42\x60\x82";
  size_t size;
  char *bytes = read_file(path, &size);
  ck_assert_msg(size > 100 && memcmp(bytes, head, sizeof head - 1) == 0 &&
                    memcmp(bytes + size - (sizeof tail - 1), tail, sizeof tail - 1) == 0,
                "%s is no whole PNG picture", path);
  free(bytes);
}

/* Numbers of a CSV file below its header, which must begin so; rows x columns of them. An empty
 * field is NaN. */
static double *read_csv(const char *path, const char *header, int rows, int columns)
{
  char *text = read_file(path, NULL);
  ck_assert_msg(strncmp(text, header, strlen(header)) == 0, "%s begins with %.200s", path, text);
  ck_assert_msg(lines_of(text) == rows + 1, "%s has %d lines", path, lines_of(text));
  double *values = malloc((size_t)(rows * columns) * sizeof *values);
  const char *at = strchr(text, '\n') + 1;
  for (int i = 0; i < rows * columns; i++) {
    char *end;
    values[i] = strtod(at, &end);
    if (end == at)
      values[i] = NAN;
    ck_assert_msg(*end == ((i + 1) % columns == 0 ? '\n' : ','), "%s: value %d: %.40s", path, i,
                  at);
    at = end + 1;
  }
  free(text);
  return values;
}

START_TEST(run_folder_is_complete)
{
  static const char *const names[] = {
#define RUN_FILE(ID, name, facts, about) name,
#include "runtime/run_files.def"
#undef RUN_FILE
  };
  static const bool shown[] = {
#define RUN_FILE(ID, name, facts, about) (about) != NULL,
#include "runtime/run_files.def"
#undef RUN_FILE
  };
  int files = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *path = run_path(_i, names[i]);
    bool wanted = shown[i] && (runs[_i].plane || strcmp(names[i], "manifold.png") != 0);
    ck_assert_msg(exists(path) == wanted, "%s", path);
    files += wanted;
    if (wanted && strstr(names[i], ".png") != NULL)
      check_png(path);
    if (wanted && strstr(names[i], ".json") != NULL) {
      char *text = read_file(path, NULL);
      json_decref(parse_json(text, path));
      free(text);
    }
  }
  ck_assert_int_eq(entries_of(in_folder("%s", runs[_i].run)), files);

  char *kept = read_file(run_path(_i, "model.lathe"), NULL);
  char *given = runs[_i].shipped != NULL ? read_file(runs[_i].shipped, NULL) : NULL;
  ck_assert_str_eq(kept, given != NULL ? given : runs[_i].description);
  free(kept);
  free(given);
}
END_TEST

START_TEST(losses_fall)
{
  enum { COLUMNS = 13, TRAIN_LOSS = 1, TRAIN_NLL, TRAIN_KL, VALID_LOSS, RATE = 7, SPEED, SECONDS };
  int last = runs[_i].epochs - 1;
  double *rows = read_csv(run_path(_i, "metrics.csv"),
                          "epoch,train_loss,train_reconstruction,train_kl,valid_loss,"
                          "valid_reconstruction,valid_kl,rate,images_per_second,seconds,"
                          "train_clamped,valid_clamped,kl_weight\n",
                          runs[_i].epochs, COLUMNS);
  for (int i = 0; i <= last; i++) {
    const double *row = rows + i * COLUMNS;
    ck_assert(row[0] == i + 1);
    ck_assert(fabs(row[TRAIN_NLL] + row[TRAIN_KL] - row[TRAIN_LOSS]) < 1e-6 * row[TRAIN_LOSS]);
    ck_assert(row[TRAIN_KL] > 0 && row[SPEED] > 0 && row[RATE] > 0);
    ck_assert(i == 0 || row[SECONDS] >= row[SECONDS - COLUMNS]);
    ck_assert_msg(i == 0 || row[TRAIN_LOSS] < row[TRAIN_LOSS - COLUMNS], "loss rises in epoch %d",
                  i + 1);
  }
  const double *end = rows + last * COLUMNS;
  ck_assert(end[VALID_LOSS] < rows[VALID_LOSS]);
  free(rows);
}
END_TEST

START_TEST(em_rises)
{
  char *text = read_file(run_path(_i, "em.csv"), NULL);
  int iterations = lines_of(text) - 1;
  free(text);
  ck_assert_int_ge(iterations, 2);
  double *rows = read_csv(run_path(_i, "em.csv"), "iteration,log_likelihood\n", iterations, 2);
  for (int i = 0; i < iterations; i++) {
    ck_assert(rows[2 * i] == i + 1);
    /* (The floor that is added to the variances may cost a little in the end.) */
    ck_assert_msg(i == 0 || rows[2 * i + 1] >= rows[2 * i - 1] - 1e-3, "it falls at %d", i + 1);
  }
  ck_assert(rows[2 * iterations - 1] > rows[1]);
  free(rows);
}
END_TEST

START_TEST(weights_are_named_as_in_pytorch)
{
  static const struct {
    int run;
    const char *name, *form;
  } tensors[] = {
      {0, "encoder.1.weight", "float32 [512, 784]"},
      {0, "encoder.1.bias", "float32 [512]"},
      {0, "mean.weight", "float32 [2, 256]"},
      {0, "logvar.bias", "float32 [2]"},
      {0, "decoder.4.weight", "float32 [784, 512]"},
      {0, "mixture.weights", "float64 [3]"},
      {0, "mixture.means", "float64 [3, 2]"},
      {0, "mixture.covariances", "float64 [3, 2, 2]"},
      {1, "encoder.0.weight", "float32 [4, 1, 4, 4]"},
      {1, "encoder.1.running_var", "float32 [4]"},
      {1, "encoder.1.num_batches_tracked", "int64 []"},
      {1, "mean.weight", "float32 [3, 196]"},
      {1, "decoder.2.weight", "float32 [4, 1, 4, 4]"},
      {1, "mixture.covariances", "float64 [3, 3]"},
  };
  struct lathe_tensors file[2];
  struct lathe_error err;
  for (int i = 0; i < 2; i++)
    ck_assert_msg(lathe_tensors_read(&file[i], run_path(i, "weights.safetensors"), &err), "%s",
                  err.text);
  for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
    const struct lathe_array *array = lathe_tensors_find(&file[tensors[i].run], tensors[i].name);
    ck_assert_msg(array != NULL, "%s is missing", tensors[i].name);
    assert_form(array, tensors[i].form);
    assert_within(array, -1e3, 1e3);
  }
  lathe_tensors_free(&file[0]);
  lathe_tensors_free(&file[1]);
}
END_TEST

/* ---- The commands agree with each other ---- */

/* eval's object. */
static json_t *evaluate(const char *binary, const char *run, const char *data)
{
  struct said said = SPAWN_GOOD(binary, "eval", "--run", run, "--data", data, "--json");
  json_t *json = parse_json(said.out, "eval");
  said_free(&said);
  return json;
}

START_TEST(eval)
{
  json_t *json = evaluate(MLP, MLP_RUN, TEST);
  ck_assert_msg(json_double(json, "accuracy") > 0.6, "accuracy %g", json_double(json, "accuracy"));
  ck_assert(json_double(json, "accuracy") == json_double(json, "micro_f1"));
  ck_assert(json_double(json, "images") == TESTED);
  ck_assert(json_double(json, "mse") > 0.01 && json_double(json, "mse") < 0.06);
  ck_assert(json_double(json, "ssim") > 0.2 && json_double(json, "ssim") < 1);
  ck_assert(fabs(json_double(json, "elbo") + json_double(json, "loss")) < 1e-9);
  double sum = 0, right = 0;
  const json_t *counts = json_object_get(json_object_get(json, "confusion"), "counts");
  for (size_t i = 0; i < json_array_size(counts); i++)
    for (size_t k = 0; k < json_array_size(json_array_get(counts, i)); k++) {
      double count = json_number_value(json_array_get(json_array_get(counts, i), k));
      sum += count;
      right += i == k ? count : 0;
    }
  ck_assert(sum == TESTED && fabs(right / sum - json_double(json, "accuracy")) < 1e-9);
  const json_t *clusters = json_object_get(json, "clusters");
  ck_assert_uint_eq(json_array_size(json_object_get(clusters, "clusters")), 3);
  ck_assert_uint_eq(json_array_size(json_object_get(clusters, "pairs")), 3);
  json_decref(json);

  struct said said = SPAWN_GOOD(MLP, "eval", "--run", MLP_RUN, "--data", TEST);
  assert_words(said.out, "MSE|SSIM|accuracy|confusion|overlap");
  said_free(&said);

  /* The parts of the run's own file are those that it was trained and validated on. */
  said =
      SPAWN_GOOD(MLP, "eval", "--run", MLP_RUN, "--data", TRAIN, "--part", "validation", "--json");
  json_t *part = parse_json(said.out, "eval --part");
  char *text = read_file(in_folder("mlp_run/metrics.json"), NULL);
  json_t *metrics = parse_json(text, "metrics.json");
  const json_t *validation = json_object_get(metrics, "validation");
  ck_assert(json_double(part, "images") == 60);
  ck_assert(json_double(part, "mse") == json_double(validation, "mse"));
  ck_assert(json_double(part, "loss") == json_double(validation, "loss"));
  json_decref(part);
  json_decref(metrics);
  free(text);
  said_free(&said);
}
END_TEST

/* The labels that classify writes are as right as eval says, and belong to encode's clusters. */
START_TEST(classify_and_encode)
{
  const char *csv = in_folder("labels.csv"), *npz = in_folder("latents.npz");
  SPAWN_QUIETLY(MLP, "classify", "--run", MLP_RUN, "--data", TEST, "-o", csv);
  SPAWN_QUIETLY(MLP, "encode", "--run", MLP_RUN, "--data", TEST, "-o", npz);
  double *labels = read_csv(csv, "Predicted_Label\n", TESTED, 1);
  struct lathe_array truth = read_array(TEST, "labels"), mean = read_array(npz, "mean"),
                     logvar = read_array(npz, "logvar"), cluster = read_array(npz, "cluster"),
                     posterior = read_array(npz, "responsibilities");
  assert_form(&mean, "float32 [150, 2]");
  assert_form(&logvar, "float32 [150, 2]");
  assert_form(&posterior, "float64 [150, 3]");
  assert_form(&cluster, "int64 [150]");
  assert_within(&mean, -20, 20);
  assert_within(&posterior, 0, 1);
  assert_within(&cluster, 0, 2);
  double named[3] = {-1, -1, -1};
  int right = 0;
  for (int i = 0; i < TESTED; i++) {
    const double *p = (const double *)posterior.data + 3 * i;
    int k = (int)value_at(&cluster, i);
    ck_assert(labels[i] == 1 || labels[i] == 4 || labels[i] == 8);
    right += labels[i] == value_at(&truth, i);
    ck_assert(fabs(p[0] + p[1] + p[2] - 1) < 1e-12);
    ck_assert(p[k] >= p[0] && p[k] >= p[1] && p[k] >= p[2]);
    ck_assert(named[k] < 0 || named[k] == labels[i]);
    named[k] = labels[i];
  }
  json_t *json = evaluate(MLP, MLP_RUN, TEST);
  ck_assert(right == json_double(json, "right"));
  json_decref(json);
  lathe_array_free(&truth);
  lathe_array_free(&mean);
  lathe_array_free(&logvar);
  lathe_array_free(&cluster);
  lathe_array_free(&posterior);
  free(labels);
}
END_TEST

/* Labelled images name clusters that were found without them, too. */
START_TEST(clusters_of_kmeans_are_named)
{
  const char *csv = in_folder("named.csv");
  SPAWN_QUIETLY(SMALL, "classify", "--run", SMALL_RUN, "--data", TEST, "-o", csv);
  char *text = read_file(csv, NULL);
  int lines = 0;
  strtok(text, "\n"); /* the header */
  for (const char *line; (line = strtok(NULL, "\n")) != NULL; lines++)
    ck_assert_msg(strlen(line) == 1 && strchr("148", line[0]) != NULL, "%s", line);
  ck_assert_int_eq(lines, TESTED);
  free(text);
}
END_TEST

START_TEST(reconstruct)
{
  static const char *const names[] = {"mlp_run", "small_run"};
  const char *binary = _i == 0 ? MLP : SMALL, *run = in_folder("%s", names[_i]);
  const char *npz = in_folder("reconstructed.npz");
  SPAWN_QUIETLY(binary, "reconstruct", "--run", run, "--data", TEST, "-o", npz);
  struct lathe_array given = read_array(TEST, "data"), made = read_array(npz, "data");
  assert_form(&made, "float32 [150, 28, 28]");
  assert_within(&made, 0, 1);
  double square = 0;
  for (int64_t i = 0; i < made.count; i++) {
    double difference = value_at(&made, i) - value_at(&given, i) / 255;
    square += difference * difference;
  }
  json_t *json = evaluate(binary, run, TEST);
  ck_assert(fabs(square / (double)made.count - json_double(json, "mse")) < 1e-7);
  json_decref(json);
  lathe_array_free(&given);
  lathe_array_free(&made);
}
END_TEST

START_TEST(sample)
{
  const char *a = in_folder("a.npz"), *b = in_folder("b.npz"), *c = in_folder("c.npz");
  SPAWN_QUIETLY(MLP, "sample", "--run", MLP_RUN, "-n", "70", "-o", a, "--seed", "3");
  SPAWN_QUIETLY(MLP, "sample", "--run", MLP_RUN, "-n", "70", "-o", b, "--seed", "3");
  SPAWN_QUIETLY(MLP, "sample", "--run", MLP_RUN, "-n", "70", "-o", c, "--seed", "4");
  ck_assert(same_file(a, b) && !same_file(a, c));
  struct lathe_array images = read_array(a, "data"), cluster = read_array(a, "cluster");
  assert_form(&images, "float32 [70, 28, 28]");
  assert_form(&cluster, "int64 [70]");
  assert_within(&images, 0, 1);
  assert_within(&cluster, 0, 2);
  lathe_array_free(&images);
  lathe_array_free(&cluster);

  SPAWN_QUIETLY(MLP, "sample", "--run", MLP_RUN, "-n", "9", "-o", a, "--cluster", "1");
  cluster = read_array(a, "cluster");
  assert_form(&cluster, "int64 [9]");
  assert_within(&cluster, 1, 1);
  lathe_array_free(&cluster);

  SPAWN_QUIETLY(SMALL, "sample", "--run", SMALL_RUN, "-n", "9", "-o", in_folder("s.png"));
  check_png(in_folder("s.png"));
  SPAWN_QUIETLY(SMALL, "sample", "--run", SMALL_RUN, "-n", "9", "-o", in_folder("s.png"),
                "--prior");
  check_png(in_folder("s.png"));
}
END_TEST

START_TEST(manifold)
{
  SPAWN_QUIETLY(MLP, "manifold", "--run", MLP_RUN, "-o", in_folder("m.png"), "--grid", "5");
  check_png(in_folder("m.png"));
  assert_refused(SPAWN(SMALL, "manifold", "--run", SMALL_RUN, "-o", in_folder("m2.png")), SMALL, 1,
                 "small|2 dimensions|3");
  ck_assert(!exists(in_folder("m2.png")));
}
END_TEST

/* Every line that --json prints is an object. */
START_TEST(json_lines)
{
  struct said said = SPAWN_GOOD(SMALL, "train", "--data", TRAIN, "--run", in_folder("lines"),
                                "--json", "--epochs", "2");
  int epochs = 0, done = 0;
  for (char *line = strtok(said.out, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    json_t *json = parse_json(line, "train --json");
    const char *event = json_string_value(json_object_get(json, "event"));
    ck_assert_ptr_nonnull(event);
    epochs += strcmp(event, "epoch") == 0;
    done += strcmp(event, "done") == 0;
    json_decref(json);
  }
  ck_assert_int_eq(epochs, 2);
  ck_assert_int_eq(done, 1);
  said_free(&said);

  said = SPAWN_GOOD(SMALL, "bench", "--seconds", "0.05", "--json");
  json_t *json = parse_json(said.out, "bench --json");
  ck_assert(json_double(json, "train_images_per_second") > 0);
  ck_assert(json_double(json, "em_points_per_second") > 0);
  json_decref(json);
  said_free(&said);
}
END_TEST

/* A row for each kernel of the table, and three for what is outside of them; together they are the
 * step. */
START_TEST(where_the_time_goes)
{
  static const char *const outside[] = {"data", "noise", "rest"};
  struct said said = SPAWN_GOOD(MLP, "bench", "--per-layer", "--seconds", "0.3", "--json");
  json_t *json = parse_json(said.out, "bench --per-layer --json");
  const json_t *rows = json_object_get(json, "rows");
  double step = json_double(json, "step_seconds"), sum = json_double(json, "rows_seconds");
  double seconds = 0, share = 0, flops = 0;
  size_t count = json_array_size(rows), updates = 0, backward = 0;
  ck_assert_uint_gt(count, 20);
  for (size_t i = 0; i < count; i++) {
    const json_t *row = json_array_get(rows, i);
    const char *pass = json_string_value(json_object_get(row, "pass"));
    const char *layer = json_string_value(json_object_get(row, "layer"));
    double took = json_double(row, "seconds");
    seconds += took;
    share += json_double(row, "share");
    updates += strcmp(pass, "update") == 0;
    backward += strcmp(pass, "backward") == 0;
    if (strcmp(pass, "update") != 0)
      flops += took * json_double(row, "gflops") * 1e9;
    if (i + 3 >= count) {
      ck_assert_str_eq(pass, "outside");
      ck_assert_str_eq(layer, outside[i + 3 - count]);
      continue;
    }
    ck_assert_msg(took > 0, "%s took no time", layer);
    ck_assert_ptr_nonnull(json_string_value(json_object_get(row, "algorithm")));
    ck_assert(json_double(row, "bytes") > 0);
    if (strncmp(layer, "encoder.", 8) == 0 || strncmp(layer, "decoder.", 8) == 0)
      ck_assert(json_integer_value(json_object_get(row, "line")) > 0);
  }
  ck_assert_uint_eq(updates, 1);
  ck_assert_uint_gt(backward, 10);
  ck_assert_double_lt(fabs(seconds - sum), 1e-6 * sum);
  ck_assert_double_lt(fabs(share - 1), 1e-6);
  ck_assert_msg(sum > 0.5 * step && sum < 2 * step, "%g s of %g s", sum, step); /* busy machines */
  json_decref(json);

  /* The kernels' operations are those of a step. */
  struct said info = SPAWN_GOOD(MLP, "info", "--json");
  json = parse_json(info.out, "info --json");
  double all = json_double(json, "flops_step") * json_double(json, "batch");
  ck_assert_msg(fabs(flops - all) < 1e-6 * all, "%g, not %g", flops, all);
  json_decref(json);
  said_free(&info);
  said_free(&said);

  said = SPAWN_GOOD(SMALL, "bench", "--per-layer", "--seconds", "0.05");
  assert_words(said.out, "encoder.0|forward|backward|update|outside|in all|add up to");
  said_free(&said);
}
END_TEST

/* ---- Again, the same ---- */

static bool same_weights(const char *a, const char *b)
{
  return same_file(in_folder("%s/weights.safetensors", a), in_folder("%s/weights.safetensors", b));
}

#define TRAIN_AGAIN(binary, run, ...)                                                              \
  SPAWN_QUIETLY(binary, "train", "--run", in_folder(run), "--quiet", __VA_ARGS__)
#define MLP_SETTINGS "--labelled", FEW, "--epochs", "4", "--batch", "8", "--lr", "1e-3"

START_TEST(threads_change_nothing)
{
  TRAIN_AGAIN(MLP, "one", "--data", TRAIN, MLP_SETTINGS, "--threads", "1");
  TRAIN_AGAIN(MLP, "two", "--data", TRAIN, MLP_SETTINGS, "--threads", "2");
  TRAIN_AGAIN(MLP, "five", "--data", TRAIN, MLP_SETTINGS, "--threads", "5");
  ck_assert(same_weights("one", "two") && same_weights("one", "five"));
  ck_assert(same_weights("one", "mlp_run"));
  ck_assert(same_file(in_folder("one/metrics.json"), in_folder("two/metrics.json")));
  ck_assert(same_file(in_folder("one/em.csv"), in_folder("two/em.csv")));
  TRAIN_AGAIN(MLP, "other", "--data", TRAIN, MLP_SETTINGS, "--seed", "1");
  ck_assert(!same_weights("one", "other"));

  TRAIN_AGAIN(SMALL, "small1", "--data", TRAIN, "--labelled", FEW, "--threads", "1");
  TRAIN_AGAIN(SMALL, "small3", "--data", TRAIN, "--labelled", FEW, "--threads", "3");
  ck_assert(same_weights("small1", "small3") && same_weights("small1", "small_run"));
}
END_TEST

/* Training does not read the labels of its file: any, or none, give the same bytes. */
START_TEST(labels_are_not_read)
{
  struct lathe_array data = read_array(TRAIN, "data");
  int64_t count = TRAINED, few = 7;
  struct lathe_array zeros = new_array(LATHE_I64, 1, &count);
  struct lathe_array floats = new_array(LATHE_F64, 1, &few);
  ((double *)floats.data)[3] = NAN;
  write_data(in_folder("zeros.npz"), &data, &zeros);
  write_data(in_folder("floats.npz"), &data, &floats);
  write_data(in_folder("none.npz"), &data, NULL);
  static const char *const names[] = {"zeros", "floats", "none"};
  for (int i = 0; i < 3; i++) {
    char run[16];
    snprintf(run, sizeof run, "run_%s", names[i]);
    SPAWN_QUIETLY(MLP, "train", "--run", in_folder("%s", run), "--quiet", "--data",
                  in_folder("%s.npz", names[i]), MLP_SETTINGS);
    ck_assert_msg(same_weights(run, "mlp_run"), "labels: %s", names[i]);
  }
  lathe_array_free(&data);
  lathe_array_free(&zeros);
  lathe_array_free(&floats);
}
END_TEST

/* Neither a finished run nor one that can be gone on with is replaced by accident; what was cut off
 * before its first checkpoint is. */
START_TEST(runs_are_replaced_with_care)
{
  TRAIN_AGAIN(SMALL, "again", "--data", TRAIN, "--epochs", "1");
  SPAWN_QUIETLY("cp", "-r", in_folder("again"), in_folder("before"));
  assert_refused(SPAWN(SMALL, "train", "--data", TRAIN, "--run", in_folder("again")), SMALL, 1,
                 "again|finished run|--force");
  ck_assert(same_weights("again", "before"));

  TRAIN_AGAIN(SMALL, "again", "--data", TRAIN, "--epochs", "2", "--force");
  ck_assert(!same_weights("again", "before"));

  ck_assert_int_eq(unlink(in_folder("before/run.json")), 0);
  write_text(in_folder("before/weights.safetensors.99-0.part"), "half");
  assert_refused(SPAWN(SMALL, "train", "--data", TRAIN, "--run", in_folder("before")), SMALL, 1,
                 "before|unfinished run|--resume|--force");
  remove_below(in_folder("before/checkpoints"));
  TRAIN_AGAIN(SMALL, "before", "--data", TRAIN, "--epochs", "2");
  ck_assert(same_weights("again", "before"));
  ck_assert(!exists(in_folder("before/weights.safetensors.99-0.part")));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("binary");
  TCase *tests = tcase_create("binary");
  tcase_add_unchecked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 2 * SPAWN_SECONDS);
  tcase_add_loop_test(tests, run_folder_is_complete, 0, 2);
  tcase_add_loop_test(tests, losses_fall, 0, 2);
  tcase_add_loop_test(tests, em_rises, 0, 2);
  tcase_add_test(tests, weights_are_named_as_in_pytorch);
  tcase_add_test(tests, eval);
  tcase_add_test(tests, classify_and_encode);
  tcase_add_test(tests, clusters_of_kmeans_are_named);
  tcase_add_loop_test(tests, reconstruct, 0, 2);
  tcase_add_test(tests, sample);
  tcase_add_test(tests, manifold);
  tcase_add_test(tests, json_lines);
  tcase_add_test(tests, where_the_time_goes);
  tcase_add_test(tests, threads_change_nothing);
  tcase_add_test(tests, labels_are_not_read);
  tcase_add_test(tests, runs_are_replaced_with_care);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
