/* Data sets checked against a model: shapes, types, ranges, labels, and what becomes of pixels. */
#include "make_files.h"
#include "runtime/dataset.h"
#include "runtime/npy.h"
#include <math.h>

/* A model of which the data set needs the input alone. */
static struct lathe_model input(int rank, int a, int b, int c, double low, double high)
{
  struct lathe_model model = {.name = "small",
                              .input_rank = rank,
                              .input_shape = {a, b, c},
                              .input_size = a * (rank > 1 ? b : 1) * (rank > 2 ? c : 1),
                              .range = {low, high},
                              .bounded = true};
  return model;
}

static struct lathe_dataset set;

static bool load(const struct lathe_model *model, const char *data, bool want, bool need)
{
  struct lathe_source source = {.data = data, .want_labels = want, .need_labels = need};
  return lathe_dataset_load(&set, model, &source, &err);
}

/* Writes an .npy file of this type and shape with the given bytes as its first values. */
static const char *make(const char *name, enum lathe_dtype dtype, int rank, const int64_t *shape,
                        const void *values, size_t size)
{
  struct lathe_array array = {.dtype = dtype, .rank = rank};
  char text[LATHE_NPY_HEADER];
  memcpy(array.shape, shape, (size_t)rank * sizeof *shape);
  size_t length = lathe_npy_header(&array, text);
  size_t bytes = (size_t)lathe_shape_count(rank, shape, 1) * lathe_dtype_size(dtype);
  unsigned char *file = calloc(1, length + bytes + 1);
  memcpy(file, text, length);
  if (size)
    memcpy(file + length, values, size < bytes ? size : bytes);
  const char *path = write_bytes(name, file, length + bytes);
  free(file);
  return path;
}

static const struct {
  int input_rank, input[3];
  int rank;
  int64_t shape[5];
  const char *words; /* "" where the shape is taken */
} SHAPES[] = {
    {3, {1, 4, 5}, 3, {6, 4, 5}, ""},
    {3, {1, 4, 5}, 4, {6, 1, 4, 5}, ""},
    {3, {1, 4, 5}, 2, {6, 20}, ""},
    {3, {1, 4, 5}, 3, {6, 5, 4}, "images are [6, 5, 4]|takes [N, 4, 5] or [N, 1, 4, 5] or [N, 20]"},
    {3, {1, 4, 5}, 2, {6, 4}, "[6, 4]"},
    {3, {1, 4, 5}, 4, {6, 4, 5, 1}, "[6, 4, 5, 1]"},
    {3, {1, 4, 5}, 5, {6, 1, 1, 4, 5}, "[6, 1, 1, 4, 5]"},
    {3, {1, 4, 5}, 1, {20}, "[20]"},
    {3, {1, 4, 5}, 0, {0}, "images are []"},
    {3, {1, 4, 5}, 3, {0, 4, 5}, "no images|at least one"},
    {3, {3, 4, 5}, 4, {6, 3, 4, 5}, ""},
    {3, {3, 4, 5}, 4, {6, 4, 5, 3}, "[6, 4, 5, 3]|takes [N, 3, 4, 5];"},
    {3, {3, 4, 5}, 2, {6, 60}, "[6, 60]"},
    {3, {3, 4, 5}, 3, {3, 4, 5}, "[3, 4, 5]"},
    {2, {2, 9}, 3, {6, 2, 9}, ""},
    {2, {2, 9}, 2, {6, 18}, "[6, 18]|takes [N, 2, 9];"},
    {2, {2, 9}, 3, {6, 9, 2}, "[6, 9, 2]"},
    {2, {1, 9}, 2, {6, 9}, ""},
    {2, {1, 9}, 3, {6, 1, 9}, ""},
    {2, {1, 9}, 3, {6, 9, 1}, "[6, 9, 1]|takes [N, 9] or [N, 1, 9];"},
    {1, {20}, 2, {6, 20}, ""},
    {1, {20}, 3, {6, 4, 5}, "[6, 4, 5]|takes [N, 20];"},
    {1, {20}, 1, {20}, "[20]"},
};

