/* For tests of models' binaries: digits to train on, a small model, and data files of any kind. */
#ifndef TESTS_BINARY_H
#define TESTS_BINARY_H

#include "runtime/array.h"
#include "runtime/npz.h"
#include "spawn.h"
#include <jansson.h>
#include <stdint.h>

enum { TRAINED = 600, TESTED = 150, LABELLED = 15, SIDE = 28, IMAGE = SIDE * SIDE };

#define MLP built("models/digits_mlp")
#define SMALL in_folder("small")
#define TRAIN in_folder("digits/mnist_1_4_8_train.npz")
#define TEST in_folder("digits/mnist_1_4_8_test.npz")
#define FEW in_folder("digits/mnist_1_4_8_val_recon.npz")

/* What digits_mlp is not: convolutions, batch-norm, SGD, a latent without a plane, a mixture that
 * needs no labels. */
static const char small_text[] =
    "model small {\n"
    "  input image [1, 28, 28];\n"
    "  latent z [3];\n"
    "  encoder { conv2d 4, kernel 4, stride 4, pad 0, bias on; batchnorm; relu; gaussian z; }\n"
    "  decoder { linear [4, 7, 7]; relu; conv_transpose2d 1, kernel 4, stride 4, pad 0; sigmoid; "
    "}\n"
    "  mixture { components 3; covariance diag; init kmeans++; restarts 2; }\n"
    "  train { sgd 3e-4, momentum 0.9; batch 32; epochs 3; split 0.8; seed 5; }\n"
    "}\n";

/* Draws the digits and builds the small model in the private folder. */
static inline void make_digits_and_small(void)
{
  make_folder();
  SPAWN_QUIETLY(built("examples/draw_digits"), "-o", in_folder("digits"), "--seed", "3", "--train",
                "600", "--test", "150");
  write_text(in_folder("small.lathe"), small_text);
  SPAWN_QUIETLY(built("lathe"), "build", in_folder("small.lathe"), "-o", SMALL, "--cflags", "-O1");
}

/* The trainings that the tests start from. */
static inline void train_mlp(const char *run)
{
  SPAWN_QUIETLY(MLP, "train", "--data", TRAIN, "--labelled", FEW, "--run", run, "--epochs", "4",
                "--batch", "8", "--lr", "1e-3", "--quiet");
}

static inline void train_small(const char *run)
{
  SPAWN_QUIETLY(SMALL, "train", "--data", TRAIN, "--labelled", FEW, "--run", run, "--quiet");
}

/* ---- Arrays in files ---- */

static inline struct lathe_array read_array(const char *path, const char *member)
{
  struct lathe_array array;
  struct lathe_error err;
  ck_assert_msg(lathe_array_read(path, member, &array, &err), "%s", err.text);
  return array;
}

/* Asserts an array's type and shape: "float32 [150, 28, 28]". */
static inline void assert_form(const struct lathe_array *array, const char *form)
{
  char found[LATHE_SHAPE_TEXT + 32], shape[LATHE_SHAPE_TEXT];
  snprintf(found, sizeof found, "%s %s", lathe_dtype_name(array->dtype),
           lathe_shape_text(shape, array->rank, array->shape));
  ck_assert_str_eq(found, form);
}

/* Any number of an array, as a double. */
static inline double value_at(const struct lathe_array *array, int64_t i)
{
  switch (array->dtype) {
  case LATHE_U8:
    return ((const uint8_t *)array->data)[i];
  case LATHE_I64:
    return (double)((const int64_t *)array->data)[i];
  case LATHE_F32:
    return (double)((const float *)array->data)[i];
  case LATHE_F64:
    return ((const double *)array->data)[i];
  default:
    ck_abort_msg("%s is not expected here", lathe_dtype_name(array->dtype));
  }
}

static inline void assert_within(const struct lathe_array *array, double least, double most)
{
  for (int64_t i = 0; i < array->count; i++)
    ck_assert_msg(value_at(array, i) >= least && value_at(array, i) <= most,
                  "value %lld is %g, not in [%g, %g]", (long long)i, value_at(array, i), least,
                  most);
}

/* A zeroed array to be filled. */
static inline struct lathe_array new_array(enum lathe_dtype dtype, int rank, const int64_t *shape)
{
  struct lathe_array array = {.dtype = dtype, .rank = rank, .count = 1};
  for (int i = 0; i < rank; i++) {
    array.shape[i] = shape[i];
    array.count *= shape[i];
  }
  array.data = calloc((size_t)array.count + 1, lathe_dtype_size(dtype));
  ck_assert_ptr_nonnull(array.data);
  return array;
}

/* Writes an .npz with `data` and, if it is not NULL, `labels`. */
static inline void write_data(const char *path, const struct lathe_array *data,
                              const struct lathe_array *labels)
{
  struct lathe_error err;
  struct lathe_npz *npz = lathe_npz_create(path, &err);
  ck_assert_msg(npz != NULL, "%s", err.text);
  ck_assert(lathe_npz_add(npz, "data", data, &err));
  ck_assert(labels == NULL || lathe_npz_add(npz, "labels", labels, &err));
  ck_assert_msg(lathe_npz_commit(npz, &err), "%s", err.text);
}

/* The same, zeroed: n images of a type and shape [n, height, width], and labels 0, 1, 2, 0, ... of
 * a type (labels 0: none). */
static inline void write_zeros(const char *path, enum lathe_dtype dtype, const int64_t shape[3],
                               enum lathe_dtype label_dtype, int64_t labels)
{
  struct lathe_array data = new_array(dtype, 3, shape), names = {0};
  if (labels > 0) {
    names = new_array(label_dtype, 1, &labels);
    for (int64_t i = 0; i < labels && label_dtype == LATHE_I64; i++)
      ((int64_t *)names.data)[i] = i % 3;
  }
  write_data(path, &data, labels > 0 ? &names : NULL);
  lathe_array_free(&data);
  lathe_array_free(&names);
}

/* ---- What programs say ---- */

/* Asserts that a program ended with a status, said nothing on standard output, and on the other one
 * a single line that begins with its name and has the words, separated by '|'. */
static inline void assert_refused(struct said said, const char *program, int status,
                                  const char *words)
{
  char begin[64];
  const char *slash = strrchr(program, '/');
  snprintf(begin, sizeof begin, "%s: ", slash != NULL ? slash + 1 : program);
  ck_assert_msg(said.status == status, "status %d, not %d (%s): %.1000s", said.status, status,
                words, said.err);
  ck_assert_msg(lines_of(said.err) == 1 && said.err[strlen(said.err) - 1] == '\n',
                "not one line: %.1000s", said.err);
  ck_assert_msg(strncmp(said.err, begin, strlen(begin)) == 0, "who says this? %.1000s", said.err);
  ck_assert_str_eq(said.out, "");
  assert_words(said.err, words);
  said_free(&said);
}

static inline json_t *parse_json(const char *text, const char *what)
{
  json_error_t why;
  json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &why);
  ck_assert_msg(json != NULL, "%s: line %d: %s", what, why.line, why.text);
  return json;
}

static inline double json_double(const json_t *json, const char *name)
{
  const json_t *value = json_object_get(json, name);
  ck_assert_msg(json_is_number(value), "%s is no number", name);
  return json_number_value(value);
}

#endif
