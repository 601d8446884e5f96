#include "npy.h"
#include "transpose.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 6, LONGEST_HEADER = 1 << 16, ALIGNMENT = 64 };

static const char magic[MAGIC + 1] = "\x93NUMPY";

/* NumPy's letters for the types: kind, then bytes. */
static const struct {
  const char *code;
  enum lathe_dtype dtype;
} codes[] = {
    {"u1", LATHE_U8},  {"i1", LATHE_I8},  {"u2", LATHE_U16}, {"i2", LATHE_I16}, {"u4", LATHE_U32},
    {"i4", LATHE_I32}, {"u8", LATHE_U64}, {"i8", LATHE_I64}, {"f4", LATHE_F32}, {"f8", LATHE_F64},
};
enum { CODES = sizeof codes / sizeof *codes };

bool lathe_npy_detect(const unsigned char *bytes, size_t size)
{
  return size >= MAGIC && memcmp(bytes, magic, MAGIC) == 0;
}

/* The header is a Python dictionary, {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
 */
struct header {
  const char *at;   /* what is still to be read, NUL-terminated */
  const char *name; /* of the file, for messages */
  char descr[32];
  bool has_descr, has_order, has_shape;
  bool fortran;
  int rank;
  int64_t shape[LATHE_ARRAY_RANK];
};

static void skip_space(struct header *header)
{
  while (isspace((unsigned char)*header->at))
    header->at++;
}

static bool accept(struct header *header, const char *token)
{
  skip_space(header);
  size_t length = strlen(token);
  if (strncmp(header->at, token, length) != 0)
    return false;
  header->at += length;
  return true;
}

static bool malformed(const struct header *header, const char *expected, struct lathe_error *err)
{
  return lathe_fail(err, "%s: its .npy header is malformed: %s expected at \"%.20s\"; save it anew",
                    header->name, expected, header->at);
}

/* A quoted string, without escapes, of fewer than `size` characters. */
static bool read_string(struct header *header, char *text, size_t size)
{
  const char *quote = accept(header, "'") ? "'" : accept(header, "\"") ? "\"" : NULL;
  const char *end = quote ? strchr(header->at, *quote) : NULL;
  if (!end || (size_t)(end - header->at) >= size)
    return false;
  memcpy(text, header->at, (size_t)(end - header->at));
  text[end - header->at] = '\0';
  header->at = end + 1;
  return true;
}

static bool read_dimension(struct header *header, int64_t *value)
{
  skip_space(header);
  if (!isdigit((unsigned char)*header->at))
    return false;
  *value = 0;
  for (; isdigit((unsigned char)*header->at); header->at++) {
    int digit = *header->at - '0';
    if (*value > (INT64_MAX - digit) / 10)
      return false;
    *value = 10 * *value + digit;
  }
  accept(header, "L"); /* Python 2 wrote long integers so */
  return true;
}

static bool read_shape(struct header *header, struct lathe_error *err)
{
  if (!accept(header, "("))
    return malformed(header, "a shape", err);
  header->rank = 0;
  while (!accept(header, ")")) {
    if (header->rank == LATHE_ARRAY_RANK)
      return lathe_fail(err, "%s: has more than %d dimensions; reshape it", header->name,
                        LATHE_ARRAY_RANK);
    if (!read_dimension(header, &header->shape[header->rank++]))
      return malformed(header, "a dimension", err);
    if (!accept(header, ",") && *header->at != ')')
      return malformed(header, "',' or ')'", err);
  }
  header->has_shape = true;
  return true;
}

static bool read_entry(struct header *header, struct lathe_error *err)
{
  char key[16];
  if (!read_string(header, key, sizeof key) || !accept(header, ":"))
    return malformed(header, "a key", err);
  if (strcmp(key, "shape") == 0)
    return read_shape(header, err);
  if (strcmp(key, "fortran_order") == 0) {
    header->has_order = true;
    header->fortran = accept(header, "True");
    return header->fortran || accept(header, "False") || malformed(header, "True or False", err);
  }
  if (strcmp(key, "descr") != 0)
    return malformed(header, "descr, fortran_order or shape", err);
  header->has_descr = true;
  if (accept(header, "["))
    return lathe_fail(err, "%s: holds records; store one plain array of numbers", header->name);
  return read_string(header, header->descr, sizeof header->descr) ||
         malformed(header, "a type", err);
}

static bool read_dictionary(struct header *header, struct lathe_error *err)
{
  if (!accept(header, "{"))
    return malformed(header, "'{'", err);
  while (!accept(header, "}")) {
    if (!read_entry(header, err))
      return false;
    if (!accept(header, ",") && *header->at != '}')
      return malformed(header, "',' or '}'", err);
  }
  skip_space(header);
  if (*header->at)
    return malformed(header, "the header's end", err);
  if (!header->has_descr || !header->has_order || !header->has_shape)
    return malformed(header, "each of descr, fortran_order and shape", err);
  return true;
}

