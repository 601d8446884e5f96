/* What each command of a model's binary does, with hand-written models in place of emitted ones. */
#include "cli.h"

static const char *const run_files[] = {
    "run.json",    "weights.safetensors",     "model.lathe", "metrics.json", "metrics.csv",
    "em.csv",      "reconstructions.png",     "samples.png", "losses.png",   "clusters.png",
    "report.html", "interpolations.png",      "unsure.png",  "kl.png",       "learning_rate.png",
    "em.png",      "reconstruction_loss.png",
};
/* Of a model with a plane, whose run was given labels. */
static const char *const more_files[] = {"manifold.png", "labels.png", "confusion.png"};
enum {
  RUN_FILES = sizeof run_files / sizeof run_files[0],
  MORE_FILES = sizeof more_files / sizeof more_files[0],
};

static void check_run_files(const char *folder, bool more)
{
  char path[600];
  for (int i = 0; i < RUN_FILES; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, run_files[i]);
    ck_assert_msg(is_there(path), "no %s", path);
  }
  for (int i = 0; more && i < MORE_FILES; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, more_files[i]);
    ck_assert_msg(is_there(path), "no %s", path);
  }
  /* and the checkpoints */
  ck_assert_int_eq(entries(folder, ""), RUN_FILES + (more ? MORE_FILES : 0) + 1);
  snprintf(path, sizeof path, "%s/checkpoints", folder);
  ck_assert_int_ge(entries(path, ""), 2);
}

static json_t *json_file(const char *path)
{
  static char text[OUTPUT];
  read_text(expand(path), text);
  return parse_json(text);
}

START_TEST(train_leaves_a_run_folder)
{
  check_run_files("@/run", true);
  check_run_files("@/unnamed", false);

  json_t *metrics = json_file("@/run/metrics.json");
  json_t *labelled = json_object_get(metrics, "labelled");
  ck_assert_double_eq(number_at(labelled, "accuracy"), 1);
  ck_assert_int_eq((int)number_at(labelled, "images"), FEW);
  ck_assert_int_eq((int)number_at(json_object_get(metrics, "training"), "images"), 120);
  ck_assert_int_eq((int)number_at(json_object_get(metrics, "validation"), "images"), 30);
  ck_assert_ptr_null(json_object_get(json_object_get(metrics, "training"), "accuracy"));
  ck_assert_int_eq(
      (int)json_array_size(json_object_get(json_object_get(metrics, "clusters"), "clusters")), 3);
  json_decref(metrics);

  json_t *run = json_file("@/run/run.json");
  ck_assert_str_eq(json_string_value(json_object_get(run, "model")), "fake_plane");
  ck_assert_int_eq((int)number_at(json_object_get(run, "settings"), "seed"), 3);
  json_decref(run);

  char text[OUTPUT];
  read_text(expand("@/run/model.lathe"), text);
  ck_assert_str_eq(text, "model fake {\n}\n");
}
END_TEST

/* Each loss is recorded; the step schedule halves the rate after 10 epochs; and the loss falls. */
START_TEST(train_records_each_epoch)
{
  char text[OUTPUT], *line = text;
  read_text(expand("@/run/metrics.csv"), text);
  ck_assert_int_eq(strncmp(line, "epoch,train_loss,train_reconstruction,train_kl,valid_loss,", 58),
                   0);
  double first = 0, last = 0;
  for (int epoch = 1; epoch <= 20; epoch++) {
    double total, reconstruction, kl, valid, valid_reconstruction, valid_kl, rate;
    line = strchr(line, '\n') + 1;
    int number, got = sscanf(line, "%d,%lf,%lf,%lf,%lf,%lf,%lf,%lf,", &number, &total,
                             &reconstruction, &kl, &valid, &valid_reconstruction, &valid_kl, &rate);
    ck_assert_int_eq(got, 8);
    ck_assert_int_eq(number, epoch);
    ck_assert_double_eq_tol(total, reconstruction + kl, 1e-6);
    ck_assert_double_eq_tol(valid, valid_reconstruction + valid_kl, 1e-6);
    ck_assert_double_eq_tol(rate, epoch <= 10 ? 0.05 : 0.025, 1e-12);
    first = epoch == 1 ? valid : first;
    last = valid;
  }
  ck_assert_str_eq(strchr(line, '\n'), "\n");
  ck_assert_double_lt(last, 0.7 * first);
}
END_TEST

