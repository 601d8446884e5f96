/* The binaries of models of vectors and of series: every command on data of that shape, what it
 * writes, and that what makes pictures makes some. */
#include "binary.h"
#include <math.h>

enum { COUNT = 96, TYPES = 3 };

static const struct {
  const char *name, *text;
  enum lathe_dtype dtype;
  int rank;
  int64_t shape[4];    /* of the data */
  const char *given;   /* what reconstruct writes */
  const char *sampled; /* what sample writes */
  const char *refused; /* other models' data */
} MODELS[] = {
    {"vectors",
     "  input x [6], range [-1, 1];\n  latent z [2];\n"
     "  encoder { linear 8; tanh; gaussian z; }\n"
     "  decoder { linear 8; tanh; linear 6; }\n  loss { gaussian, variance 0.1; }\n",
     LATHE_F32,
     2,
     {COUNT, 6},
     "float32 [96, 6]",
     "float32 [7, 6]",
     "takes [N, 6]"},
    {"series",
     "  input x [2, 20];\n  latent z [2];\n"
     "  encoder { conv1d 4, kernel 3, stride 2, pad 1; relu; gaussian z; }\n"
     "  decoder { linear [4, 10]; conv_transpose1d 2, kernel 4, stride 2, pad 1; sigmoid; }\n",
     LATHE_U8,
     3,
     {COUNT, 2, 20},
     "float32 [96, 2, 20]",
     "float32 [7, 2, 20]",
     "takes [N, 2, 20]"},
    {"one_channel",
     "  input x [1, 20];\n  latent z [2];\n"
     "  encoder { conv1d 4, kernel 5; relu; global_avg_pool; gaussian z; }\n"
     "  decoder { linear [1, 10]; upsample 2, mode linear; sigmoid; }\n",
     LATHE_F32,
     2,
     {COUNT, 20},
     "float32 [96, 20]",
     "float32 [7, 20]",
     "takes [N, 20] or [N, 1, 20]"},
};
enum { ALL = sizeof MODELS / sizeof *MODELS };

static const char *of(int i, const char *what)
{
  return in_folder("%s%s", MODELS[i].name, what);
}

/* Three kinds of waves, and which of them each is. */
static void write_waves(int i)
{
  struct lathe_array data = new_array(MODELS[i].dtype, MODELS[i].rank, MODELS[i].shape);
  struct lathe_array labels = new_array(LATHE_I64, 1, MODELS[i].shape);
  int64_t size = data.count / COUNT;
  for (int64_t k = 0; k < data.count; k++) {
    int64_t item = k / size;
    double wave = sin(0.3 * (double)(item % TYPES + 1) * (double)(k % size) + 0.01 * (double)item);
    if (MODELS[i].dtype == LATHE_U8)
      ((uint8_t *)data.data)[k] = (uint8_t)lround(127.5 * (wave + 1));
    else
      ((float *)data.data)[k] = (float)(i == 0 ? wave : (wave + 1) / 2);
    ((int64_t *)labels.data)[item] = item % TYPES;
  }
  write_data(of(i, ".npz"), &data, &labels);
  lathe_array_free(&data);
  lathe_array_free(&labels);
}

static void setup(void)
{
  make_folder();
  for (int i = 0; i < ALL; i++) {
    write_waves(i);
    char text[1024];
    snprintf(text, sizeof text,
             "model %s {\n%s  mixture { components 3; covariance diag; floor 1e-3; }\n"
             "  train { adam 1e-2; batch 16; epochs 2; cosine; split 0.75; seed 1; }\n}\n",
             MODELS[i].name, MODELS[i].text);
    write_text(of(i, ".lathe"), text);
    SPAWN_QUIETLY(built("lathe"), "build", of(i, ".lathe"), "-o", of(i, ""), "--cflags", "-O1");
    SPAWN_QUIETLY(of(i, ""), "train", "--data", of(i, ".npz"), "--labelled", of(i, ".npz"), "--run",
                  of(i, "_run"), "--quiet");
  }
}

static void check_form(const char *path, const char *member, const char *form)
{
  struct lathe_array array = read_array(path, member);
  assert_form(&array, form);
  lathe_array_free(&array);
}

