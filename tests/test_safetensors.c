/* Tensors in safetensors files: those of the format's own library, ours, and broken ones. */
#include "make_files.h"
#include "runtime/safetensors.h"

START_TEST(reads_the_reference)
{
  struct lathe_tensors tensors;
  ck_assert_msg(lathe_tensors_read(&tensors, FILES "mixed.safetensors", &err), "%s", err.text);
  ck_assert_int_eq(tensors.count, 6);
  ck_assert_int_eq(tensors.metadata_count, 2);
  ck_assert_str_eq(lathe_tensors_metadata(&tensors, "format"), "pt");
  ck_assert_str_eq(lathe_tensors_metadata(&tensors, "note"), "caf\xc3\xa9 \"quoted\"");
  ck_assert_ptr_null(lathe_tensors_metadata(&tensors, "absent"));
  static const struct {
    const char *name;
    enum lathe_dtype dtype;
    int rank;
    int64_t shape[2];
  } expected[] = {
      {"bytes", LATHE_U8, 1, {3}},       {"single", LATHE_F32, 2, {2, 3}},
      {"double", LATHE_F64, 1, {4}},     {"whole", LATHE_I64, 2, {2, 2}},
      {"nothing", LATHE_F32, 2, {0, 3}}, {"steps", LATHE_I64, 0, {0}},
  };
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    const struct lathe_array *array = lathe_tensors_find(&tensors, expected[i].name);
    ck_assert_msg(array != NULL, "no %s", expected[i].name);
    ck_assert_int_eq(array->dtype, expected[i].dtype);
    ck_assert_int_eq(array->rank, expected[i].rank);
    for (int axis = 0; axis < array->rank; axis++)
      ck_assert_int_eq(array->shape[axis], expected[i].shape[axis]);
  }
  ck_assert_int_eq(*(int64_t *)lathe_tensors_find(&tensors, "steps")->data, 12);
  for (int i = 0; i < 6; i++)
    ck_assert_float_eq(((float *)lathe_tensors_find(&tensors, "single")->data)[i],
                       (float)i / 8 - 1);
  for (int i = 0; i < 4; i++) {
    ck_assert_double_eq(((double *)lathe_tensors_find(&tensors, "double")->data)[i], i / 8. - 1);
    ck_assert_int_eq(((int64_t *)lathe_tensors_find(&tensors, "whole")->data)[i], 7 * i);
  }
  ck_assert_mem_eq(lathe_tensors_find(&tensors, "bytes")->data, "\0\7\16", 3);
  ck_assert_ptr_null(lathe_tensors_find(&tensors, "singl"));
  lathe_tensors_free(&tensors);
}
END_TEST

/* An odd number of bytes first, so that order and alignment are put to the test. */
static void fill(struct lathe_tensors *tensors)
{
  memcpy(lathe_tensors_add(tensors, "bytes", LATHE_U8, 1, (int64_t[]){3}, &err), "abc", 3);
  float *single = lathe_tensors_add(tensors, "single", LATHE_F32, 2, (int64_t[]){3, 1}, &err);
  for (int i = 0; i < 3; i++)
    single[i] = (float)i / 3;
  double *real = lathe_tensors_add(tensors,
                                   "r\xc3\xa9"
                                   "al \"",
                                   LATHE_F64, 1, (int64_t[]){1}, &err);
  *real = 1. / 3;
  int64_t *whole = lathe_tensors_add(tensors, "whole", LATHE_I64, 0, NULL, &err);
  *whole = INT64_MIN;
  ck_assert(lathe_tensors_add_metadata(tensors, "format", "old", &err));
  ck_assert(lathe_tensors_add_metadata(tensors, "model", "digits", &err));
  ck_assert(lathe_tensors_add_metadata(tensors, "format", "pt", &err));
}

