#include "array.h"
#include "idx.h"
#include "npy.h"
#include "npz.h"
#include "reader.h"
#include "table.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The formats are little-endian (IDX excepted, which is swapped); a big-endian machine would need
 * a swap wherever bytes are read or written. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files are read as little-endian");

static const struct {
  const char *name;
  size_t size;
} dtypes[] = {
    [LATHE_U8] = {"uint8", 1},    [LATHE_I8] = {"int8", 1},    [LATHE_U16] = {"uint16", 2},
    [LATHE_I16] = {"int16", 2},   [LATHE_U32] = {"uint32", 4}, [LATHE_I32] = {"int32", 4},
    [LATHE_U64] = {"uint64", 8},  [LATHE_I64] = {"int64", 8},  [LATHE_F32] = {"float32", 4},
    [LATHE_F64] = {"float64", 8},
};

static void free_values(struct lathe_array *array)
{
  if (array->data)
    free((unsigned char *)array->data - array->before);
}

void lathe_array_free(struct lathe_array *array)
{
  free_values(array);
  *array = (struct lathe_array){0};
}

size_t lathe_dtype_size(enum lathe_dtype dtype)
{
  return dtypes[dtype].size;
}

const char *lathe_dtype_name(enum lathe_dtype dtype)
{
  return dtypes[dtype].name;
}

int64_t lathe_shape_count(int rank, const int64_t *shape, size_t size)
{
  const uint64_t most = (uint64_t)PTRDIFF_MAX / (size ? size : 1);
  uint64_t count = 1;
  bool empty = false;
  for (int i = 0; i < rank; i++) {
    if (shape[i] < 0)
      return -1;
    if (shape[i] == 0)
      empty = true;
    else if (count > most / (uint64_t)shape[i])
      return -1;
    else
      count *= (uint64_t)shape[i];
  }
  return empty ? 0 : (int64_t)count;
}

const char *lathe_shape_text(char *text, int rank, const int64_t *shape)
{
  size_t used = 0;
  text[used++] = '[';
  for (int i = 0; i < rank && used < LATHE_SHAPE_TEXT - 24; i++)
    used += (size_t)sprintf(text + used, i ? ", %lld" : "%lld", (long long)shape[i]);
  text[used++] = ']';
  text[used] = '\0';
  return text;
}

/* All columns of a table. */
static bool read_table(struct lathe_reader *reader, struct lathe_array *out,
                       struct lathe_error *err)
{
  struct lathe_table table;
  if (!lathe_table_read(&table, reader, &(struct lathe_table_wanted){0}, err))
    return false;
  *out = table.values;
  return true;
}

/* The first bytes of an Excel table that was saved as "Unicode text". */
static bool is_utf16(const unsigned char *first, size_t size)
{
  return size >= 2 &&
         ((first[0] == 0xff && first[1] == 0xfe) || (first[0] == 0xfe && first[1] == 0xff));
}

static bool read_format(const char *path, struct lathe_reader *reader, const char *member,
                        struct lathe_array *out, bool *found, struct lathe_error *err)
{
  unsigned char first[8];
  size_t size = lathe_reader_peek(reader, first, sizeof first);
  *found = true;
  if (lathe_npz_detect(first, size))
    return lathe_npz_read(path, reader, member, out, found, err);
  if (lathe_npy_detect(first, size))
    return lathe_npy_read(reader, out, err);
  if (lathe_idx_detect(first, size))
    return lathe_idx_read(reader, out, err);
  if (lathe_table_detect(reader))
    return read_table(reader, out, err);
  if (size == 0) /* an empty file, or one whose first byte cannot be read */
    return lathe_reader_end(reader, err) &&
           lathe_fail(err, "%s is empty; give a file of data", path);
  if (is_utf16(first, size))
    return lathe_fail(err, "%s is text in UTF-16: save it as CSV in UTF-8", path);
  return lathe_fail(err,
                    "%s is none of .npz, .npy, IDX and CSV (plain or gzipped); convert it to one: "
                    "in Python, numpy.save(\"data.npy\", array) writes an array",
                    path);
}

bool lathe_array_has_members(const char *path, bool *has, struct lathe_error *err)
{
  unsigned char first[8];
  struct lathe_reader *reader = lathe_reader_open(path, err);
  if (!reader)
    return false;
  size_t size = lathe_reader_peek(reader, first, sizeof first);
  bool good = size == sizeof first || lathe_reader_end(reader, err);
  lathe_reader_close(reader);
  *has = lathe_npz_detect(first, size);
  return good;
}

bool lathe_array_take(const char *path, struct lathe_reader *reader, const char *member,
                      struct lathe_array *out, bool *found, struct lathe_error *err)
{
  *out = (struct lathe_array){0};
  bool good = read_format(path, reader, member, out, found, err);
  if (!good)
    lathe_array_free(out);
  return good;
}

bool lathe_array_read_optional(const char *path, const char *member, struct lathe_array *out,
                               bool *found, struct lathe_error *err)
{
  *out = (struct lathe_array){0};
  *found = false;
  struct lathe_reader *reader = lathe_reader_open(path, err);
  if (!reader)
    return false;
  bool good = lathe_array_take(path, reader, member, out, found, err);
  lathe_reader_close(reader);
  return good;
}

bool lathe_array_read(const char *path, const char *member, struct lathe_array *out,
                      struct lathe_error *err)
{
  bool found;
  return lathe_array_read_optional(path, member, out, &found, err) && found;
}

static int64_t integer_at(const struct lathe_array *array, int64_t i)
{
  switch (array->dtype) {
  case LATHE_U8:
    return ((const uint8_t *)array->data)[i];
  case LATHE_I8:
    return ((const int8_t *)array->data)[i];
  case LATHE_U16:
    return ((const uint16_t *)array->data)[i];
  case LATHE_I16:
    return ((const int16_t *)array->data)[i];
  case LATHE_U32:
    return ((const uint32_t *)array->data)[i];
  case LATHE_I32:
    return ((const int32_t *)array->data)[i];
  default: /* LATHE_U64 too: its large values have been refused */
    return ((const int64_t *)array->data)[i];
  }
}

bool lathe_array_to_i64(struct lathe_array *array, const char *name, struct lathe_error *err)
{
  if (array->dtype == LATHE_F32 || array->dtype == LATHE_F64)
    return lathe_fail(err, "%s: is %s where whole numbers are needed; store it as int64", name,
                      lathe_dtype_name(array->dtype));
  if (array->dtype == LATHE_U64) {
    const uint64_t *values = array->data;
    for (int64_t i = 0; i < array->count; i++)
      if (values[i] > INT64_MAX)
        return lathe_fail(err, "%s: value %lld is %llu, more than int64 can hold", name,
                          (long long)i, (unsigned long long)values[i]);
  }
  if (array->count < 0 || (uint64_t)array->count > PTRDIFF_MAX / sizeof(int64_t))
    return lathe_fail(err, "%s: %lld values are too many", name, (long long)array->count);
  int64_t *values = malloc(array->count ? (size_t)array->count * sizeof *values : 1);
  if (!values)
    return lathe_fail(err, "%s: no memory for %lld int64 values", name, (long long)array->count);
  for (int64_t i = 0; i < array->count; i++)
    values[i] = integer_at(array, i);
  free_values(array);
  array->data = values;
  array->before = 0;
  array->dtype = LATHE_I64;
  return true;
}
