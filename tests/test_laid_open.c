/* The commands `trace` and `em` of model binaries, in double, against PyTorch and scikit-learn: the
 * fixtures of tests/reference, as a person would compare them, through files alone. */
#include "em_reference.h"
#include "model_files.h"

/* ---- trace ---- */

/* The fixtures begin with a step of 7 images, then one of the first 4 of them. */
enum { FIRST = 7, SECOND = 4, ROWS = FIRST + SECOND };

static const struct {
  const char *name;
  int rank;
  int64_t shape[3]; /* of an image, where its rank is 3 */
} cases[] = {
    {"conv_vae", 3, {1, 12, 8}}, {"colour_vae", 3, {3, 8, 8}}, {"reshapes", 3, {1, 8, 8}},
    {"batchnorm1d", 1, {12}},    {"mlp", 3, {1, 5, 6}},
};
enum { CASES = sizeof cases / sizeof *cases };

static const char torch_folder[] = "tests/reference/torch/";

/* Builds the description in double. */
static void build_double(const char *name)
{
  char path[128], text[4096];
  snprintf(path, sizeof path, "%s%s.lathe", torch_folder, name);
  char *given = read_file(path, NULL);
  size_t head = strcspn(given, "{") + 1;
  int length =
      snprintf(text, sizeof text, "%.*s precision float64;%s", (int)head, given, given + head);
  ck_assert_int_lt(length, (int)sizeof text);
  build_text(name, text, NULL);
  free(given);
}

/* Writes what is needed to take the fixture's first two steps. */
static void write_inputs(const struct lathe_tensors *torch, int i)
{
  int64_t image = 1, latent = tensor_of(torch, "noise")->shape[2], shape[4] = {ROWS};
  for (int j = 0; j < cases[i].rank; j++)
    image *= shape[j + 1] = cases[i].shape[j];
  double *rows = calloc((size_t)ROWS, (size_t)(image + latent) * sizeof *rows);
  ck_assert_ptr_nonnull(rows);
  double *noise = rows + ROWS * image;
  for (int64_t j = 0; j < ROWS * image; j++)
    rows[j] = value_of(torch, "images", j % (FIRST * image));
  for (int64_t j = 0; j < ROWS * latent; j++)
    noise[j] = value_of(torch, "noise", j); /* [step, image, latent]: one after the other */
  write_member(in_folder("x.npz"), "data", array_of(LATHE_F64, 1 + cases[i].rank, shape, rows));
  write_member(in_folder("e.npz"), "noise",
               array_of(LATHE_F64, 2, (const int64_t[]){ROWS, latent}, noise));
  free(rows);

  struct lathe_tensors start = {0};
  for (int t = 0; t < torch->count; t++) {
    const struct lathe_array *array = &torch->items[t].array;
    if (strncmp(torch->items[t].name, "start.", 6) != 0)
      continue;
    void *to = lathe_tensors_add(&start, torch->items[t].name + 6, array->dtype, array->rank,
                                 array->shape, NULL);
    ck_assert_ptr_nonnull(to);
    memcpy(to, array->data, (size_t)array->count * sizeof(double));
  }
  write_tensors(&start, in_folder("p.safetensors"));
  lathe_tensors_free(&start);
}

static struct lathe_tensors trace(int i, const char *steps)
{
  SPAWN_QUIETLY(in_folder("%s", cases[i].name), "trace", "--params", in_folder("p.safetensors"),
                "--data", in_folder("x.npz"), "--noise", in_folder("e.npz"), "-o",
                in_folder("out.safetensors"), "--batch", "7", "--steps", steps, "--quiet");
  return read_tensors(in_folder("out.safetensors"));
}

/* The norm of all gradients together. */
static double gradient_norm(const struct lathe_tensors *torch)
{
  double sum = 0;
  for (int t = 0; t < torch->count; t++)
    if (strncmp(torch->items[t].name, "gradient.", 9) == 0)
      for (int64_t j = 0; j < torch->items[t].array.count; j++)
        sum += pow(lathe_array_real(&torch->items[t].array, j), 2);
  return sqrt(sum);
}

/* Whether a parameter's gradient is rounding alone (a bias that the next normalisation takes away):
 * Adam divides it by its own size, so the parameter then wanders. */
static bool wanders(const struct lathe_tensors *torch, const char *parameter)
{
  char name[128];
  snprintf(name, sizeof name, "gradient.%s", parameter);
  const struct lathe_array *gradient = lathe_tensors_find(torch, name);
  double sum = 0;
  for (int64_t j = 0; gradient && j < gradient->count; j++)
    sum += pow(lathe_array_real(gradient, j), 2);
  return gradient != NULL && sqrt(sum) < NEGLIGIBLE * gradient_norm(torch);
}

/* Every tensor of the fixture under `prefix` is that of the trace under `as`; returns how many. */
static int compare(const struct lathe_tensors *out, const struct lathe_tensors *torch,
                   const char *prefix, const char *as, double least)
{
  int compared = 0;
  for (int t = 0; t < torch->count; t++) {
    const char *name = torch->items[t].name;
    if (strncmp(name, prefix, strlen(prefix)) != 0)
      continue;
    name += strlen(prefix);
    char full[128];
    snprintf(full, sizeof full, "%s%s", as, name);
    if (as[0] == '\0' && wanders(torch, name))
      continue;
    double difference = relative_difference(tensor_of(out, full), &torch->items[t].array, least);
    ck_assert_msg(difference <= DOUBLE_VALUES, "%s differs by %g", full, difference);
    compared++;
  }
  return compared;
}

