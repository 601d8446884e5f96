/* The command `em` of model binaries: its iterations are EM's by the definition, for every kind of
 * covariance; and wrong input is refused. */
#include "model_files.h"
#include "naive_em.h"

enum { N = 200, D = 3, K = 2, KINDS = 4, ITERATIONS = 4 };

static const char *const kinds[KINDS] = {
    [LATHE_FULL] = "full",
    [LATHE_DIAG] = "diag",
    [LATHE_TIED] = "tied",
    [LATHE_SPHERICAL] = "spherical",
};

/* The shape of the covariances, and its rank. */
static const struct {
  int rank;
  int64_t shape[3];
} shapes[KINDS] = {
    [LATHE_FULL] = {3, {K, D, D}},
    [LATHE_DIAG] = {2, {K, D}},
    [LATHE_TIED] = {2, {D, D}},
    [LATHE_SPHERICAL] = {1, {K}},
};

static float points[N * D];

/* Two overlapping clusters, stretched along an oblique axis. */
static void make_points(void)
{
  for (int i = 0; i < N; i++) {
    double along = 0, across[D];
    for (int j = 0; j < 6; j++)
      along += number_of(1, i * 6 + j, -1, 1);
    for (int j = 0; j < D; j++)
      across[j] = number_of(2, i * D + j, -1, 1) + (i % 3 == 0 ? 2.5 : 0);
    for (int j = 0; j < D; j++)
      points[i * D + j] = (float)(across[j] + along * (0.5 - 0.3 * j));
  }
}

static struct lathe_array points_array(void)
{
  return array_of(LATHE_F32, 2, (const int64_t[]){N, D}, points);
}

/* A start of each kind; matrices are oblique. */
static struct lathe_mixture a_start(enum lathe_covariance kind)
{
  struct lathe_mixture m;
  ck_assert(lathe_mixture_new(&m, K, D, kind, NULL));
  m.weights[0] = 0.3;
  m.weights[1] = 0.7;
  for (int i = 0; i < K * D; i++)
    m.means[i] = i < D ? 0.25 * i : 2 - 0.125 * i;
  int64_t count = 1;
  for (int r = 0; r < shapes[kind].rank; r++)
    count *= shapes[kind].shape[r];
  bool matrices = kind == LATHE_FULL || kind == LATHE_TIED;
  for (int64_t i = 0; i < count; i++)
    m.covariances[i] = matrices && i % (D * D) % (D + 1) != 0 ? 0.25 : 1 + 0.5 * (i >= count / 2);
  return m;
}

enum { WEIGHTS, MEANS, COVARIANCES, PARTS };

static void start_arrays(const struct lathe_mixture *m, struct lathe_array arrays[PARTS])
{
  arrays[WEIGHTS] = array_of(LATHE_F64, 1, (const int64_t[]){K}, m->weights);
  arrays[MEANS] = array_of(LATHE_F64, 2, (const int64_t[]){K, D}, m->means);
  arrays[COVARIANCES] =
      array_of(LATHE_F64, shapes[m->covariance].rank, shapes[m->covariance].shape, m->covariances);
}

static const char *const part_names[PARTS] = {"weights", "means", "covariances"};

static void setup(void)
{
  make_folder();
  make_points();
  write_member(in_folder("points.npz"), "points", points_array());
  for (int i = 0; i < KINDS; i++) {
    char text[512];
    snprintf(text, sizeof text,
             "model blobs {\n  input image [4];\n  latent z [3];\n"
             "  encoder { gaussian z; }\n  decoder { linear 4; sigmoid; }\n"
             "  mixture { components 2; covariance %s; floor 1e-3; iterations 3; }\n}\n",
             kinds[i]);
    build_text(kinds[i], text, NULL);
    struct lathe_mixture start = a_start((enum lathe_covariance)i);
    struct lathe_array arrays[PARTS];
    start_arrays(&start, arrays);
    write_npz(in_folder("start_%s.npz", kinds[i]), PARTS, part_names, arrays);
    lathe_mixture_free(&start);
  }
}

/* Runs a kind's binary on the points, from its start, to NAME. */
#define EM(kind, name, ...)                                                                        \
  run_em((const char *const[]){in_folder("%s", kinds[kind]), "em", "--data",                       \
                               in_folder("points.npz"), "--start",                                 \
                               in_folder("start_%s.npz", kinds[kind]), "-o", in_folder(name),      \
                               "--quiet", __VA_ARGS__, NULL},                                      \
         name)
