/* For tests of model binaries: descriptions built in the private folder of spawn.h, and files of
 * arrays for them to read and write. */
#ifndef TESTS_MODEL_FILES_H
#define TESTS_MODEL_FILES_H

#include "runtime/columns.h"
#include "runtime/npz.h"
#include "runtime/philox.h"
#include "runtime/safetensors.h"
#include "runtime/tensor_check.h"
#include "spawn.h"
#include <math.h>

/* Builds a description under `name` in the folder. `option` may be NULL. */
static inline void build_text(const char *name, const char *text, const char *option)
{
  const char *description = in_folder("%s.lathe", name), *binary = in_folder("%s", name);
  write_text(description, text);
  SPAWN_QUIETLY(built("lathe"), "build", description, "-o", binary, option);
}

/* Number i of a sequence, uniform in [least, most). */
static inline double number_of(uint64_t sequence, int64_t i, double least, double most)
{
  double u = lathe_random_uniform(sequence, LATHE_RANDOM_BENCH, 0, (uint64_t)i);
  return least + (most - least) * u;
}

/* ---- .npz ---- */

static inline struct lathe_array array_of(enum lathe_dtype dtype, int rank, const int64_t *shape,
                                          void *data)
{
  struct lathe_array array = {.dtype = dtype, .rank = rank, .count = 1, .data = data};
  for (int i = 0; i < rank; i++) {
    array.shape[i] = shape[i];
    array.count *= shape[i];
  }
  return array;
}

static inline void write_npz(const char *path, int count, const char *const *names,
                             const struct lathe_array *arrays)
{
  struct lathe_error err = {""};
  struct lathe_npz *npz = lathe_npz_create(path, &err);
  bool good = npz != NULL;
  for (int i = 0; good && i < count; i++)
    good = lathe_npz_add(npz, names[i], &arrays[i], &err);
  good = good && lathe_npz_commit(npz, &err);
  ck_assert_msg(good, "%s", err.text);
}

static inline void write_member(const char *path, const char *name, struct lathe_array array)
{
  write_npz(path, 1, &name, &array);
}

/* ---- .safetensors ---- */

static inline struct lathe_tensors read_tensors(const char *path)
{
  struct lathe_tensors tensors;
  struct lathe_error err;
  ck_assert_msg(lathe_tensors_read(&tensors, path, &err), "%s", err.text);
  return tensors;
}

static inline void write_tensors(const struct lathe_tensors *tensors, const char *path)
{
  struct lathe_error err;
  ck_assert_msg(lathe_tensors_write(tensors, path, &err), "%s", err.text);
}

/* The tensor of that name, which must be there. */
static inline const struct lathe_array *tensor_of(const struct lathe_tensors *tensors,
                                                  const char *name)
{
  const struct lathe_array *array = lathe_tensors_find(tensors, name);
  ck_assert_msg(array != NULL, "there is no %s", name);
  return array;
}

/* Number i of the tensor of that name. */
static inline double value_of(const struct lathe_tensors *tensors, const char *name, int64_t i)
{
  const struct lathe_array *array = tensor_of(tensors, name);
  ck_assert_int_lt(i, array->count);
  return lathe_array_real(array, i);
}

/* A copy of the tensors whose names do not begin with one of `without` (NULL at the end). */
static inline struct lathe_tensors tensors_without(const struct lathe_tensors *tensors,
                                                   const char *const *without)
{
  struct lathe_tensors copy = {0};
  for (int i = 0; i < tensors->count; i++) {
    const struct lathe_array *array = &tensors->items[i].array;
    const char *name = tensors->items[i].name;
    bool kept = true;
    for (int j = 0; without[j] != NULL; j++)
      kept &= strncmp(name, without[j], strlen(without[j])) != 0;
    if (!kept)
      continue;
    void *to = lathe_tensors_add(&copy, name, array->dtype, array->rank, array->shape, NULL);
    ck_assert_ptr_nonnull(to);
    memcpy(to, array->data, (size_t)array->count * lathe_dtype_size(array->dtype));
  }
  return copy;
}

/* |a - b| / (|b| + least), Euclidean. */
static inline double relative_difference(const struct lathe_array *a, const struct lathe_array *b,
                                         double least)
{
  double difference = 0, norm = 0;
  ck_assert_int_eq(a->count, b->count);
  for (int64_t i = 0; i < a->count; i++) {
    double x = lathe_array_real(a, i), y = lathe_array_real(b, i);
    difference += (x - y) * (x - y);
    norm += y * y;
  }
  return sqrt(difference) / (sqrt(norm) + least);
}

#endif