static bool same_bytes(const char *a, const char *b)
{
  static char text_a[OUTPUT], text_b[OUTPUT];
  size_t length = read_text(expand(a), text_a);
  return length == read_text(expand(b), text_b) && memcmp(text_a, text_b, length) == 0;
}

START_TEST(train_is_reproducible)
{
  const char *train = "train --data @/train.npz --labelled @/few.npz --quiet ";
  char line[256];
  snprintf(line, sizeof line, "%s --run @/one --threads 1", train);
  call_well(&fake_plane, line);
  snprintf(line, sizeof line, "%s --run @/two --threads 2", train);
  call_well(&fake_plane, line);
  snprintf(line, sizeof line, "%s --run @/other --seed 4", train);
  call_well(&fake_plane, line);
  ck_assert(same_bytes("@/run/weights.safetensors", "@/one/weights.safetensors"));
  ck_assert(same_bytes("@/run/weights.safetensors", "@/two/weights.safetensors"));
  ck_assert(same_bytes("@/run/metrics.json", "@/two/metrics.json"));
  ck_assert(same_bytes("@/run/clusters.png", "@/two/clusters.png"));
  ck_assert(!same_bytes("@/run/weights.safetensors", "@/other/weights.safetensors"));
}
END_TEST

/* Labels of the training file play no part: none, or too few of them, change nothing. */
START_TEST(train_reads_no_labels)
{
  write_images("@/unlabelled.npz", TRAIN, 3, 0, 1);
  write_images("@/mislabelled.npz", TRAIN, 3, 7, 1);
  call_well(&fake_plane, "train --data @/unlabelled.npz --labelled @/few.npz --run @/u --quiet");
  call_well(&fake_plane, "train --data @/mislabelled.npz --labelled @/few.npz --run @/m --quiet");
  ck_assert(same_bytes("@/run/weights.safetensors", "@/u/weights.safetensors"));
  ck_assert(same_bytes("@/run/weights.safetensors", "@/m/weights.safetensors"));
}
END_TEST

START_TEST(train_takes_settings)
{
  call_well(&fake_plane, "train --data @/train.npz --labelled @/few.npz --run @/deep/er/set "
                         "--epochs 3 --batch 1000 --lr 0.01 --seed 9 --split 0.5 --threads 1");
  ck_assert_ptr_nonnull(strstr(printed, "epoch   3/3  loss "));
  ck_assert_ptr_nonnull(strstr(printed, "  KL "));
  ck_assert_ptr_nonnull(strstr(printed, "\nEM "));
  ck_assert_ptr_nonnull(strstr(printed, "reconstructions.png"));
  ck_assert_ptr_null(strchr(printed, '\r'));
  json_t *run = json_file("@/deep/er/set/run.json");
  const json_t *settings = json_object_get(run, "settings");
  ck_assert_int_eq((int)number_at(settings, "epochs"), 3);
  ck_assert_int_eq((int)number_at(settings, "batch"), 1000);
  ck_assert_int_eq((int)number_at(settings, "seed"), 9);
  ck_assert_double_eq(number_at(settings, "rate"), 0.01);
  ck_assert_int_eq((int)number_at(run, "training_images"), 75);
  ck_assert_int_eq((int)number_at(run, "validation_images"), 75);
  json_decref(run);
  call_well(&fake_plane, "eval --run @/deep/er/set --data @/test.npz"); /* fewer than a batch */
}
END_TEST

/* --valid leaves all of --data to train on; --split 1 leaves nothing to validate on. */
START_TEST(train_validates_elsewhere)
{
  call_well(&fake_plane, "train --data @/train.npz --labelled @/few.npz --valid @/bare.npz "
                         "--run @/valid --epochs 2 --quiet");
  json_t *metrics = json_file("@/valid/metrics.json");
  ck_assert_int_eq((int)number_at(json_object_get(metrics, "training"), "images"), TRAIN);
  ck_assert_int_eq((int)number_at(json_object_get(metrics, "validation"), "images"), TEST);
  json_decref(metrics);
  call_badly(&fake_plane, "eval --run @/valid --data @/train.npz --part validation", 1,
             "no validation part");

  call_well(&fake_plane, "train --data @/train.npz --labelled @/few.npz --split 1 --run @/whole "
                         "--epochs 2 --json");
  ck_assert_ptr_nonnull(strstr(printed, "\"valid_loss\":null"));
  metrics = json_file("@/whole/metrics.json");
  ck_assert(json_is_null(json_object_get(metrics, "validation")));
  json_decref(metrics);
}
END_TEST