static struct lathe_tensors run_em(const char *const *argv, const char *name)
{
  spawn_quietly(argv);
  return read_tensors(in_folder("%s", name));
}

/* Numbers at, at + 1, ... of the tensor `name`, against expected ones. */
static void check_numbers(const struct lathe_tensors *out, const char *name, int64_t at,
                          int64_t count, const double *expected)
{
  ck_assert_int_eq(tensor_of(out, name)->dtype, LATHE_F64);
  for (int64_t i = 0; i < count; i++) {
    double found = value_of(out, name, at + i);
    ck_assert_msg(fabs(found - expected[i]) <= 1e-10 * (1 + fabs(expected[i])),
                  "%s is %.17g, not %.17g, at %d", name, found, expected[i], (int)(at + i));
  }
}

static void check_shape(const struct lathe_tensors *out, const char *name, int rank,
                        const int64_t *shape)
{
  char found[LATHE_SHAPE_TEXT], expected[LATHE_SHAPE_TEXT];
  const struct lathe_array *array = tensor_of(out, name);
  ck_assert_str_eq(lathe_shape_text(found, array->rank, array->shape),
                   lathe_shape_text(expected, rank, shape));
}

START_TEST(iterates_as_defined)
{
  struct lathe_tensors out = EM(_i, "out.safetensors", "--iterations", "4");
  struct lathe_mixture m = a_start((enum lathe_covariance)_i);
  int64_t size = (int64_t)lathe_covariance_count(m.covariance, K, D), all[4] = {ITERATIONS};
  memcpy(all + 1, shapes[_i].shape, sizeof shapes[_i].shape);
  check_shape(&out, "log_likelihood", 1, all);
  check_shape(&out, "weights", 2, (const int64_t[]){ITERATIONS, K});
  check_shape(&out, "means", 3, (const int64_t[]){ITERATIONS, K, D});
  check_shape(&out, "covariances", 1 + shapes[_i].rank, all);
  check_shape(&out, "responsibilities", 2, (const int64_t[]){N, K});
  check_shape(&out, "point_log_likelihood", 1, (const int64_t[]){N});
  ck_assert_int_eq(out.count, 6);

  double last = -HUGE_VAL;
  for (int i = 0; i < ITERATIONS; i++) {
    double likelihood;
    ck_assert_int_eq(naive_em_step(NULL, N, points, &m, 1e-3, &likelihood), 0);
    check_numbers(&out, "log_likelihood", i, 1, &likelihood);
    check_numbers(&out, "weights", i * K, K, m.weights);
    check_numbers(&out, "means", i * K * D, K * D, m.means);
    check_numbers(&out, "covariances", i * size, size, m.covariances);
    ck_assert_double_gt(likelihood, last);
    last = likelihood;
  }
  struct lathe_density density;
  int bad;
  ck_assert(lathe_density_new(&density, &m, &bad, NULL));
  for (int i = 0; i < N; i++) {
    double posterior[K];
    double likelihood = lathe_density_at_real(&density, points + i * D, posterior);
    check_numbers(&out, "responsibilities", i * K, K, posterior);
    check_numbers(&out, "point_log_likelihood", i, 1, &likelihood);
  }
  lathe_density_free(&density);
  lathe_mixture_free(&m);
  lathe_tensors_free(&out);
}
END_TEST

/* The description says how many iterations, and the floor, where the command line does not. */
START_TEST(takes_its_settings)
{
  struct lathe_tensors out = EM(LATHE_FULL, "default.safetensors", NULL);
  ck_assert_int_eq(tensor_of(&out, "log_likelihood")->count, 3);
  double variance = value_of(&out, "covariances", 0);
  lathe_tensors_free(&out);
  out = EM(LATHE_FULL, "floor.safetensors", "--iterations", "1", "--floor", "0.5");
  struct lathe_tensors other = EM(LATHE_FULL, "zero.safetensors", "--floor", "0");
  ck_assert_double_eq_tol(variance - value_of(&other, "covariances", 0), 1e-3, 1e-12);
  ck_assert_double_eq_tol(value_of(&out, "covariances", 0) - value_of(&other, "covariances", 0),
                          0.5, 1e-12);
  lathe_tensors_free(&out);
  lathe_tensors_free(&other);
}
END_TEST

