/* What the compiler emits gives the same numbers whoever compiles it: gcc and clang, from no
 * optimisation to all of it, none of them with anything to warn of. Each build traces the same
 * training step and the same EM as gcc's plainest. Compilers are wrong now and then, emitted code
 * may ask for more than C promises; either shows here. */
#include "compiled.h"
#include "model_files.h"
#include "random/generate.h"

/* As `lathe build` has it, which has the most to get wrong. */
#define NATIVE "-O3 -march=native -ffp-contract=fast -fno-math-errno -fno-trapping-math"

static const struct {
  const char *compiler, *flags;
} builds[] = {
    {"gcc", "-O0"},   {"gcc", "-O2"},   {"gcc", NATIVE}, /* the first is what others must equal */
    {"clang", "-O0"}, {"clang", "-O2"}, {"clang", NATIVE},
};

/* How far a tensor may be from the reference's, by its norm. Builds differ in rounding alone: by
 * what is contracted into one operation, and by the order of the sums that vector code splits.
 * float32 has 6e-8 of that an operation, and a layer's sums have hundreds of terms; a model's
 * errors go through one layer after the other, forward and back. */
#define LAYER 1e-5
#define WHOLE 1e-4
#define DOUBLE 1e-9
/* EM is in double everywhere, and takes what it is given. */
#define EM 1e-9

static const struct {
  const char *path; /* NULL: a random description of that precision */
  const char *precision;
  double tolerance;
} models[] = {
    {"models/digits_mlp.lathe", NULL, WHOLE},
    {"models/digits_conv.lathe", NULL, WHOLE},
    {"tests/reference/torch/conv_vae.lathe", NULL, WHOLE},
    {"tests/clean/rows.lathe", NULL, WHOLE},
    {"tests/reference/torch/transposed.lathe", NULL, WHOLE},
    {"tests/reference/torch/conv2d.lathe", NULL, LAYER},
    {"tests/reference/torch/linear.lathe", NULL, LAYER},
    {"tests/reference/torch/batchnorm1d.lathe", NULL, WHOLE},
    {NULL, "float64", DOUBLE},
    {NULL, "float32", WHOLE},
};

enum { IMAGES = 12, BATCH = 8, POINTS = 60 };

/* ---- What every build is given ---- */

static void write_images(const struct model *model)
{
  int64_t shape[4] = {IMAGES}, size = shape_size(&model->input);
  for (int i = 0; i < model->input.rank; i++)
    shape[1 + i] = model->input.dim[i];
  float *pixels = calloc((size_t)(IMAGES * size), sizeof *pixels);
  for (int64_t i = 0; i < IMAGES * size; i++)
    pixels[i] = (float)number_of(100, i, model->range[0], model->range[1]);
  write_member(in_folder("x.npz"), "data",
               array_of(LATHE_F32, 1 + model->input.rank, shape, pixels));
  free(pixels);

  int count = IMAGES * model->latent;
  float *noise = calloc((size_t)count, sizeof *noise);
  for (int i = 0; i < count; i++)
    noise[i] = (float)number_of(101, i, -2, 2);
  write_member(in_folder("e.npz"), "noise",
               array_of(LATHE_F32, 2, (const int64_t[]){IMAGES, model->latent}, noise));
  free(noise);
}

/* Parameters as at the start of training, but biases like weights: zeros would hide faults. */
static void write_parameters(const struct parameters *parameters)
{
  struct lathe_tensors tensors = {0};
  for (int t = 0; t < parameters->count; t++) {
    const struct lathe_tensor *tensor = &parameters->items[t]->tensor;
    if (tensor->role == LATHE_COUNTER) {
      ck_assert_ptr_nonnull(lathe_tensors_add(&tensors, tensor->name, LATHE_I64, 0, NULL, NULL));
      continue;
    }
    float *to =
        lathe_tensors_add(&tensors, tensor->name, LATHE_F32, tensor->rank, tensor->shape, NULL);
    ck_assert_ptr_nonnull(to);
    double spread = tensor->bound > 0 ? tensor->bound : 0.2;
    if (tensor->role == LATHE_BUFFER && tensor->fill > 0) /* it is divided by */
      spread *= tensor->fill;
    int64_t count = tensors.items[tensors.count - 1].array.count;
    for (int64_t i = 0; i < count; i++)
      to[i] = (float)(tensor->fill + number_of((uint64_t)t, i, -spread, spread));
  }
  write_tensors(&tensors, in_folder("p.safetensors"));
  lathe_tensors_free(&tensors);
}