static bool find_dtype(const struct header *header, enum lathe_dtype *dtype,
                       struct lathe_error *err)
{
  const char *descr = header->descr;
  bool swapped = *descr == '>';
  if (*descr && strchr("<>|=", *descr))
    descr++;
  for (int i = 0; i < CODES; i++)
    if (strcmp(descr, codes[i].code) == 0) {
      *dtype = codes[i].dtype;
      if (swapped && lathe_dtype_size(*dtype) > 1)
        return lathe_fail(err, "%s: is big-endian (%s); save it little-endian: a.astype('<%s')",
                          header->name, header->descr, descr);
      return true;
    }
  return lathe_fail(err, "%s: has type '%s'; store it as uint8, float32 or float64 (labels: int64)",
                    header->name, header->descr);
}

/* The header's text, whose length has 2 bytes in version 1 and 4 after it. NULL on failure. */
static char *take_header(struct lathe_reader *reader, struct lathe_error *err)
{
  const char *name = lathe_reader_name(reader);
  unsigned char start[MAGIC + 2], digits[4] = {0};
  if (!lathe_reader_take(reader, start, sizeof start, ".npy header", err))
    return NULL;
  int version = start[MAGIC];
  if (!lathe_npy_detect(start, MAGIC)) {
    lathe_fail(err, "%s: is not an .npy array; save it with numpy", name);
    return NULL;
  }
  if (version < 1 || version > 3) {
    lathe_fail(err, "%s: has .npy version %d; versions 1 to 3 are known", name, version);
    return NULL;
  }
  if (!lathe_reader_take(reader, digits, version == 1 ? 2 : 4, ".npy header", err))
    return NULL;
  size_t length = (size_t)digits[0] | (size_t)digits[1] << 8 | (size_t)digits[2] << 16 |
                  (size_t)digits[3] << 24;
  if (length > LONGEST_HEADER) {
    lathe_fail(err, "%s: its .npy header claims %zu bytes; it is damaged, save it anew", name,
               length);
    return NULL;
  }
  char *text = malloc(length + 1);
  if (!text)
    lathe_fail(err, "%s: no memory for its header", name);
  else if (!lathe_reader_take(reader, text, length, ".npy header", err)) {
    free(text);
    text = NULL;
  } else {
    text[length] = '\0';
    if (strlen(text) != length) /* a NUL inside: nothing after it would be looked at */
      text[0] = '\0';
  }
  return text;
}

/* Values that follow a header of an odd length, in memory, are moved to its beginning. */
static void align(struct lathe_array *array)
{
  size_t size = lathe_dtype_size(array->dtype);
  if (array->before % size == 0)
    return;
  array->data = memmove((unsigned char *)array->data - array->before, array->data,
                        (size_t)array->count * size);
  array->before = 0;
}

bool lathe_npy_read(struct lathe_reader *reader, struct lathe_array *out, struct lathe_error *err)
{
  const char *name = lathe_reader_name(reader);
  struct header header = {.name = name};
  enum lathe_dtype dtype = LATHE_U8;
  char *text = take_header(reader, err);
  header.at = text;
  bool good = text && read_dictionary(&header, err) && find_dtype(&header, &dtype, err);
  free(text);
  if (!good)
    return false;
  char shape[LATHE_SHAPE_TEXT];
  lathe_shape_text(shape, header.rank, header.shape);
  int64_t count = lathe_shape_count(header.rank, header.shape, lathe_dtype_size(dtype));
  if (count < 0)
    return lathe_fail(err, "%s: claims an impossible shape, %s; it is damaged, save it anew", name,
                      shape);
  struct lathe_array array = {.dtype = dtype, .rank = header.rank, .count = count};
  memcpy(array.shape, header.shape, sizeof array.shape);
  array.data = lathe_reader_take_new(reader, (size_t)count * lathe_dtype_size(dtype), shape,
                                     &array.before, err);
  if (!array.data || !lathe_reader_end(reader, err)) {
    lathe_array_free(&array);
    return false;
  }
  align(&array);
  struct lathe_error why;
  if (header.fortran &&
      !lathe_reverse_axes(array.data, array.rank, array.shape, lathe_dtype_size(dtype), &why)) {
    lathe_array_free(&array);
    return lathe_fail(err, "%s: %s", name, why.text);
  }
  *out = array;
  return true;
}

size_t lathe_npy_header(const struct lathe_array *array, char text[LATHE_NPY_HEADER])
{
  const char *code = "";
  for (int i = 0; i < CODES; i++)
    if (codes[i].dtype == array->dtype)
      code = codes[i].code;
  size_t used = MAGIC + 4;
  used += (size_t)sprintf(text + used, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                          lathe_dtype_size(array->dtype) == 1 ? '|' : '<', code);
  for (int i = 0; i < array->rank; i++) /* Python writes a tuple of one with a comma */
    used += (size_t)sprintf(text + used, "%s%lld%s", i ? " " : "", (long long)array->shape[i],
                            i + 1 < array->rank || array->rank == 1 ? "," : "");
  used += (size_t)sprintf(text + used, "), }");
  size_t padded = (used + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  memset(text + used, ' ', padded - used);
  text[padded - 1] = '\n';
  size_t length = padded - MAGIC - 4;
  memcpy(text, magic, MAGIC);
  text[MAGIC] = 1;
  text[MAGIC + 1] = 0;
  text[MAGIC + 2] = (char)(length & 0xff);
  text[MAGIC + 3] = (char)(length >> 8);
  return padded;
}