START_TEST(threads_change_no_bit)
{
  struct lathe_tensors one = EM(_i, "one.safetensors", "--threads", "1");
  struct lathe_tensors two = EM(_i, "two.safetensors", "--threads", "2");
  ck_assert(same_file(in_folder("one.safetensors"), in_folder("two.safetensors")));
  lathe_tensors_free(&one);
  lathe_tensors_free(&two);
}
END_TEST

/* Points as a .npy file or float64 are the same points. */
START_TEST(reads_points_of_any_kind)
{
  double wide[N * D];
  for (int i = 0; i < N * D; i++)
    wide[i] = (double)points[i];
  write_member(in_folder("wide.npz"), "data",
               array_of(LATHE_F64, 2, (const int64_t[]){N, D}, wide));
  struct lathe_tensors out = EM(LATHE_TIED, "narrow.safetensors", NULL);
  lathe_tensors_free(&out);
  SPAWN_QUIETLY(in_folder("tied"), "em", "--data", in_folder("wide.npz"), "--start",
                in_folder("start_tied.npz"), "-o", in_folder("wide.safetensors"), "--quiet");
  ck_assert(same_file(in_folder("narrow.safetensors"), in_folder("wide.safetensors")));
}
END_TEST

/* ---- What cannot be done ---- */

/* A start with one number changed. */
static void write_start(const char *name, int part, int at, double value)
{
  struct lathe_mixture m = a_start(LATHE_FULL);
  struct lathe_array arrays[PARTS];
  start_arrays(&m, arrays);
  ((double *)arrays[part].data)[at] = value;
  write_npz(in_folder("%s", name), PARTS, part_names, arrays);
  lathe_mixture_free(&m);
}

static void write_wrong_files(void)
{
  struct lathe_mixture m = a_start(LATHE_FULL);
  struct lathe_array arrays[PARTS];
  start_arrays(&m, arrays);
  write_npz(in_folder("less.npz"), 2, part_names, arrays);
  arrays[MEANS] = array_of(LATHE_F64, 2, (const int64_t[]){D, K}, m.means);
  write_npz(in_folder("turned.npz"), PARTS, part_names, arrays);
  arrays[MEANS] = array_of(LATHE_F64, 2, (const int64_t[]){K, D}, m.means);
  m.means[0] = m.means[D] = 1e200;
  write_npz(in_folder("far.npz"), PARTS, part_names, arrays);
  lathe_mixture_free(&m);
  write_start("singular.npz", COVARIANCES, D * D, 0);
  write_start("negative.npz", COVARIANCES, 0, -1);
  write_start("oblique.npz", COVARIANCES, 1, 0.5);
  write_start("nan_means.npz", MEANS, 4, NAN);
  write_start("weightless.npz", WEIGHTS, 1, 0);
  write_start("heavy.npz", WEIGHTS, 1, 0.8);
  write_start("light.npz", WEIGHTS, 1, 0.5);

  float spoilt[N * D];
  int64_t whole[N * D] = {0};
  memcpy(spoilt, points, sizeof spoilt);
  spoilt[7] = INFINITY;
  write_member(in_folder("inf.npz"), "points",
               array_of(LATHE_F32, 2, (const int64_t[]){N, D}, spoilt));
  write_member(in_folder("whole.npz"), "points",
               array_of(LATHE_I64, 2, (const int64_t[]){N, D}, whole));
  write_member(in_folder("plane.npz"), "points",
               array_of(LATHE_F32, 2, (const int64_t[]){N * D / 2, 2}, points));
  write_member(in_folder("none.npz"), "points",
               array_of(LATHE_F32, 2, (const int64_t[]){0, D}, points));
  double huge[D] = {0, 1e300, 0};
  write_member(in_folder("huge.npz"), "points",
               array_of(LATHE_F64, 2, (const int64_t[]){1, D}, huge));
  for (int i = 0; i < N * D; i++)
    spoilt[i] = 1;
  write_member(in_folder("same.npz"), "points",
               array_of(LATHE_F32, 2, (const int64_t[]){N, D}, spoilt));
  write_text(in_folder("words"), "no points\n");
}