START_TEST(shape)
{
  const int *in = SHAPES[_i].input;
  struct lathe_model model = input(SHAPES[_i].input_rank, in[0], in[1], in[2], 0, 1);
  const char *path = make("x.npy", LATHE_U8, SHAPES[_i].rank, SHAPES[_i].shape, NULL, 0);
  bool good = load(&model, path, false, false);
  ck_assert_msg(good == (SHAPES[_i].words[0] == '\0'), "%s", err.text);
  if (good) {
    ck_assert_int_eq(set.count, 6);
    ck_assert_int_eq(set.images.rank, SHAPES[_i].rank);
    ck_assert_mem_eq(set.images.shape, SHAPES[_i].shape, (size_t)SHAPES[_i].rank * 8);
  } else {
    assert_words(err.text, SHAPES[_i].words);
    assert_words(err.text, path);
    ck_assert_ptr_null(set.images.data);
    ck_assert_int_eq(set.count, 0);
  }
  lathe_dataset_free(&set);
}
END_TEST

/* Two images of two values; the third value is what matters. */
static const struct {
  enum lathe_dtype dtype;
  double value, low, high;
  const char *words;
} VALUES[] = {
    {LATHE_F32, 1, 0, 1, ""},
    {LATHE_F64, 0, 0, 1, ""},
    {LATHE_F32, 0.1, -0.1, 0.1, ""}, /* in float32 above 0.1 */
    {LATHE_F64, 0.1, -0.1, 0.1, ""},
    {LATHE_F32, 255, 0, 1, "row 1 has the value 255|not in [0, 1]|divide by 255|uint8"},
    {LATHE_F64, 1.0000001, 0, 1, "row 1 has the value|not in [0, 1]"},
    {LATHE_F32, -0.5, 0, 1, "row 1 has the value -0.5|scale"},
    {LATHE_F32, NAN, 0, 1, "row 1 has the value nan|remove it"},
    {LATHE_F64, INFINITY, 0, 1, "row 1 has the value inf|remove it"},
    {LATHE_F64, -INFINITY, -1, 1, "row 1 has the value -inf|not in [-1, 1]"},
    {LATHE_I64, 0, 0, 1, "rows are int64|store them as uint8, float32 or float64"},
};

START_TEST(value)
{
  float single[3] = {0, 0, (float)VALUES[_i].value};
  double real[3] = {0, 0, VALUES[_i].value};
  bool is_single = VALUES[_i].dtype == LATHE_F32;
  struct lathe_model model = input(1, 2, 0, 0, VALUES[_i].low, VALUES[_i].high);
  const char *path =
      make("x.npy", VALUES[_i].dtype, 2, (int64_t[]){2, 2}, is_single ? (void *)single : real,
           is_single ? sizeof single : sizeof real);
  bool good = load(&model, path, false, false);
  ck_assert_msg(good == (VALUES[_i].words[0] == '\0'), "%s", err.text);
  if (!good)
    assert_words(err.text, VALUES[_i].words);
  lathe_dataset_free(&set);
}
END_TEST

static const int64_t expected_labels[] = {1, 4, 8, 1, 4, 8};