START_TEST(train_keeps_some_labels)
{
  call_well(&fake_space, "train --data @/flat.npz --labels @/flat.npz --only 1,8 --run @/only "
                         "--epochs 2 --quiet");
  json_t *run = json_file("@/only/run.json");
  ck_assert_int_eq((int)number_at(json_object_get(run, "data"), "images"), 100);
  json_decref(run);
  call_well(&fake_space, "eval --run @/only --data @/flat.npz --only 1,8 --part training");
  call_badly(&fake_space, "eval --run @/only --data @/flat.npz --part training", 1, "100 of them");
}
END_TEST

START_TEST(train_prints_json)
{
  call_well(&fake_plane, "train --data @/train.npz --labelled @/few.npz --run @/json --json");
  int epochs = 0, em = 0, done = 0;
  for (char *line = strtok(printed, "\n"); line; line = strtok(NULL, "\n")) {
    json_t *json = parse_json(line);
    const char *event = json_string_value(json_object_get(json, "event"));
    if (strcmp(event, "epoch") == 0) {
      epochs++;
      ck_assert_int_eq((int)number_at(json, "epoch"), epochs);
      number_at(json, "train_loss");
      number_at(json, "valid_kl");
      ck_assert_double_gt(number_at(json, "images_per_second"), 0);
    } else if (strcmp(event, "em") == 0) {
      em++;
      number_at(json, "log_likelihood");
      ck_assert_uint_eq(json_array_size(json_object_get(json, "weights")), 3);
    } else {
      ck_assert_str_eq(event, "done");
      json_t *metrics = json_file("@/json/metrics.json");
      ck_assert(json_equal(json_object_get(json, "metrics"), metrics));
      json_decref(metrics);
      done++;
    }
    json_decref(json);
  }
  ck_assert_int_eq(epochs, 20);
  ck_assert_int_ge(em, 2);
  ck_assert_int_eq(done, 1);
}
END_TEST

START_TEST(quiet_is_quiet)
{
  call_well(&fake_plane, "train --data @/train.npz --labelled @/few.npz --run @/q --quiet");
  ck_assert_str_eq(printed, "");
  call_well(&fake_plane, "classify --run @/run --data @/test.npz -o @/q.csv --quiet");
  ck_assert_str_eq(printed, "");
}
END_TEST

START_TEST(eval_measures)
{
  call_well(&fake_plane, "eval --run @/run --data @/test.npz --json");
  json_t *json = parse_json(printed);
  ck_assert_int_eq((int)number_at(json, "images"), TEST);
  ck_assert_double_eq(number_at(json, "accuracy"), 1);
  ck_assert_double_eq(number_at(json, "macro_f1"), 1);
  ck_assert_double_lt(number_at(json, "mse"), 0.05);
  ck_assert_double_gt(number_at(json, "ssim"), 0.5);
  ck_assert_double_eq_tol(number_at(json, "elbo"),
                          -number_at(json, "reconstruction") - number_at(json, "kl"), 1e-6);
  ck_assert_str_eq(json_string_value(json_object_get(json, "names")), "given");
  const json_t *counts = json_object_get(json_object_get(json, "confusion"), "counts");
  for (size_t i = 0; i < 3; i++)
    ck_assert_int_eq((int)json_integer_value(json_array_get(json_array_get(counts, i), i)), 20);
  ck_assert_int_eq(
      (int)json_array_size(json_object_get(json_object_get(json, "clusters"), "pairs")), 3);
  json_decref(json);

  call_well(&fake_plane, "eval --run @/run --data @/test.npz");
  ck_assert_ptr_nonnull(strstr(printed, "accuracy 100.00 %"));
  ck_assert_ptr_nonnull(strstr(printed, "overlap"));
  call_well(&fake_plane, "eval --run @/run --data @/bare.npz");
  ck_assert_ptr_null(strstr(printed, "accuracy"));
  call_well(&fake_space, "eval --run @/unnamed --data @/flat.npz --json");
  json = parse_json(printed);
  ck_assert(json_is_null(json_object_get(json, "ssim")));
  ck_assert_str_eq(json_string_value(json_object_get(json, "names")), "matched");
  ck_assert_double_eq(number_at(json, "accuracy"), 1);
  json_decref(json);
}
END_TEST

