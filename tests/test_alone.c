/* Binaries of mixtures alone, from the fit to the report: what they find, what they say, and what
 * they refuse, having no layers. */
#include "binary.h"
#include "model_files.h"

enum { N = 300, D = 3, K = 2, FREEDOM = K - 1 + K * D + K * D * (D + 1) / 2 };

#define BLOBS in_folder("blobs")
#define POINTS in_folder("points.npz")
#define RUN in_folder("run")

static const char text[] =
    "model blobs {\n  input x [3];\n"
    "  mixture { components 2; covariance full; restarts 2; tolerance 1e-9; }\n}\n";

/* Point i is of class i % 2: around (40, 0, 0), or around (-40, 1, 2) and flatter. Far beyond any
 * range of pixels. */
static void write_points(void)
{
  static float points[N * D];
  static int64_t labels[N];
  for (int i = 0; i < N; i++) {
    labels[i] = i % 2;
    for (int j = 0; j < D; j++)
      points[i * D + j] = (float)(number_of(1, i * D + j, -3, 3) / (1 + (i % 2) * j) +
                                  (i % 2 == 0 ? 40.0 * (j == 0) : j - 40.0 * (j == 0)));
  }
  struct lathe_array data = array_of(LATHE_F32, 2, (const int64_t[]){N, D}, points);
  struct lathe_array names = array_of(LATHE_I64, 1, (const int64_t[]){N}, labels);
  write_data(POINTS, &data, &names);
  points[4] = NAN;
  write_data(in_folder("hole.npz"), &data, NULL);
}

static void setup(void)
{
  make_folder();
  write_points();
  build_text("blobs", text, NULL);
  SPAWN_QUIETLY(BLOBS, "train", "--data", POINTS, "--labelled", POINTS, "--run", RUN, "--quiet");
}

static void teardown(void)
{
  remove_folder();
}

/* Every number that eval gives follows from the points' log-likelihoods, which encode gives. */
START_TEST(criteria_follow_from_likelihoods)
{
  const char *latents = in_folder("encoded.npz");
  SPAWN_QUIETLY(BLOBS, "encode", "--run", RUN, "--data", POINTS, "-o", latents, "--quiet");
  struct lathe_array likelihoods = read_array(latents, "log_likelihood");
  struct lathe_array data = read_array(latents, "data"), original = read_array(POINTS, "data");
  assert_form(&likelihoods, "float64 [300]");
  assert_form(&data, "float32 [300, 3]");
  ck_assert_mem_eq(data.data, original.data, sizeof(float) * N * D);
  double sum = 0;
  for (int i = 0; i < N; i++)
    sum += value_at(&likelihoods, i);

  struct said said = SPAWN(BLOBS, "eval", "--run", RUN, "--data", POINTS, "--json");
  json_t *json = parse_json(said.out, "eval");
  ck_assert_double_eq_tol(json_double(json, "log_likelihood"), sum / N, 1e-9 * fabs(sum / N));
  ck_assert_double_eq_tol(json_double(json, "bic"), FREEDOM * log(N) - 2 * sum, 1e-8 * fabs(sum));
  ck_assert_double_eq_tol(json_double(json, "aic"), 2 * FREEDOM - 2 * sum, 1e-8 * fabs(sum));
  ck_assert_double_eq(json_double(json, "accuracy"), 1);
  ck_assert_ptr_null(json_object_get(json, "mse"));
  ck_assert_ptr_null(json_object_get(json, "loss"));
  json_decref(json);
  said_free(&said);
  lathe_array_free(&likelihoods);
  lathe_array_free(&data);
  lathe_array_free(&original);
}
END_TEST