START_TEST(round_trip)
{
  struct lathe_tensors written = {0}, read;
  fill(&written);
  ck_assert_msg(lathe_tensors_write(&written, in_folder("w"), &err), "%s", err.text);
  ck_assert_int_eq(files_in_folder(), 1);
  ck_assert_msg(lathe_tensors_read(&read, in_folder("w"), &err), "%s", err.text);
  ck_assert_int_eq(read.count, written.count);
  ck_assert_int_eq(read.metadata_count, 2);
  ck_assert_str_eq(lathe_tensors_metadata(&read, "format"), "pt");
  for (int i = 0; i < written.count; i++) {
    const struct lathe_array *from = &written.items[i].array;
    const struct lathe_array *to = lathe_tensors_find(&read, written.items[i].name);
    ck_assert_ptr_nonnull(to);
    ck_assert_int_eq(to->dtype, from->dtype);
    ck_assert_int_eq(to->rank, from->rank);
    ck_assert_mem_eq(to->shape, from->shape, sizeof from->shape);
    ck_assert_mem_eq(to->data, from->data, (size_t)from->count * lathe_dtype_size(from->dtype));
  }
  lathe_tensors_free(&read);
  lathe_tensors_free(&written);
}
END_TEST

/* The header is padded so that values start at a multiple of 8, the widest first. */
START_TEST(layout)
{
  struct lathe_tensors tensors = {0};
  fill(&tensors);
  ck_assert(lathe_tensors_write(&tensors, in_folder("w"), &err));
  lathe_tensors_free(&tensors);
  static const char header[] =
      "{\"__metadata__\":{\"format\":\"pt\",\"model\":\"digits\"},"
      "\"r\xc3\xa9"
      "al \\\"\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
      "\"whole\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[8,16]},"
      "\"single\":{\"dtype\":\"F32\",\"shape\":[3,1],\"data_offsets\":[16,28]},"
      "\"bytes\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[28,31]}}";
  size_t size, padded = (sizeof header - 1 + 7) / 8 * 8;
  unsigned char *bytes = read_bytes(in_folder("w"), &size);
  ck_assert_uint_eq(size, 8 + padded + 31);
  ck_assert_uint_eq(bytes[0] + 256u * bytes[1], padded);
  ck_assert_mem_eq(bytes + 8, header, sizeof header - 1);
  ck_assert_mem_eq(bytes + 8 + padded + 28, "abc", 3);
  free(bytes);
}
END_TEST

/* With a checksum, no byte of a file can change unseen, but for those of the metadata's key itself,
 * without which there is no checksum. */
START_TEST(checksum)
{
  static const char key[] = "\"crc32\":\"";
  struct lathe_tensors tensors = {0}, read;
  fill(&tensors);
  ck_assert(lathe_tensors_want_checksum(&tensors, &err));
  ck_assert(lathe_tensors_write(&tensors, in_folder("w"), &err));
  lathe_tensors_free(&tensors);
  ck_assert_msg(lathe_tensors_read(&read, in_folder("w"), &err), "%s", err.text);
  ck_assert_uint_eq(strlen(lathe_tensors_metadata(&read, "crc32")), 8);
  lathe_tensors_free(&read);

  size_t size;
  unsigned char *bytes = read_bytes(in_folder("w"), &size);
  const char *start = strstr((const char *)bytes + 8, key);
  ck_assert_ptr_nonnull(start);
  size_t skip = (size_t)(start + 1 - (const char *)bytes);
  ck_assert_uint_ge(size, 300);
  for (size_t i = 0; i < size; i++) {
    if (i >= skip && i < skip + 5)
      continue;
    bytes[i] ^= 1;
    write_bytes("w", bytes, size);
    ck_assert_msg(!lathe_tensors_read(&read, in_folder("w"), &err), "byte %zu", i);
    bytes[i] ^= 1;
  }
  free(bytes);
}
END_TEST

START_TEST(nothing_in_it)
{
  struct lathe_tensors tensors = {0};
  ck_assert_msg(lathe_tensors_write(&tensors, in_folder("w"), &err), "%s", err.text);
  ck_assert_msg(lathe_tensors_read(&tensors, in_folder("w"), &err), "%s", err.text);
  ck_assert_int_eq(tensors.count, 0);
  lathe_tensors_free(&tensors);
}
END_TEST