START_TEST(commands_write_the_datas_shape)
{
  SPAWN_QUIETLY(of(_i, ""), "reconstruct", "--run", of(_i, "_run"), "--data", of(_i, ".npz"), "-o",
                of(_i, "_out.npz"));
  check_form(of(_i, "_out.npz"), "data", MODELS[_i].given);
  SPAWN_QUIETLY(of(_i, ""), "encode", "--run", of(_i, "_run"), "--data", of(_i, ".npz"), "-o",
                of(_i, "_out.npz"));
  check_form(of(_i, "_out.npz"), "mean", "float32 [96, 2]");
  SPAWN_QUIETLY(of(_i, ""), "sample", "--run", of(_i, "_run"), "-n", "7", "-o", of(_i, "_out.npz"));
  check_form(of(_i, "_out.npz"), "data", MODELS[_i].sampled);
  SPAWN_QUIETLY(of(_i, ""), "classify", "--run", of(_i, "_run"), "--data", of(_i, ".npz"), "-o",
                of(_i, ".csv"));
  char *text = read_file(of(_i, ".csv"), NULL);
  ck_assert_int_eq(lines_of(text), COUNT + 1);
  free(text);
  struct said said =
      SPAWN_GOOD(of(_i, ""), "eval", "--run", of(_i, "_run"), "--data", of(_i, ".npz"), "--json");
  json_t *json = parse_json(said.out, "eval");
  ck_assert(json_double(json, "mse") >= 0);
  ck_assert(json_is_null(json_object_get(json, "ssim")));
  json_decref(json);
  said_free(&said);
}
END_TEST

START_TEST(pictures_are_made)
{
  static const char *const left[] = {"_run/reconstructions.png",
                                     "_run/samples.png",
                                     "_run/manifold.png",
                                     "_run/clusters.png",
                                     "_run/report.html",
                                     "_run/interpolations.png",
                                     "_run/unsure.png",
                                     "_run/losses.png",
                                     "_run/learning_rate.png",
                                     "_run/em.png",
                                     "_run/labels.png",
                                     "_run/confusion.png",
                                     "_run/reconstruction_loss.png"};
  for (size_t k = 0; k < sizeof left / sizeof *left; k++)
    ck_assert_msg(exists(of(_i, left[k])), "%s%s", MODELS[_i].name, left[k]);
  SPAWN_QUIETLY(of(_i, ""), "sample", "--run", of(_i, "_run"), "-n", "40", "-o",
                of(_i, "_sample.png"));
  SPAWN_QUIETLY(of(_i, ""), "manifold", "--run", of(_i, "_run"), "-o", of(_i, "_plane.png"),
                "--grid", "6");
  SPAWN_QUIETLY(of(_i, ""), "report", "--run", of(_i, "_run"), "--data", of(_i, ".npz"), "-o",
                of(_i, "_report.html"));
  /* All are drawn in ink on paper, which the dark scheme turns over. */
  char *page = read_file(of(_i, "_report.html"), NULL);
  ck_assert_ptr_nonnull(strstr(page, "img.curve{filter:"));
  ck_assert_ptr_nonnull(strstr(page, "<img class=\"curve\""));
  ck_assert_ptr_null(strstr(page, "<img class=\"tile\""));
  /* The period of the schedule is nobody's setting. */
  ck_assert_ptr_nonnull(strstr(page, "<tr><th>every</th><td class=\"n\">2</td><td>the epochs, as "
                                     "the description gives none"));
  free(page);
}
END_TEST

START_TEST(other_shapes_are_refused)
{
  for (int other = 0; other < ALL; other++)
    if (other != _i)
      assert_refused(SPAWN(of(_i, ""), "classify", "--run", of(_i, "_run"), "--data",
                           of(other, ".npz"), "-o", of(_i, "_refused.csv")),
                     of(_i, ""), 1, MODELS[_i].refused);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("input_shapes");
  TCase *cases = tcase_create("binaries");
  tcase_set_timeout(cases, 120);
  tcase_add_unchecked_fixture(cases, setup, remove_folder);
  tcase_add_loop_test(cases, commands_write_the_datas_shape, 0, ALL);
  tcase_add_loop_test(cases, pictures_are_made, 0, ALL);
  tcase_add_loop_test(cases, other_shapes_are_refused, 0, ALL);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