/* Clusters that are far apart: each component's mean is the mean of its class. */
START_TEST(means_are_the_classes)
{
  struct lathe_array points = read_array(POINTS, "data");
  struct lathe_tensors weights = read_tensors(in_folder("run/weights.safetensors"));
  for (int k = 0; k < K; k++) {
    int label = (int)((const int64_t *)tensor_of(&weights, "mixture.labels")->data)[k];
    ck_assert_double_eq_tol(value_of(&weights, "mixture.weights", k), 0.5, 1e-9);
    for (int j = 0; j < D; j++) {
      double mean = 0;
      for (int i = label; i < N; i += 2)
        mean += value_at(&points, i * D + j) / (N / 2);
      ck_assert_double_eq_tol(value_of(&weights, "mixture.means", k * D + j), mean, 1e-9);
    }
  }
  lathe_array_free(&points);
  lathe_tensors_free(&weights);
}
END_TEST

/* What a run has, and what it has not. */
START_TEST(run_has_no_epochs)
{
  static const char *const there[] = {"run.json",     "weights.safetensors", "em.csv",
                                      "metrics.json", "clusters.png",        "report.html",
                                      "em.png",       "labels.png",          "confusion.png"};
  static const char *const missing[] = {
      "metrics.csv",     "losses.png",  "reconstructions.png", "manifold.png",
      "samples.png",     "checkpoints", "interpolations.png",  "unsure.png",
      "unfinished.json", "kl.png",      "learning_rate.png",   "reconstruction_loss.png"};
  for (size_t i = 0; i < sizeof there / sizeof *there; i++)
    ck_assert_msg(exists(in_folder("run/%s", there[i])), "%s is missing", there[i]);
  for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
    ck_assert_msg(!exists(in_folder("run/%s", missing[i])), "%s is there", missing[i]);
  char *page = read_file(in_folder("run/report.html"), NULL);
  assert_words(page,
               "A mixture of 2 Gaussians|19 parameters|BIC|Log-likelihood|Points, by cluster");
  ck_assert_ptr_null(strstr(page, "Reconstruction"));
  free(page);
}
END_TEST

/* From one seed the same bits, for any number of threads and however often it is begun. */
START_TEST(fit_is_repeated)
{
  SPAWN_QUIETLY(BLOBS, "train", "--data", POINTS, "--labelled", POINTS, "--run", in_folder("again"),
                "--threads", "3", "--quiet");
  ck_assert(
      same_file(in_folder("run/weights.safetensors"), in_folder("again/weights.safetensors")));
  SPAWN_QUIETLY(BLOBS, "train", "--run", in_folder("again"), "--resume", "--quiet");
  ck_assert(
      same_file(in_folder("run/weights.safetensors"), in_folder("again/weights.safetensors")));
  SPAWN_QUIETLY(BLOBS, "report", "--run", RUN, "-o", in_folder("again.html"), "--quiet");
}
END_TEST

/* Built as people build it, where rows of matrices end within a vector. */
START_TEST(dimensions_fill_no_vector)
{
  static const int dimensions[] = {12, 20, 36};
  enum { POINTS_OF = 200 };
  int d = dimensions[_i];
  char wide[200];
  float *points = calloc((size_t)(POINTS_OF * d), sizeof *points);
  for (int i = 0; i < POINTS_OF * d; i++)
    points[i] = (float)number_of(2, i, -3, 3);
  struct lathe_array data = array_of(LATHE_F32, 2, (const int64_t[]){POINTS_OF, d}, points);
  write_data(in_folder("wide.npz"), &data, NULL);
  free(points);
  snprintf(wide, sizeof wide,
           "model wide { input x [%d]; mixture { components 2; floor 1e-2; } }\n", d);
  build_text("wide", wide, NULL);
  SPAWN_QUIETLY(in_folder("wide"), "train", "--data", in_folder("wide.npz"), "--run",
                in_folder("wide_%d", d), "--quiet");
}
END_TEST