/* The parts that training used are found again: their losses are those it recorded. */
START_TEST(eval_finds_the_parts_again)
{
  static const char *const parts[] = {"training", "validation"};
  json_t *metrics = json_file("@/run/metrics.json");
  for (int i = 0; i < 2; i++) {
    char line[128];
    snprintf(line, sizeof line, "eval --run @/run --data @/train.npz --part %s --json", parts[i]);
    call_well(&fake_plane, line);
    json_t *json = parse_json(printed);
    const json_t *recorded = json_object_get(metrics, parts[i]);
    ck_assert_double_eq(number_at(json, "loss"), number_at(recorded, "loss"));
    ck_assert_double_eq(number_at(json, "mse"), number_at(recorded, "mse"));
    ck_assert_double_eq(number_at(json, "images"), number_at(recorded, "images"));
    json_decref(json);
  }
  json_decref(metrics);
}
END_TEST

START_TEST(classify_writes_labels)
{
  char text[OUTPUT], *line = text;
  call_well(&fake_plane, "classify --run @/run --data @/test.npz -o @/labels.csv");
  ck_assert_ptr_nonnull(strstr(printed, "60 predicted labels"));
  read_text(expand("@/labels.csv"), text);
  ck_assert_int_eq(strncmp(line, "Predicted_Label\n", 16), 0);
  line += 16;
  for (int i = 0; i < TEST; i++)
    ck_assert_int_eq(strtol(line, &line, 10), label_of(i));
  ck_assert_str_eq(line, "\n");

  call_well(&fake_plane, "classify --run @/run --data @/test.npz -o /dev/stdout");
  ck_assert_str_eq(printed, text); /* the labels alone: nothing is said among them */
}
END_TEST

/* Reconstructions have the file's own shape, whatever the shape, and look like the images. */
START_TEST(reconstruct_keeps_the_shape)
{
  static const struct {
    const char *data;
    int rank;
  } cases[] = {{"flat", 2}, {"test", 3}, {"bare", 4}};
  for (int i = 0; i < 3; i++) {
    char line[160], path[32];
    snprintf(path, sizeof path, "@/%s.npz", cases[i].data);
    snprintf(line, sizeof line, "reconstruct --run @/run --data %s -o @/out.npz", path);
    call_well(&fake_plane, line);
    struct lathe_array in = read_array(path, "data"), out = read_array("@/out.npz", "data");
    ck_assert_int_eq(out.rank, cases[i].rank);
    ck_assert_int_eq(out.dtype, LATHE_F32);
    ck_assert_int_eq(memcmp(in.shape, out.shape, (size_t)out.rank * sizeof *out.shape), 0);
    double error = 0;
    for (int64_t j = 0; j < out.count; j++) {
      double value = (double)((const float *)out.data)[j];
      ck_assert(value >= 0 && value <= 1);
      error += fabs(value - ((const unsigned char *)in.data)[j] / 255.0) / (double)out.count;
    }
    ck_assert_double_lt(error, 0.15);
    lathe_array_free(&in);
    lathe_array_free(&out);
  }
}
END_TEST

/* This model's decoder goes beyond the range; what is written does not. */
START_TEST(reconstruct_keeps_the_range)
{
  call_well(&fake_space, "reconstruct --run @/unnamed --data @/flat.npz -o @/kept.npz");
  struct lathe_array out = read_array("@/kept.npz", "data");
  int at_bounds = 0;
  for (int64_t i = 0; i < out.count; i++) {
    float value = ((const float *)out.data)[i];
    ck_assert(value >= 0 && value <= 1);
    at_bounds += value == 0 || value == 1;
  }
  ck_assert_int_gt(at_bounds, 0);
  lathe_array_free(&out);
}
END_TEST

