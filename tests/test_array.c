/* Arrays read from every format, and refused with the right words. */
#include "make_files.h"
#include "runtime/npy.h"
#include <math.h>

static double value(const struct lathe_array *array, int64_t i)
{
  switch (array->dtype) {
  case LATHE_U8:
    return ((const uint8_t *)array->data)[i];
  case LATHE_I16:
    return ((const int16_t *)array->data)[i];
  case LATHE_I32:
    return ((const int32_t *)array->data)[i];
  case LATHE_U64:
    return (double)((const uint64_t *)array->data)[i];
  case LATHE_F32:
    return (double)((const float *)array->data)[i];
  case LATHE_F64:
    return ((const double *)array->data)[i];
  default:
    return NAN;
  }
}

/* What make.py puts at i. */
static double made(enum lathe_dtype dtype, int64_t i)
{
  return dtype == LATHE_F32 || dtype == LATHE_F64 ? (double)i / 8 - 1 : (double)(7 * i % 251);
}

static const struct {
  const char *file;
  enum lathe_dtype dtype;
  int rank;
  int64_t shape[3];
} GOOD[] = {
    {"stored.npz", LATHE_U8, 3, {6, 4, 5}},
    {"deflated.npz", LATHE_U8, 3, {6, 4, 5}},
    {"deflated.npz.gz", LATHE_U8, 3, {6, 4, 5}},
    {"unlabelled.npz", LATHE_U8, 3, {6, 4, 5}},
    {"uint8.npy", LATHE_U8, 3, {6, 4, 5}},
    {"float32.npy", LATHE_F32, 2, {2, 3}},
    {"float32.npy.gz", LATHE_F32, 2, {2, 3}},
    {"float64.npy", LATHE_F64, 2, {2, 3}},
    {"version2.npy", LATHE_F32, 2, {2, 3}},
    {"version3.npy", LATHE_F32, 2, {2, 3}},
    {"fortran.npy", LATHE_F32, 2, {2, 3}},
    {"fortran_images.npy", LATHE_U8, 3, {6, 4, 5}},
    {"fortran_int16.npy", LATHE_I16, 3, {2, 3, 7}},
    {"fortran.npz", LATHE_F64, 2, {9, 6}},
    {"savetxt.csv", LATHE_F32, 2, {5, 3}}, /* in the type of the tensors */
    {"scalar.npy", LATHE_F64, 0, {0}},
    {"int16.npy", LATHE_I16, 1, {6}},
    {"int32.npy", LATHE_I32, 1, {6}},
    {"uint64.npy", LATHE_U64, 1, {6}},
    {"empty.npy", LATHE_U8, 3, {0, 4, 5}},
    {"images.idx", LATHE_U8, 3, {6, 4, 5}},
    {"images.idx.gz", LATHE_U8, 3, {6, 4, 5}},
    {"int16.idx", LATHE_I16, 1, {6}},
    {"int32.idx", LATHE_I32, 2, {2, 3}},
    {"float32.idx", LATHE_F32, 2, {2, 3}},
    {"float64.idx", LATHE_F64, 2, {2, 3}},
};

START_TEST(good_file)
{
  struct lathe_array array;
  char path[128];
  snprintf(path, sizeof path, FILES "%s", GOOD[_i].file);
  ck_assert_msg(lathe_array_read(path, "data", &array, &err), "%s", err.text);
  ck_assert_int_eq(array.dtype, GOOD[_i].dtype);
  ck_assert_int_eq(array.rank, GOOD[_i].rank);
  int64_t count = 1;
  for (int i = 0; i < array.rank; i++) {
    ck_assert_int_eq(array.shape[i], GOOD[_i].shape[i]);
    count *= array.shape[i];
  }
  ck_assert_int_eq(array.count, count);
  for (int64_t i = 0; i < count; i++)
    ck_assert_double_eq(value(&array, i), made(array.dtype, i));
  lathe_array_free(&array);
  ck_assert_ptr_null(array.data);
}
END_TEST