START_TEST(refuses_to_add)
{
  struct lathe_tensors tensors = {0};
  ck_assert_ptr_nonnull(lathe_tensors_add(&tensors, "a", LATHE_F32, 0, NULL, &err));
  static const struct {
    const char *name;
    enum lathe_dtype dtype;
    int rank;
    int64_t shape[9];
    const char *words;
  } cases[] = {
      {"a", LATHE_F32, 0, {0}, "tensor a|there already"},
      {"b", LATHE_I32, 0, {0}, "tensor b|int32"},
      {"b", LATHE_F32, 9, {1, 1, 1, 1, 1, 1, 1, 1, 1}, "tensor b|9 dimensions"},
      {"b", LATHE_F32, 1, {-1}, "tensor b|impossible shape|[-1]"},
      {"b", LATHE_F64, 2, {INT64_MAX, 2}, "tensor b|impossible shape"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ck_assert_ptr_null(lathe_tensors_add(&tensors, cases[i].name, cases[i].dtype, cases[i].rank,
                                         cases[i].shape, &err));
    assert_words(err.text, cases[i].words);
  }
  ck_assert_int_eq(tensors.count, 1);
  lathe_tensors_free(&tensors);
}
END_TEST

START_TEST(unwritable)
{
  struct lathe_tensors tensors = {0};
  fill(&tensors);
  ck_assert(!lathe_tensors_write(&tensors, in_folder("absent/w"), &err));
  assert_words(err.text, "absent/w|make its folder first");
  ck_assert_ptr_nonnull(
      lathe_tensors_add(&tensors, "large", LATHE_F64, 1, (int64_t[]){1000}, &err));
  fill_disk(true);
  ck_assert(!lathe_tensors_write(&tensors, in_folder("w"), &err));
  fill_disk(false);
  assert_words(err.text, "w cannot be written|free some space");
  ck_assert_int_eq(files_in_folder(), 0);
  lathe_tensors_add(&tensors, "\xff\xfe", LATHE_F32, 0, NULL, &err);
  ck_assert(!lathe_tensors_write(&tensors, in_folder("w"), &err));
  assert_words(err.text, "UTF-8");
  ck_assert_int_eq(files_in_folder(), 0);
  lathe_tensors_free(&tensors);
}
END_TEST

#define T(name, dtype, shape, begin, end)                                                          \
  "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]" \
  "}"
#define A T("a", "F32", "[2]", "0", "8")

/* Headers followed by so many bytes of values; words "" where the file is good. */
static const struct {
  const char *header;
  size_t size;
  const char *words;
} HEADERS[] = {
    {"{" A "}", 8, ""},
    {"{" A "}   ", 8, ""},
    {"{" T("b", "U8", "[3]", "8", "11") "," A "}", 11, ""},
    {"{" T("b", "U8", "[1]", "0", "1") "," T("a", "F32", "[2]", "1", "9") "}", 9, ""},
    {"{" T("b", "U8", "[0]", "8", "8") "," A "}", 8, ""},
    {"{" A "}", 7, "7 bytes of values where its header describes 8|truncated"},
    {"{" A "}", 9, "9 bytes of values where its header describes 8"},
    {"{}", 1, "1 bytes of values"},
    {"{" A "," A "}", 8, "header is not valid|duplicate"},
    {"{" A "," T("b", "U8", "[3]", "9", "12") "}", 12, "tensor b|begins at byte 9|gap"},
    {"{" A "," T("b", "U8", "[3]", "7", "10") "}", 10, "tensor b|begins at byte 7|inside"},
    {"{" T("b", "U8", "[3]", "8", "11") "}", 11, "tensor b|gap"},
    {"{" A "," T("b", "F32", "[2]", "0", "8") "}", 8, "tensor b|inside"},
    {"{" T("a", "F32", "[2]", "0", "4") "}", 4, "tensor a|[2] of float32|0 to 4"},
    {"{" T("a", "F32", "[2]", "8", "0") "}", 8, "tensor a|8 to 0"},
    {"{" T("a", "F32", "[2]", "-8", "0") "}", 8, "tensor a|-8 to 0"},
    {"{" T("a", "F32", "[2]", "0", "9223372036854775807") "}", 8, "tensor a"},
    {"{" T("a", "F32", "[2]", "0", "9223372036854775808") "}", 8, "not valid"},
    {"{" T("a", "F32", "[-2]", "0", "8") "}", 8, "impossible shape, [-2]"},
    {"{" T("a", "F32", "[4294967296,4294967296]", "0", "8") "}", 8, "impossible shape"},
    {"{" T("a", "F32", "[1e300]", "0", "8") "}", 8, "impossible shape"},
    {"{" T("a", "F32", "[2.0]", "0", "8") "}", 8, "impossible shape"},
    {"{" T("a", "F32", "2", "0", "8") "}", 8, "no shape"},
    {"{" T("a", "F32", "[1,1,1,1,1,1,1,1,2]", "0", "8") "}", 8, "at most 8 dimensions"},
    {"{" T("a", "F16", "[4]", "0", "8") "}", 8, "tensor a|F16|F32, F64, I64 or U8"},
    {"{" T("a", "f32", "[2]", "0", "8") "}", 8, "tensor a|f32"},
    {"{\"a\":{\"dtype\":7,\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "type unknown"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "tensor a|no data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8, "no data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0.0,8.0]}}", 8, "no data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "tensor a|no shape"},
    {"{\"a\":3}", 8, "tensor a"},
    {"[]", 0, "no JSON object"},
    {"", 0, "not valid"},
    {"{", 0, "not valid"},
    {"{}x", 0, "not valid"},
    {"{\"\xff\":1}", 0, "not valid"},
    {"{\"__metadata__\":{\"a\":\"b\"}}", 0, ""},
    {"{\"__metadata__\":{\"a\":1}}", 0, "metadata a is no string"},
    {"{\"__metadata__\":[]}", 0, "__metadata__ is no map"},
};

START_TEST(header)
{
  unsigned char bytes[512] = {0};
  size_t length = strlen(HEADERS[_i].header);
  bytes[0] = (unsigned char)length;
  memcpy(bytes + 8, HEADERS[_i].header, length);
  const char *path = write_bytes("w", bytes, 8 + length + HEADERS[_i].size);
  struct lathe_tensors tensors;
  bool good = lathe_tensors_read(&tensors, path, &err);
  ck_assert_msg(good == (HEADERS[_i].words[0] == '\0'), "%s: %s", HEADERS[_i].header, err.text);
  if (!good) {
    assert_words(err.text, HEADERS[_i].words);
    assert_words(err.text, path);
    ck_assert_ptr_null(tensors.items);
    ck_assert_ptr_null(tensors.metadata);
  }
  lathe_tensors_free(&tensors);
}
END_TEST

static const struct {
  const char *bytes;
  size_t size;
  const char *words;
} SHORT[] = {
    {"", 0, "too short"},
    {"\2\0\0\0\0\0\0", 7, "too short"},
    {"\3\0\0\0\0\0\0\0{}", 10, "no safetensors file|3 bytes in a file of 10"},
    {"\2\0\0\0\0\0\0\x80{}", 10, "no safetensors file"},
    {"\xff\xff\xff\xff\xff\xff\xff\xff{}", 10, "no safetensors file"},
};

START_TEST(length)
{
  struct lathe_tensors tensors;
  ck_assert(!lathe_tensors_read(&tensors, write_bytes("w", SHORT[_i].bytes, SHORT[_i].size), &err));
  assert_words(err.text, SHORT[_i].words);
}
END_TEST

START_TEST(bad_file)
{
  struct lathe_tensors tensors;
  ck_assert(!lathe_tensors_read(&tensors, FILES "absent.safetensors", &err));
  assert_words(err.text, "absent.safetensors|No such file");
  ck_assert(!lathe_tensors_read(&tensors, folder, &err));
  assert_words(err.text, "is not a file");
  ck_assert(!lathe_tensors_read(&tensors, FILES "float16.safetensors", &err));
  assert_words(err.text, "tensor half|F16");
  ck_assert(!lathe_tensors_read(&tensors, FILES "stored.npz", &err));
  assert_words(err.text, "no safetensors file");
}
END_TEST

int main(void)
{
  TCase *tests = tcase_create("safetensors");
  tcase_add_test(tests, reads_the_reference);
  tcase_add_test(tests, round_trip);
  tcase_add_test(tests, layout);
  tcase_add_test(tests, checksum);
  tcase_add_test(tests, nothing_in_it);
  tcase_add_test(tests, refuses_to_add);
  tcase_add_test(tests, unwritable);
  tcase_add_loop_test(tests, header, 0, (int)(sizeof HEADERS / sizeof *HEADERS));
  tcase_add_loop_test(tests, length, 0, (int)(sizeof SHORT / sizeof *SHORT));
  tcase_add_test(tests, bad_file);
  return run_case(tests, "safetensors");
}