START_TEST(encode_writes_the_posterior)
{
  call_well(&fake_plane, "encode --run @/run --data @/test.npz -o @/latent.npz");
  struct lathe_array mean = read_array("@/latent.npz", "mean");
  struct lathe_array logvar = read_array("@/latent.npz", "logvar");
  struct lathe_array posterior = read_array("@/latent.npz", "responsibilities");
  struct lathe_array cluster = read_array("@/latent.npz", "cluster");
  ck_assert(mean.rank == 2 && mean.shape[0] == TEST && mean.shape[1] == 2);
  ck_assert(logvar.rank == 2 && logvar.shape[0] == TEST && logvar.shape[1] == 2);
  ck_assert(posterior.rank == 2 && posterior.shape[1] == 3 && posterior.dtype == LATHE_F64);
  ck_assert(cluster.rank == 1 && cluster.shape[0] == TEST && cluster.dtype == LATHE_I64);
  for (int i = 0; i < TEST; i++) {
    const double *p = (const double *)posterior.data + 3 * i;
    int64_t k = ((const int64_t *)cluster.data)[i];
    ck_assert_double_eq_tol(p[0] + p[1] + p[2], 1, 1e-12);
    ck_assert(p[k] >= p[0] && p[k] >= p[1] && p[k] >= p[2]);
    ck_assert_int_eq(k, i % 3); /* a labelled start numbers the classes in their order */
  }
  lathe_array_free(&mean);
  lathe_array_free(&logvar);
  lathe_array_free(&posterior);
  lathe_array_free(&cluster);
}
END_TEST

START_TEST(sample_generates)
{
  call_well(&fake_plane, "sample --run @/run -n 40 -o @/s1.npz --seed 7");
  call_well(&fake_plane, "sample --run @/run -n 40 -o @/s2.npz --seed 7 --threads 1");
  call_well(&fake_plane, "sample --run @/run -n 40 -o @/s3.npz --seed 8");
  ck_assert(same_bytes("@/s1.npz", "@/s2.npz"));
  ck_assert(!same_bytes("@/s1.npz", "@/s3.npz"));
  struct lathe_array images = read_array("@/s1.npz", "data");
  ck_assert(images.rank == 3 && images.shape[0] == 40 && images.shape[2] == FAKE_SIDE);
  lathe_array_free(&images);

  call_well(&fake_plane, "sample --run @/run -n 12 -o @/s4.npz --cluster 2");
  struct lathe_array cluster = read_array("@/s4.npz", "cluster");
  for (int i = 0; i < 12; i++)
    ck_assert_int_eq(((const int64_t *)cluster.data)[i], 2);
  lathe_array_free(&cluster);

  call_well(&fake_space, "sample --run @/unnamed -n 5 -o @/s5.npz --prior");
  images = read_array("@/s5.npz", "data");
  ck_assert(images.rank == 2 && images.shape[1] == FAKE_PIXELS);
  lathe_array_free(&images);
  call_well(&fake_plane, "sample --run @/run -n 9 -o @/s.png");
  ck_assert(is_there("@/s.png"));
}
END_TEST

START_TEST(manifold_is_drawn)
{
  call_well(&fake_plane, "manifold --run @/run -o @/m.png --grid 5 --from 0.1 --to 0.9");
  ck_assert(is_there("@/m.png"));
}
END_TEST

START_TEST(report_is_written)
{
  static char text[OUTPUT];
  call_well(&fake_plane, "report --run @/run --data @/test.npz -o @/of-test.html");
  ck_assert_ptr_nonnull(strstr(printed, "of-test.html: the report, of the images of "));
  read_text(expand("@/of-test.html"), text);
  ck_assert_ptr_nonnull(strstr(text, "Accuracy, 60 labelled images"));
  /* clusters without names take those that match the labels best */
  call_well(&fake_space, "report --run @/unnamed --data @/flat.npz -o @/matched.html --quiet");
  ck_assert_str_eq(printed, "");
  read_text(expand("@/matched.html"), text);
  ck_assert_ptr_nonnull(strstr(text, "Accuracy, 150 labelled rows"));
  /* and without labels nothing is scored */
  call_well(&fake_space, "report --run @/unnamed -o @/bare.html");
  read_text(expand("@/bare.html"), text);
  ck_assert_ptr_null(strstr(text, "Accuracy"));
  call_badly(&fake_plane, "report --run @/run -o @/nowhere/r.html", 1, "make its folder");
  call_badly(&fake_space, "report --run @/run", 1, "was trained by model fake_plane");
}
END_TEST