static const struct {
  const char *data, *labels, *only;
  bool want, need;
  int count, labels_count; /* 0 images: an error with these words */
  const char *words;
} SOURCES[] = {
    {FILES "stored.npz", NULL, NULL, false, false, 6, 0, NULL},
    {FILES "stored.npz", NULL, NULL, true, false, 6, 6, NULL},
    {FILES "deflated.npz.gz", NULL, NULL, true, true, 6, 6, NULL},
    {FILES "images.idx", FILES "labels.idx", NULL, true, true, 6, 6, NULL},
    {FILES "images.idx.gz", FILES "stored.npz", NULL, true, true, 6, 6, NULL},
    {FILES "stored.npz", FILES "labels.idx", NULL, true, true, 6, 6, NULL},
    {FILES "images.idx", "absent", NULL, false, false, 6, 0, NULL}, /* not even looked at */
    {FILES "images.idx", "absent", NULL, true, false, 0, 0, "absent|No such file"},
    {FILES "unlabelled.npz", NULL, NULL, true, false, 6, 0, NULL},
    {FILES "uint8.npy", NULL, NULL, true, false, 6, 0, NULL},
    {FILES "unlabelled.npz", NULL, NULL, true, true, 0, 0, "no labels|needed|member `labels`"},
    {FILES "uint8.npy", NULL, NULL, true, true, 0, 0, "no labels|name a file|--labels"},
    {FILES "images.idx", FILES "unlabelled.npz", NULL, true, false, 0, 0, "no member `labels`"},
    {FILES "images.idx", FILES "images.idx", NULL, true, true, 6, 0, "[6, 4, 5]|6 images"},
    {FILES "images.idx", FILES "scalar.npy", NULL, true, true, 0, 0, "have shape []|6 images"},
    {FILES "images.idx", FILES "float32.npy", NULL, true, true, 0, 0, "[2, 3]|one label an image"},
    {FILES "stored.npz", NULL, "1,4,8", false, false, 6, 0, NULL},
    {FILES "stored.npz", NULL, "4", true, false, 2, 2, NULL},
    {FILES "stored.npz", NULL, "8,1", true, false, 4, 4, NULL},
    {FILES "stored.npz", NULL, " 8,-7,8", false, false, 2, 0, NULL},
    {FILES "images.idx", FILES "labels.idx", "4", false, true, 2, 2, NULL},
    {FILES "stored.npz", NULL, "7,9", false, false, 0, 0, "--only 7,9|labels are 1, 4, 8"},
    {FILES "unlabelled.npz", NULL, "1", false, false, 0, 0, "no labels|--only goes by"},
    {FILES "stored.npz", NULL, "1,x", false, false, 0, 0, "--only 1,x|as in 1,4,8"},
    {FILES "stored.npz", NULL, "", false, false, 0, 0, "--only"},
    {FILES "stored.npz", NULL, "1,", false, false, 0, 0, "--only 1,:"},
    {FILES "stored.npz", NULL, "1;4", false, false, 0, 0, "--only 1;4"},
    {FILES "stored.npz", NULL, "99999999999999999999", false, false, 0, 0, "--only 9999"},
    {FILES "other_members.npz", NULL, NULL, false, false, 0, 0, "no member `data`|x_train"},
    {FILES "absent.npz", NULL, NULL, false, false, 0, 0, "absent.npz|No such file"},
};

START_TEST(sources)
{
  struct lathe_model model = input(3, 1, 4, 5, 0, 1);
  struct lathe_source source = {.data = SOURCES[_i].data,
                                .labels = SOURCES[_i].labels,
                                .only = SOURCES[_i].only,
                                .want_labels = SOURCES[_i].want,
                                .need_labels = SOURCES[_i].need};
  bool good = lathe_dataset_load(&set, &model, &source, &err);
  ck_assert_msg(good == (SOURCES[_i].words == NULL), "%s", err.text);
  if (!good) {
    assert_words(err.text, SOURCES[_i].words);
    ck_assert_ptr_null(set.images.data);
    ck_assert_ptr_null(set.labels.data);
    return;
  }
  ck_assert_int_eq(set.count, SOURCES[_i].count);
  ck_assert_int_eq(set.images.shape[0], set.count);
  ck_assert_int_eq(set.images.count, 20 * set.count);
  ck_assert_int_eq(set.labels.count, SOURCES[_i].labels_count);
  for (int64_t i = 0, from = 0; i < set.count; i++, from++) { /* the images kept, in their order */
    char digit[2] = {(char)('0' + expected_labels[from]), '\0'};
    while (SOURCES[_i].only && !strstr(SOURCES[_i].only, digit))
      digit[0] = (char)('0' + expected_labels[++from]);
    for (int64_t p = 0; p < 20; p++)
      ck_assert_int_eq(((uint8_t *)set.images.data)[20 * i + p], 7 * (20 * from + p) % 251);
    if (set.labels.count)
      ck_assert_int_eq(((int64_t *)set.labels.data)[i], expected_labels[from]);
  }
  lathe_dataset_free(&set);
}
END_TEST

static const struct {
  double low, high;
} RANGES[] = {{0, 1}, {-1, 1}, {0, 255}, {-0.5, 0.25}};