/* Points in a cloud for each component, and a start with round covariances. */
static void write_mixture(const struct model *model)
{
  int d = model->latent, k = model->mixing.components;
  enum lathe_covariance kind = model->mixing.covariance;
  double *points = calloc((size_t)(POINTS * d), sizeof *points);
  for (int i = 0; i < POINTS * d; i++)
    points[i] = (double)(float)(number_of(102, i, -1, 1) + i / d % k);
  write_member(in_folder("points.npz"), "points",
               array_of(LATHE_F64, 2, (const int64_t[]){POINTS, d}, points));
  free(points);

  static const char *const names[] = {"weights", "means", "covariances"};
  static const int ranks[] = {
      [LATHE_FULL] = 3, [LATHE_DIAG] = 2, [LATHE_TIED] = 2, [LATHE_SPHERICAL] = 1};
  const int64_t shape[3] = {kind == LATHE_TIED ? d : k, d, d};
  double *weights = calloc((size_t)k, sizeof *weights);
  double *means = calloc((size_t)(k * d), sizeof *means);
  double *covariances = calloc((size_t)(k * d * d), sizeof *covariances);
  for (int i = 0; i < k; i++)
    weights[i] = 1.0 / k;
  for (int i = 0; i < k * d; i++)
    means[i] = number_of(103, i, 0, k);
  bool matrices = kind == LATHE_FULL || kind == LATHE_TIED;
  for (int i = 0; i < k * d * d; i++)
    covariances[i] = !matrices || i % (d * d) % (d + 1) == 0;
  const struct lathe_array arrays[] = {
      array_of(LATHE_F64, 1, (const int64_t[]){k}, weights),
      array_of(LATHE_F64, 2, (const int64_t[]){k, d}, means),
      array_of(LATHE_F64, ranks[kind], shape, covariances),
  };
  write_npz(in_folder("start.npz"), 3, names, arrays);
  free(weights);
  free(means);
  free(covariances);
}

/* ---- A build, and what it gives ---- */

static struct lathe_tensors run_binary(const char *const *argv)
{
  struct said said = spawn_in(folder, argv);
  ck_assert_msg(said.status == 0, "%s %s: status %d\n%.2000s", argv[0], argv[1], said.status,
                said.err);
  said_free(&said);
  return read_tensors(in_folder("out.safetensors"));
}

/* The trace, then EM's statistics. */
static void build_and_run(int b, bool float64, struct lathe_tensors out[2])
{
  char command[256];
  snprintf(command, sizeof command, "%s %s%s", builds[b].compiler, builds[b].flags,
           float64 ? " -DLATHE_FLOAT64" : "");
  struct said said =
      SPAWN("sh", "tests/clean/build.sh", command, in_folder("c"),
            built(float64 ? "liblathe-f64.a" : "liblathe-f32.a"), in_folder("binary"));
  ck_assert_msg(said.status == 0, "%s:\n%.3000s", command, said.err);
  said_free(&said);
  char batch[16];
  snprintf(batch, sizeof batch, "%d", BATCH);
  out[0] = run_binary((const char *const[]){
      "./binary", "trace", "--params", "p.safetensors", "--data", "x.npz", "--noise", "e.npz", "-o",
      "out.safetensors", "--batch", batch, "--threads", "2", "--quiet", NULL});
  out[1] = run_binary((const char *const[]){"./binary", "em", "--data", "points.npz", "--start",
                                            "start.npz", "-o", "out.safetensors", "--iterations",
                                            "5", "--threads", "2", "--quiet", NULL});
}

/* ---- Comparison ---- */

static double norm_of(const struct lathe_array *array)
{
  double sum = 0;
  for (int64_t i = 0; i < array->count; i++)
    sum += lathe_array_real(array, i) * lathe_array_real(array, i);
  return sqrt(sum);
}

/* Whether the name begins with the words. */
static bool begins(const char *name, const char *words)
{
  return strncmp(name, words, strlen(words)) == 0;
}

/* Norm of all parameters' gradients together. */
static double gradient_norm(const struct lathe_tensors *tensors)
{
  double sum = 0;
  for (int i = 0; i < tensors->count; i++)
    if (begins(tensors->items[i].name, "gradient.") &&
        !begins(tensors->items[i].name, "gradient.activation."))
      sum += pow(norm_of(&tensors->items[i].array), 2);
  return sqrt(sum);
}