static const struct {
  const char *points, *start, *option, *value;
  int status;
  const char *words;
} wrong[] = {
    {"absent", "start_full.npz", NULL, NULL, 1, "absent"},
    {"words", "start_full.npz", NULL, NULL, 1, "words"},
    {"inf.npz", "start_full.npz", NULL, NULL, 1, "points|inf at 7|give finite"},
    {"whole.npz", "start_full.npz", NULL, NULL, 1, "int64"},
    {"plane.npz", "start_full.npz", NULL, NULL, 1, "[300, 2]|[n, 3]"},
    {"none.npz", "start_full.npz", NULL, NULL, 1, "[0, 3]"},
    {"huge.npz", "start_full.npz", NULL, NULL, 1, "1e+300 at 1|float32"},
    {"start_full.npz", "start_full.npz", NULL, NULL, 1, "points|weights"},
    {"points.npz", "absent", NULL, NULL, 1, "absent"},
    {"points.npz", "words", NULL, NULL, 1, "words"},
    {"points.npz", "less.npz", NULL, NULL, 1, "covariances"},
    {"points.npz", "turned.npz", NULL, NULL, 1, "means|[3, 2]|[2, 3]"},
    {"points.npz", "start_diag.npz", NULL, NULL, 1, "covariances|[2, 3]|[2, 3, 3]"},
    {"points.npz", "singular.npz", NULL, NULL, 1, "singular.npz|covariance 1|positive definite"},
    {"points.npz", "negative.npz", NULL, NULL, 1, "negative.npz|covariance 0|positive definite"},
    {"points.npz", "oblique.npz", NULL, NULL, 1, "covariance 0|symmetric at [1, 0]"},
    {"points.npz", "nan_means.npz", NULL, NULL, 1, "means|nan at 4"},
    {"points.npz", "far.npz", NULL, NULL, 1, "log-likelihood"},
    {"points.npz", "weightless.npz", NULL, NULL, 1, "weight 1 is 0"},
    {"points.npz", "heavy.npz", NULL, NULL, 1, "add up to 1.1"},
    {"points.npz", "light.npz", NULL, NULL, 1, "add up to 0.8"},
    {"same.npz", "start_full.npz", "--floor", "0", 1, "after 1 iterations|--floor"},
    {"points.npz", "start_full.npz", "--iterations", "0", 2, "--iterations needs"},
    {"points.npz", "start_full.npz", "--floor", "-1", 2, "--floor needs"},
    {"points.npz", "start_full.npz", "--batch", "4", 2, "takes no --batch"},
    {"points.npz", "start_full.npz", "-o", "/tmp/lathe/no/such/folder/o", 1, "no/such/folder"},
};
enum { WRONG = sizeof wrong / sizeof *wrong };

START_TEST(says_what_is_wrong)
{
  write_wrong_files();
  struct said said = SPAWN(in_folder("full"), "em", "--data", in_folder("%s", wrong[_i].points),
                           "--start", in_folder("%s", wrong[_i].start), "-o",
                           in_folder("wrong.safetensors"), wrong[_i].option, wrong[_i].value);
  ck_assert_msg(said.status == wrong[_i].status, "status %d: %s", said.status, said.err);
  assert_words(said.err, wrong[_i].words);
  ck_assert_int_eq(lines_of(said.err), 1);
  ck_assert(!exists(in_folder("wrong.safetensors")));
  said_free(&said);
}
END_TEST

START_TEST(says_what_was_written)
{
  struct said said =
      SPAWN_GOOD(in_folder("diag"), "em", "--data", in_folder("points.npz"), "--start",
                 in_folder("start_diag.npz"), "-o", in_folder("said.safetensors"));
  assert_words(said.out, "said.safetensors: 3 iterations on 200 points");
  said_free(&said);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("em");
  TCase *tests = tcase_create("em");
  tcase_add_unchecked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, iterates_as_defined, 0, KINDS);
  tcase_add_test(tests, takes_its_settings);
  tcase_add_loop_test(tests, threads_change_no_bit, 0, KINDS);
  tcase_add_test(tests, reads_points_of_any_kind);
  tcase_add_loop_test(tests, says_what_is_wrong, 0, WRONG);
  tcase_add_test(tests, says_what_was_written);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
