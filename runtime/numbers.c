#include "numbers.h"
#include "tensor_check.h"
#include <math.h>
#include <string.h>

/* Where neither member is there, the message is about the first. */
static bool read_either(struct lathe_array *out, const char *path, const char *member,
                        const char *otherwise, struct lathe_error *err)
{
  bool found;
  if (!lathe_array_read_optional(path, member, out, &found, err))
    return false;
  if (found || !otherwise)
    return found;
  struct lathe_error why;
  bool read = lathe_array_read_optional(path, otherwise, out, &found, &why);
  if (!read && err)
    *err = why;
  return read && found;
}

static bool has_shape(const struct lathe_array *array, int rank, const int64_t *shape)
{
  if (array->rank != rank)
    return false;
  for (int i = 0; i < rank; i++)
    if (shape[i] < 0 ? array->shape[i] < 1 : array->shape[i] != shape[i])
      return false;
  return true;
}

/* "[n, 20]": what is free is called n. */
static void expected_text(char *text, int rank, const int64_t *shape)
{
  lathe_shape_text(text, rank, shape);
  char *free_extent = strstr(text, "-1");
  if (free_extent) {
    free_extent[0] = 'n';
    memmove(free_extent + 1, free_extent + 2, strlen(free_extent + 2) + 1);
  }
}

static bool check(const struct lathe_array *array, const char *path, const char *member, int rank,
                  const int64_t *shape, struct lathe_error *err)
{
  if (array->dtype != LATHE_F32 && array->dtype != LATHE_F64)
    return lathe_fail(err, "%s: its %s are %s; store them as float32 or float64", path, member,
                      lathe_dtype_name(array->dtype));
  if (!has_shape(array, rank, shape)) {
    char found[LATHE_SHAPE_TEXT], expected[LATHE_SHAPE_TEXT];
    expected_text(expected, rank, shape);
    return lathe_fail(err, "%s: its %s have the shape %s, and this model needs %s", path, member,
                      lathe_shape_text(found, array->rank, array->shape), expected);
  }
  for (int64_t i = 0; i < array->count; i++)
    if (!isfinite(lathe_array_real(array, i)))
      return lathe_fail(err, "%s: its %s hold %g at %lld; give finite numbers", path, member,
                        lathe_array_real(array, i), (long long)i);
  return true;
}

bool lathe_numbers_read(struct lathe_array *out, const char *path, const char *member,
                        const char *otherwise, int rank, const int64_t *shape,
                        struct lathe_error *err)
{
  *out = (struct lathe_array){0};
  if (read_either(out, path, member, otherwise, err) && check(out, path, member, rank, shape, err))
    return true;
  lathe_array_free(out);
  return false;
}