START_TEST(steps_are_pytorch)
{
  char path[128];
  snprintf(path, sizeof path, "%s%s.safetensors", torch_folder, cases[_i].name);
  struct lathe_tensors torch = read_tensors(path);
  build_double(cases[_i].name);
  write_inputs(&torch, _i);

  struct lathe_tensors out = trace(_i, "1");
  int gradients =
      compare(&out, &torch, "gradient.", "gradient.", LEAST_DOUBLE * gradient_norm(&torch));
  ck_assert_int_ge(gradients, 6);
  ck_assert_int_ge(compare(&out, &torch, "after1.", "", 0), gradients - 3);
  lathe_tensors_free(&out);

  out = trace(_i, "2");
  for (int step = 0; step < 2; step++) {
    double reconstruction = value_of(&torch, "losses", 2 * step);
    double kl = value_of(&torch, "losses", 2 * step + 1);
    ck_assert_double_eq_tol(value_of(&out, "loss.reconstruction", step), reconstruction,
                            DOUBLE_VALUES * fabs(reconstruction));
    ck_assert_double_eq_tol(value_of(&out, "loss.kl", step), kl, DOUBLE_VALUES * fabs(kl));
  }
  lathe_tensors_free(&out);
  lathe_tensors_free(&torch);
}
END_TEST

/* ---- em ---- */

/* Row `row` of a tensor, `count` doubles. */
static const double *row_of(const struct lathe_tensors *out, const char *name, int row, int count)
{
  const struct lathe_array *array = tensor_of(out, name);
  ck_assert_int_eq(array->dtype, LATHE_F64);
  ck_assert_int_le((row + 1) * count, array->count);
  return (const double *)array->data + (size_t)row * (size_t)count;
}

/* The fixture's start as a file: the covariances' shape is that of their kind. */
static void write_start_of(const struct em_case *e, struct lathe_mixture *m)
{
  int64_t k = e->components, d = e->dimensions;
  const struct {
    int rank;
    int64_t shape[3];
  } covariances[EM_KINDS] = {
      [LATHE_FULL] = {3, {k, d, d}},
      [LATHE_DIAG] = {2, {k, d}},
      [LATHE_TIED] = {2, {d, d}},
      [LATHE_SPHERICAL] = {1, {k}},
  };
  const struct lathe_array start[3] = {
      array_of(LATHE_F64, 1, (const int64_t[]){k}, m->weights),
      array_of(LATHE_F64, 2, (const int64_t[]){k, d}, m->means),
      array_of(LATHE_F64, covariances[m->covariance].rank, covariances[m->covariance].shape,
               m->covariances),
  };
  write_npz(in_folder("start.npz"), 3, (const char *const[]){"weights", "means", "covariances"},
            start);
}

START_TEST(em_is_scikit_learn)
{
  enum lathe_covariance kind = (enum lathe_covariance)_i;
  char text[512], iterations[16], floor[32];
  struct em_case e = em_case_open(0);
  int n = e.n, k = e.components, d = e.dimensions;
  int count = (int)lathe_covariance_count(kind, k, d);
  snprintf(text, sizeof text,
           "model mixed { precision float64; input x [1]; latent z [%d]; encoder { gaussian z; }\n"
           "decoder { linear 1; sigmoid; } mixture { components %d; covariance %s; } }\n",
           d, k, EM_KIND_NAMES[kind]);
  build_text("mixed", text, NULL);

  struct lathe_mixture m = em_case_start(&e, kind);
  write_start_of(&e, &m);
  write_member(in_folder("points.npz"), "points", *fixture_array(&e.tensors, "", "points"));
  snprintf(iterations, sizeof iterations, "%d", e.iterations);
  snprintf(floor, sizeof floor, "%.17g", e.floor);
  SPAWN_QUIETLY(in_folder("mixed"), "em", "--data", in_folder("points.npz"), "--start",
                in_folder("start.npz"), "-o", in_folder("em.safetensors"), "--iterations",
                iterations, "--floor", floor, "--quiet");
  struct lathe_tensors out = read_tensors(in_folder("em.safetensors"));
  for (int i = 0; i < e.iterations; i++) {
    memcpy(m.weights, row_of(&out, "weights", i, k), (size_t)k * sizeof(double));
    memcpy(m.means, row_of(&out, "means", i, k * d), (size_t)(k * d) * sizeof(double));
    memcpy(m.covariances, row_of(&out, "covariances", i, count), (size_t)count * sizeof(double));
    near_iteration(&e, kind, i + 1, value_of(&out, "log_likelihood", i), &m);
  }
  near_posteriors(&e, kind, row_of(&out, "responsibilities", 0, n * k),
                  row_of(&out, "point_log_likelihood", 0, n));
  lathe_tensors_free(&out);
  lathe_mixture_free(&m);
  em_case_close(&e);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("laid open");
  TCase *tests = tcase_create("laid open");
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, steps_are_pytorch, 0, CASES);
  tcase_add_loop_test(tests, em_is_scikit_learn, 0, EM_KINDS);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