START_TEST(points_are_classified_and_drawn)
{
  SPAWN_QUIETLY(BLOBS, "classify", "--run", RUN, "--data", POINTS, "-o", in_folder("labels.csv"),
                "--quiet");
  char *labels = read_file(in_folder("labels.csv"), NULL);
  ck_assert_int_eq(strncmp(labels, "Predicted_Label\n0\n1\n0\n1\n", 24), 0);
  free(labels);
  SPAWN_QUIETLY(BLOBS, "sample", "--run", RUN, "-n", "400", "--cluster", "1", "-o",
                in_folder("drawn.npz"), "--quiet");
  struct lathe_tensors weights = read_tensors(in_folder("run/weights.safetensors"));
  struct lathe_array drawn = read_array(in_folder("drawn.npz"), "data");
  assert_form(&drawn, "float32 [400, 3]");
  double mean = 0;
  for (int i = 0; i < 400; i++)
    mean += value_at(&drawn, i * D) / 400;
  double deviation = sqrt(value_of(&weights, "mixture.covariances", D * D) / 400);
  ck_assert_double_eq_tol(mean, value_of(&weights, "mixture.means", D), 5 * deviation);
  lathe_array_free(&drawn);
  lathe_tensors_free(&weights);
}
END_TEST

START_TEST(says_what_it_is)
{
  struct said said = SPAWN(BLOBS, "info");
  assert_words(said.out, "2 components, of the input itself|19, estimated by EM|else any values");
  said_free(&said);
  said = SPAWN(BLOBS, "help");
  assert_words(said.out, "classify|sample|bench");
  ck_assert_ptr_null(strstr(said.out, "manifold"));
  said_free(&said);
  said = SPAWN(BLOBS, "bench", "--seconds", "0.05", "--json");
  json_t *json = parse_json(said.out, "bench");
  ck_assert_double_gt(json_double(json, "em_points_per_second"), 0);
  ck_assert_double_gt(json_double(json, "classify_points_per_second"), 0);
  json_decref(json);
  said_free(&said);
  said = SPAWN(built("lathe"), "summary", in_folder("blobs.lathe"));
  assert_words(said.out, "a mixture alone of input [3]|Total parameters: 19|Memory of EM");
  said_free(&said);
}
END_TEST

START_TEST(refuses_what_takes_layers)
{
  assert_refused(SPAWN(BLOBS, "reconstruct", "--run", RUN, "--data", POINTS, "-o", "x.npz"), BLOBS,
                 2, "mixture alone|reconstruct takes an encoder");
  assert_refused(SPAWN(BLOBS, "manifold", "--run", RUN, "-o", "x.png"), BLOBS, 2, "mixture alone");
  assert_refused(SPAWN(BLOBS, "sample", "--run", RUN, "-n", "2", "--prior", "-o", "x.npz"), BLOBS,
                 2, "no prior|--prior");
  assert_refused(SPAWN(BLOBS, "train", "--data", POINTS, "--run", RUN, "--epochs", "3"), BLOBS, 2,
                 "--epochs|mixture alone");
  assert_refused(SPAWN(BLOBS, "bench", "--per-layer"), BLOBS, 2, "mixture alone|layers");
  assert_refused(SPAWN(BLOBS, "train", "--data", in_folder("hole.npz"), "--run", in_folder("none")),
                 BLOBS, 1, "row 1 has the value nan|not finite");
  struct said said = SPAWN(built("lathe"), "graph", in_folder("blobs.lathe"));
  ck_assert_int_eq(said.status, 1);
  assert_words(said.err, "mixture alone|no layers to draw");
  said_free(&said);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("mixture alone");
  TCase *cases = tcase_create("mixture alone");
  tcase_set_timeout(cases, SPAWN_SECONDS);
  tcase_add_unchecked_fixture(cases, setup, teardown);
  tcase_add_test(cases, criteria_follow_from_likelihoods);
  tcase_add_test(cases, means_are_the_classes);
  tcase_add_test(cases, run_has_no_epochs);
  tcase_add_test(cases, fit_is_repeated);
  tcase_add_loop_test(cases, dimensions_fill_no_vector, 0, 3);
  tcase_add_test(cases, points_are_classified_and_drawn);
  tcase_add_test(cases, says_what_it_is);
  tcase_add_test(cases, refuses_what_takes_layers);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