START_TEST(gathers_pixels)
{
  uint8_t bytes[256];
  lathe_real out[256];
  for (int i = 0; i < 256; i++)
    bytes[i] = (uint8_t)i;
  double low = RANGES[_i].low, high = RANGES[_i].high;
  struct lathe_model model = input(3, 1, 4, 4, low, high);
  ck_assert(
      load(&model, make("x.npy", LATHE_U8, 3, (int64_t[]){16, 4, 4}, bytes, 256), false, false));
  lathe_dataset_gather(&set, &model, NULL, 0, 16, out);
  for (int i = 0; i < 256; i++)
    ck_assert_double_eq_tol((double)out[i], low + (high - low) * i / 255, (high - low) * 1e-7);
  ck_assert(out[0] == (lathe_real)low);
  ck_assert(out[255] == (lathe_real)high);
  lathe_dataset_free(&set);
}
END_TEST

/* Which images are taken, for each type that they may have. */
static const enum lathe_dtype TYPES[] = {LATHE_U8, LATHE_F32, LATHE_F64};

START_TEST(gathers_images)
{
  union {
    uint8_t u8[12];
    float f32[12];
    double f64[12];
  } values;
  for (int i = 0; i < 12; i++)
    if (TYPES[_i] == LATHE_U8)
      values.u8[i] = (uint8_t)i;
    else if (TYPES[_i] == LATHE_F32)
      values.f32[i] = (float)i;
    else
      values.f64[i] = i;
  struct lathe_model model = input(1, 3, 0, 0, 0, 255);
  ck_assert_msg(load(&model, make("x.npy", TYPES[_i], 2, (int64_t[]){4, 3}, &values, sizeof values),
                     false, false),
                "%s", err.text);
  lathe_real out[7] = {0, 0, 0, 0, 0, 0, -9};
  lathe_dataset_gather(&set, &model, NULL, 1, 2, out);
  for (int i = 0; i < 6; i++)
    ck_assert_double_eq((double)out[i], 3 + i);
  const int64_t order[] = {9, 3, 0, 3};
  lathe_dataset_gather(&set, &model, order, 1, 2, out);
  for (int i = 0; i < 3; i++) {
    ck_assert_double_eq((double)out[i], 9 + i);
    ck_assert_double_eq((double)out[3 + i], i);
  }
  ck_assert(out[6] == -9);
  lathe_dataset_free(&set);
}
END_TEST

/* The real files, where there are any: LATHE_DATA names the folder of mnist_1_4_8_*.npz. */
START_TEST(real_digits)
{
  const char *data = getenv("LATHE_DATA");
  if (!data) {
    printf("real_digits: skipped, as LATHE_DATA names no folder of mnist_1_4_8_*.npz\n");
    return;
  }
  static const struct {
    const char *name;
    int count;
  } files[] = {{"train", 14748}, {"test", 3672}, {"val_recon", 15}};
  struct lathe_model model = input(3, 1, 28, 28, 0, 1);
  for (int i = 0; i < 3; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/mnist_1_4_8_%s.npz", data, files[i].name);
    ck_assert_msg(load(&model, path, true, true), "%s", err.text);
    ck_assert_int_eq(set.count, files[i].count);
    for (int64_t j = 0; j < set.count; j++) {
      int64_t label = ((int64_t *)set.labels.data)[j];
      ck_assert(label == 1 || label == 4 || label == 8);
    }
    lathe_dataset_free(&set);
  }
}
END_TEST

#define COUNT(table) ((int)(sizeof table / sizeof *table))

int main(void)
{
  TCase *tests = tcase_create("dataset");
  tcase_add_loop_test(tests, shape, 0, COUNT(SHAPES));
  tcase_add_loop_test(tests, value, 0, COUNT(VALUES));
  tcase_add_loop_test(tests, sources, 0, COUNT(SOURCES));
  tcase_add_loop_test(tests, gathers_pixels, 0, COUNT(RANGES));
  tcase_add_loop_test(tests, gathers_images, 0, COUNT(TYPES));
  tcase_add_test(tests, real_digits);
  return run_case(tests, "dataset");
}