static const struct {
  const char *file, *words;
} BAD_FILES[] = {
    {"big_endian.npy", "big-endian|>f4|astype"},
    {"float16.npy", "<f2|store it as uint8, float32 or float64"},
    {"bool.npy", "|b1|store it as"},
    {"records.npy", "records"},
    {"no_such_file.npy", "no_such_file.npy|No such file"},
    {"", "folder|name a file"},
    {"make.py", "make.py:2:|none of .npz, .npy and IDX"},
    {"other_members.npz", "no member `data`|x_train, y_train|np.savez"},
    {"nothing.npz", "no member `data`"},
};

START_TEST(bad_file)
{
  struct lathe_array array;
  char path[128];
  snprintf(path, sizeof path, FILES "%s", BAD_FILES[_i].file);
  ck_assert(!lathe_array_read(path, "data", &array, &err));
  assert_words(err.text, BAD_FILES[_i].words);
  ck_assert_ptr_null(array.data);
}
END_TEST

#define NPY(descr, order, shape)                                                                   \
  "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }   \n"

/* .npy headers with so many bytes of values; words "" where the file is good. */
static const struct {
  const char *header;
  size_t size;
  const char *words;
} HEADERS[] = {
    {NPY("<f4", "False", "(2, 3)"), 24, ""},
    {NPY("<f4", "False", "(2L, 3L)"), 24, ""},
    {NPY("|u1", "True", "(3,)"), 3, ""},
    {NPY(">u1", "False", "(3,)"), 3, ""},
    {"{\"shape\": (2,3), \"descr\":\"<f4\",\"fortran_order\" : False}", 24, ""},
    {NPY("<f4", "False", "(2, 3)"), 23, "truncated|[2, 3]|ends too early"},
    {NPY("<f4", "False", "(2, 3)"), 25, "more bytes than its header says"},
    {NPY("<f4", "False", "(9000000000, 1000000)"), 24, "truncated|[9000000000, 1000000]"},
    {NPY("<f4", "False", "(9000000000, 9000000000)"), 24, "impossible shape"},
    {NPY("<f4", "False", "(9223372036854775807,)"), 24, "impossible shape"},
    {NPY("<f4", "False", "(9223372036854775808,)"), 24, "malformed|a dimension"},
    {NPY("<f4", "False", "(0, 9223372036854775807)"), 0, "impossible shape"},
    {NPY("<f4", "False", "(-2, 3)"), 24, "malformed|a dimension expected"},
    {NPY("<f4", "False", "(1, 1, 1, 1, 1, 1, 1, 1, 1)"), 4, "more than 8 dimensions"},
    {NPY("<f4", "False", "2"), 8, "malformed|a shape"},
    {NPY("<f4", "False", "(2 3)"), 24, "malformed|',' or ')'"},
    {NPY("<f4", "Maybe", "(2, 3)"), 24, "malformed|True or False"},
    {NPY("<f4", "True", "(2, 3)"), 24, ""},
    {NPY("<f4", "True", "(2, 3)"), 23, "truncated|[2, 3]|ends too early"},
    {NPY("<f4", "True", "(2, 3)"), 25, "more bytes than its header says"},
    {NPY("<f4", "True", "(9000000000, 1000000)"), 24, "truncated|[9000000000, 1000000]"},
    {NPY("<f4", "True", "(0, 9)"), 0, ""},
    {NPY("|O", "False", "(2,)"), 16, "type '|O'"},
    {NPY("<U7", "False", "(2,)"), 56, "type '<U7'"},
    {NPY("<f44", "False", "(2,)"), 16, "type '<f44'"},
    {NPY("", "False", "(2,)"), 16, "type ''"},
    {"{'descr': '<f4', 'fortran_order': False}", 4, "each of descr, fortran_order and shape"},
    {"{'descr': '<f4', 'shape': ()}", 4, "each of descr, fortran_order and shape"},
    {"{'fortran_order': False, 'shape': ()}", 4, "each of descr, fortran_order and shape"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (), 'more': 1}", 4, "malformed"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': ()} x", 4, "the header's end"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (", 4, "malformed"},
    {"{'descr': '<f4", 4, "malformed|a type"},
    {"'descr'", 4, "malformed|'{'"},
    {"", 0, "malformed"},
};

START_TEST(npy_header)
{
  struct lathe_array array;
  const char *path = write_npy("header.npy", HEADERS[_i].header, HEADERS[_i].size);
  bool good = lathe_array_read(path, NULL, &array, &err);
  ck_assert_msg(good == (HEADERS[_i].words[0] == '\0'), "%s: %s", HEADERS[_i].header, err.text);
  if (!good)
    assert_words(err.text, HEADERS[_i].words);
  lathe_array_free(&array);
}
END_TEST

/* Headers that are written have NumPy's own bytes. */
static const char *const WRITTEN[] = {"scalar.npy", "int16.npy", "float32.npy", "uint8.npy"};

START_TEST(npy_written)
{
  struct lathe_array array;
  char path[128], text[LATHE_NPY_HEADER];
  size_t size;
  snprintf(path, sizeof path, FILES "%s", WRITTEN[_i]);
  ck_assert(lathe_array_read(path, NULL, &array, &err));
  unsigned char *bytes = read_bytes(path, &size);
  size_t length = lathe_npy_header(&array, text);
  ck_assert_uint_eq(length + (size_t)array.count * lathe_dtype_size(array.dtype), size);
  ck_assert_mem_eq(text, bytes, length);
  free(bytes);
  lathe_array_free(&array);
}
END_TEST

#define BYTES(text) text, sizeof text - 1

static const struct {
  const char *bytes;
  size_t size;
  const char *words;
} BYTES_[] = {
    {BYTES(""), "is empty"},
    {BYTES("\0"), "none of"},
    {BYTES("hello, world"), "no rows|none of .npz, .npy and IDX"},
    {BYTES("\1\2\3"), "none of .npz, .npy, IDX and CSV|convert|numpy.save"},
    {BYTES("\xff\xfe"
           "1\0"),
     "UTF-16|UTF-8"},
    {BYTES("\x93NUMP"), "none of"},
    {BYTES("\x93NUMPY"), "truncated|.npy header"},
    {BYTES("\x93NUMPY\1\0"), "truncated|.npy header"},
    {BYTES("\x93NUMPY\4\0\20\0"), "version 4"},
    {BYTES("\x93NUMPY\0\0\20\0"), "version 0"},
    {BYTES("\x93NUMPY\1\0\20\0{'descr'"), "truncated|.npy header"},
    {BYTES("\x93NUMPY\2\0\xff\xff\xff\xff{'descr'"), "claims 4294967295 bytes"},
    {BYTES(
         "\x93NUMPY\1\0\077\0{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }\0more\0\1"),
     "malformed"},
    {BYTES("PK\3\4"), "damaged or truncated"},
    {BYTES("PK\5\6"), "damaged or truncated"},
    {BYTES("\0\0\x08\1\0\0\0\3ab"), "truncated|[3]"},
    {BYTES("\0\0\x08\1\0\0\0\3abcd"), "more bytes than its header says"},
    {BYTES("\0\0\x08\3\0\0\0\3\0\0"), "truncated|IDX header"},
    {BYTES("\0\0\x0e\3\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "impossible shape"},
    {BYTES("\0\0\x08\2\0\xff\xff\xff\xff\xff\xff\xff"), "truncated|[16777215, 4294967295]"},
    {BYTES("\0\0\x08\x09\0\0\0\1"), "9 dimensions"},
    {BYTES("\0\0\x0a\1\0\0\0\1x"), "none of"},
    {BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3"), "gzip data end too early"},
    {BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3\xff\xff\xff"), "damaged"},
};

START_TEST(bad_bytes)
{
  struct lathe_array array;
  const char *path = write_bytes("bytes", BYTES_[_i].bytes, BYTES_[_i].size);
  ck_assert(!lathe_array_read(path, "data", &array, &err));
  assert_words(err.text, BYTES_[_i].words);
  assert_words(err.text, path);
}
END_TEST

/* Every file that is cut short is refused, wherever the cut is. */
static const char *const CUT[] = {"float32.npy",  "float32.npy.gz",  "images.idx", "images.idx.gz",
                                  "deflated.npz", "deflated.npz.gz", "stored.npz"};

START_TEST(cut_file)
{
  struct lathe_array array;
  char path[128];
  size_t size;
  snprintf(path, sizeof path, FILES "%s", CUT[_i]);
  unsigned char *bytes = read_bytes(path, &size);
  for (size_t cut = 0; cut < size; cut++)
    ck_assert_msg(!lathe_array_read(write_bytes("cut", bytes, cut), "data", &array, &err),
                  "%s was read when cut to %zu bytes", CUT[_i], cut);
  free(bytes);
}
END_TEST

/* A wrong checksum, at the place where the format keeps it, is noticed. */
static const struct {
  const char *file;
  size_t from_end; /* of a byte of the values or the checksum */
} DAMAGED[] = {
    {"images.idx.gz", 8},
    {"float32.npy.gz", 6},
    {"stored.npz", 440},
};

START_TEST(damaged_file)
{
  struct lathe_array array;
  char path[128];
  size_t size;
  snprintf(path, sizeof path, FILES "%s", DAMAGED[_i].file);
  unsigned char *bytes = read_bytes(path, &size);
  bytes[size - DAMAGED[_i].from_end] ^= 1;
  ck_assert(!lathe_array_read(write_bytes("damaged", bytes, size), "data", &array, &err));
  assert_words(err.text, "damaged|get the file anew");
  free(bytes);
}
END_TEST

START_TEST(optional_member)
{
  struct lathe_array array;
  bool found = true;
  ck_assert(lathe_array_read_optional(FILES "unlabelled.npz", "labels", &array, &found, &err));
  ck_assert(!found);
  ck_assert_ptr_null(array.data);
  ck_assert(lathe_array_read_optional(FILES "stored.npz", "labels", &array, &found, &err));
  ck_assert(found);
  ck_assert_int_eq(((const int64_t *)array.data)[5], 8);
  lathe_array_free(&array);
  ck_assert(!lathe_array_read_optional(FILES "absent.npz", "labels", &array, &found, &err));
  bool has = false;
  ck_assert(lathe_array_has_members(FILES "stored.npz", &has, &err) && has);
  ck_assert(lathe_array_has_members(FILES "deflated.npz.gz", &has, &err) && has);
  ck_assert(lathe_array_has_members(FILES "uint8.npy", &has, &err) && !has);
  ck_assert(!lathe_array_has_members(FILES "absent.npz", &has, &err));
}
END_TEST

/* A pipe cannot be read twice or jumped in, and still can be read. */
START_TEST(pipes)
{
  static const char *const files[] = {"uint8.npy", "images.idx.gz", "deflated.npz"};
  for (int i = 0; i < 3; i++) {
    char path[128];
    int ends[2];
    size_t size;
    snprintf(path, sizeof path, FILES "%s", files[i]);
    unsigned char *bytes = read_bytes(path, &size);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], bytes, size), (ssize_t)size);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    struct lathe_array array;
    ck_assert_msg(lathe_array_read(path, "data", &array, &err), "%s", err.text);
    ck_assert_int_eq(array.count, 120);
    ck_assert_double_eq(value(&array, 119), made(LATHE_U8, 119));
    lathe_array_free(&array);
    close(ends[0]);
    free(bytes);
  }
}
END_TEST

static const struct {
  enum lathe_dtype dtype;
  union {
    uint8_t u8[8];
    int8_t i8[8];
    uint16_t u16[4];
    int16_t i16[4];
    uint32_t u32[2];
    int32_t i32[2];
    uint64_t u64[1];
    int64_t i64[1];
    float f32[2];
    double f64[1];
  } values;
  const char *words; /* "" when it can be done */
  int64_t first;
} LABELS[] = {
    {LATHE_U8, {.u8 = {255}}, "", 255},
    {LATHE_I8, {.i8 = {-128}}, "", -128},
    {LATHE_U16, {.u16 = {65535}}, "", 65535},
    {LATHE_I16, {.i16 = {-32768}}, "", -32768},
    {LATHE_U32, {.u32 = {4294967295u}}, "", 4294967295},
    {LATHE_I32, {.i32 = {-5}}, "", -5},
    {LATHE_I64, {.i64 = {-6}}, "", -6},
    {LATHE_U64, {.u64 = {INT64_MAX}}, "", INT64_MAX},
    {LATHE_U64, {.u64 = {(uint64_t)INT64_MAX + 1}}, "named|9223372036854775808|int64", 0},
    {LATHE_F32, {.f32 = {1}}, "named|float32|whole numbers", 0},
    {LATHE_F64, {.f64 = {1}}, "named|float64|whole numbers", 0},
};

START_TEST(to_i64)
{
  struct lathe_array array = {.dtype = LABELS[_i].dtype, .rank = 1, .shape = {1}, .count = 1};
  array.data = malloc(8);
  memcpy(array.data, &LABELS[_i].values, 8);
  bool good = lathe_array_to_i64(&array, "named", &err);
  ck_assert_int_eq(good, LABELS[_i].words[0] == '\0');
  if (good) {
    ck_assert_int_eq(array.dtype, LATHE_I64);
    ck_assert_int_eq(*(int64_t *)array.data, LABELS[_i].first);
  } else {
    assert_words(err.text, LABELS[_i].words);
  }
  lathe_array_free(&array);
}
END_TEST

START_TEST(shapes)
{
  char text[LATHE_SHAPE_TEXT];
  ck_assert_str_eq(lathe_shape_text(text, 0, NULL), "[]");
  ck_assert_str_eq(lathe_shape_text(text, 3, (int64_t[]){3, 28, 1}), "[3, 28, 1]");
  int64_t large[8] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX,
                      INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
  ck_assert_uint_lt(strlen(lathe_shape_text(text, 8, large)), LATHE_SHAPE_TEXT);
  ck_assert_int_eq(lathe_shape_count(0, NULL, 8), 1);
  ck_assert_int_eq(lathe_shape_count(2, (int64_t[]){3, 4}, 8), 12);
  ck_assert_int_eq(lathe_shape_count(2, (int64_t[]){3, -4}, 8), -1);
  ck_assert_int_eq(lathe_shape_count(1, (int64_t[]){PTRDIFF_MAX / 8}, 8), PTRDIFF_MAX / 8);
  ck_assert_int_eq(lathe_shape_count(1, (int64_t[]){PTRDIFF_MAX / 8 + 1}, 8), -1);
  ck_assert_int_eq(lathe_shape_count(8, large, 1), -1);
}
END_TEST

#define COUNT(table) ((int)(sizeof table / sizeof *table))

int main(void)
{
  TCase *tests = tcase_create("array");
  tcase_add_loop_test(tests, good_file, 0, COUNT(GOOD));
  tcase_add_loop_test(tests, bad_file, 0, COUNT(BAD_FILES));
  tcase_add_loop_test(tests, npy_header, 0, COUNT(HEADERS));
  tcase_add_loop_test(tests, npy_written, 0, COUNT(WRITTEN));
  tcase_add_loop_test(tests, bad_bytes, 0, COUNT(BYTES_));
  tcase_add_loop_test(tests, cut_file, 0, COUNT(CUT));
  tcase_add_loop_test(tests, damaged_file, 0, COUNT(DAMAGED));
  tcase_add_test(tests, optional_member);
  tcase_add_test(tests, pipes);
  tcase_add_loop_test(tests, to_i64, 0, COUNT(LABELS));
  tcase_add_test(tests, shapes);
  return run_case(tests, "array");
}