START_TEST(compare_tells_runs_apart)
{
  call_well(&fake_plane, "compare @/run @/unnamed -o @/compared.html");
  ck_assert_ptr_nonnull(strstr(printed, "architecture.latent  "));
  ck_assert_ptr_nonnull(strstr(printed, "last epoch.train_loss "));
  ck_assert(is_there("@/compared.html"));
  call_well(&fake_plane, "compare @/run @/run @/run --quiet");
  ck_assert_str_eq(printed, "");
  call_badly(&fake_plane, "compare @/run --runs 3", 2, "unknown option --runs");
  call_badly(&fake_plane,
             "compare @/run @/run @/run @/run @/run @/run @/run @/run @/run @/run @/run @/run "
             "@/run @/run @/run @/run @/run",
             1, "too many");
}
END_TEST

START_TEST(info_tells)
{
  call_well(&fake_plane, "info --json");
  json_t *json = parse_json(printed);
  ck_assert_int_eq((int)number_at(json, "parameters"), 452);
  ck_assert_double_gt(number_at(json, "arena_training_bytes"),
                      number_at(json, "arena_inference_bytes"));
  ck_assert_int_eq((int)json_array_size(json_object_get(json, "layers")), 2);
  json_decref(json);
  call_well(&fake_plane, "info --batch 7 --threads 1");
  ck_assert_ptr_nonnull(strstr(printed, "batches of 7, 1 threads"));
  ck_assert_ptr_nonnull(strstr(printed, "BLAS         none is called"));
}
END_TEST

START_TEST(bench_measures)
{
  static const char *const keys[] = {
      "train_images_per_second", "encode_seconds_batch_1", "encode_seconds_batch",
      "em_points_per_second",    "train_gflops",           "peak_gflops",
  };
  call_well(&fake_plane, "bench --seconds 0.1 --batch 8 --threads 1 --json");
  json_t *json = parse_json(printed);
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    ck_assert_double_gt(number_at(json, keys[i]), 0);
  ck_assert_double_lt(number_at(json, "peak_fraction"), 1);
  json_decref(json);
  call_well(&fake_space, "bench --seconds 0.1");
  call_well(&fake_space, "bench --per-layer --seconds 0.1"); /* it has no table of kernels */
  ck_assert_ptr_nonnull(strstr(printed, "rest"));
}
END_TEST

START_TEST(help_lists_what_there_is)
{
  static const char *const calls[] = {"help", "--help", "-h"};
  for (int i = 0; i < 3; i++) {
    call_well(&fake_plane, calls[i]);
    ck_assert_ptr_nonnull(strstr(printed, "reconstruct "));
  }
  call_well(&fake_plane, "help sample");
  ck_assert_ptr_nonnull(strstr(printed, "usage: fake sample --run DIR -o FILE -n N"));
  ck_assert_ptr_nonnull(strstr(printed, "--cluster K"));
  call_well(&fake_plane, "train --help");
  ck_assert_ptr_nonnull(strstr(printed, "--labelled FILE"));
  call_well(&fake_plane, "--version");
  ck_assert_ptr_nonnull(strstr(printed, "fake_plane"));
}
END_TEST

int main(void)
{
  TCase *tests = tcase_create("commands");
  tcase_add_test(tests, train_leaves_a_run_folder);
  tcase_add_test(tests, train_records_each_epoch);
  tcase_add_test(tests, train_is_reproducible);
  tcase_add_test(tests, train_reads_no_labels);
  tcase_add_test(tests, train_takes_settings);
  tcase_add_test(tests, train_validates_elsewhere);
  tcase_add_test(tests, train_keeps_some_labels);
  tcase_add_test(tests, train_prints_json);
  tcase_add_test(tests, quiet_is_quiet);
  tcase_add_test(tests, eval_measures);
  tcase_add_test(tests, eval_finds_the_parts_again);
  tcase_add_test(tests, classify_writes_labels);
  tcase_add_test(tests, reconstruct_keeps_the_shape);
  tcase_add_test(tests, reconstruct_keeps_the_range);
  tcase_add_test(tests, encode_writes_the_posterior);
  tcase_add_test(tests, sample_generates);
  tcase_add_test(tests, manifold_is_drawn);
  tcase_add_test(tests, report_is_written);
  tcase_add_test(tests, compare_tells_runs_apart);
  tcase_add_test(tests, info_tells);
  tcase_add_test(tests, bench_measures);
  tcase_add_test(tests, help_lists_what_there_is);
  return cli_run(tests, cli_setup);
}