/* The gradient of the parameter that `name` is, or is the optimiser's state of; NULL for any other
 * tensor. */
static const struct lathe_array *gradient_of(const struct lathe_tensors *tensors, const char *name)
{
  static const char state[] = "optimiser."; /* and the state's name, and the parameter's */
  const char *parameter = begins(name, state) ? strchr(name + strlen(state), '.') : NULL;
  if (parameter != NULL)
    name = parameter + 1;
  char gradient[256];
  snprintf(gradient, sizeof gradient, "gradient.%s", name);
  return lathe_tensors_find(tensors, gradient);
}

/* What the next batch-norm takes away, a bias before it, has a gradient of rounding alone, which
 * Adam makes a whole step in either direction. So a gradient may also be off by a hundredth of the
 * tolerance of all of them together, and where it is smaller than that, what the optimiser makes of
 * it is not compared. */
static void compare(const struct lathe_tensors *reference, const struct lathe_tensors *found,
                    double tolerance, const char *what)
{
  ck_assert_int_eq(found->count, reference->count);
  ck_assert_int_gt(found->count, 0);
  double negligible = tolerance / 100 * gradient_norm(reference);
  for (int i = 0; i < reference->count; i++) {
    const char *name = reference->items[i].name;
    const struct lathe_array *want = &reference->items[i].array, *got = tensor_of(found, name);
    const struct lathe_array *gradient = gradient_of(reference, name);
    ck_assert_int_eq(got->count, want->count);
    double sum = 0, norm = norm_of(want);
    for (int64_t k = 0; k < want->count; k++) {
      double difference = lathe_array_real(got, k) - lathe_array_real(want, k);
      if (gradient == NULL || fabs(lathe_array_real(gradient, k)) >= negligible)
        sum += difference * difference;
    }
    double allowed = tolerance * norm + (begins(name, "gradient.") ? negligible : 0);
    ck_assert_msg(sqrt(sum) <= allowed, "%s: %s is off by %.2g of its norm (allowed %g)", what,
                  name, sqrt(sum) / norm, tolerance);
  }
}

/* The first random description of a variational autoencoder that is in float64, or is not. */
static char *random_layers(bool float64)
{
  for (uint64_t seed = 0;; seed++) {
    char *text = random_description(seed);
    if (strstr(text, "gaussian z;") != NULL && (strstr(text, "float64") != NULL) == float64)
      return text;
    free(text);
  }
}

START_TEST(same_numbers)
{
  const char *path = models[_i].path;
  char *text = path != NULL ? read_file(path, NULL)
                            : random_layers(strcmp(models[_i].precision, "float64") == 0);
  write_text(in_folder("model.lathe"), text);
  struct compiled compiled = compile_text(text);
  const struct model *model = compiled.result.model;
  write_images(model);
  write_parameters(compiled.c->parameters);
  write_mixture(model);
  SPAWN_QUIETLY(built("lathe"), "emit", in_folder("model.lathe"), "-o", in_folder("c"));

  struct lathe_tensors reference[2], found[2];
  build_and_run(0, model->float64, reference);
  for (int b = 1; b < LENGTH(builds); b++) {
    if (!installed(builds[b].compiler))
      continue;
    build_and_run(b, model->float64, found);
    char what[256];
    snprintf(what, sizeof what, "%s, %s %s", model->name, builds[b].compiler, builds[b].flags);
    compare(&reference[0], &found[0], models[_i].tolerance, what);
    compare(&reference[1], &found[1], EM, what);
    lathe_tensors_free(&found[0]);
    lathe_tensors_free(&found[1]);
  }
  lathe_tensors_free(&reference[0]);
  lathe_tensors_free(&reference[1]);
  compiled_free(&compiled);
  free(text);
}
END_TEST

START_TEST(what_is_skipped)
{
  if (!installed("clang"))
    printf("Skipped: clang is not installed\n");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("clean builds");
  TCase *tests = tcase_create("builds");
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  tcase_set_timeout(tests, 4 * SPAWN_SECONDS);
  tcase_add_test(tests, what_is_skipped);
  tcase_add_loop_test(tests, same_numbers, 0, LENGTH(models));
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
