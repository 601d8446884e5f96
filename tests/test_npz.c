/* Archives that are written, read back. (What NumPy writes is read in test_array.c.) */
#include "make_files.h"
#include "runtime/npz.h"
#include <zip.h>

static uint8_t pixels[2 * 3 * 4];
static float values[1000];
static int64_t cluster[] = {3, -1, 4};

static const struct {
  const char *name;
  struct lathe_array array;
} MEMBERS[] = {
    {"data", {.dtype = LATHE_U8, .rank = 3, .shape = {2, 3, 4}, .count = 24, .data = pixels}},
    {"mean", {.dtype = LATHE_F32, .rank = 2, .shape = {10, 100}, .count = 1000, .data = values}},
    {"cluster", {.dtype = LATHE_I64, .rank = 1, .shape = {3}, .count = 3, .data = cluster}},
    {"nothing", {.dtype = LATHE_F64, .rank = 2, .shape = {0, 5}, .count = 0, .data = NULL}},
    {"scalar", {.dtype = LATHE_F32, .rank = 0, .count = 1, .data = values}},
};
enum { MEMBER_COUNT = sizeof MEMBERS / sizeof *MEMBERS };

static void fill(void)
{
  for (int i = 0; i < 24; i++)
    pixels[i] = (uint8_t)(11 * i);
  for (int i = 0; i < 1000; i++)
    values[i] = (float)i / 7 - 3;
}

static void write_archive(const char *path)
{
  struct lathe_npz *npz = lathe_npz_create(path, &err);
  ck_assert_msg(npz != NULL, "%s", err.text);
  for (int i = 0; i < MEMBER_COUNT; i++)
    ck_assert_msg(lathe_npz_add(npz, MEMBERS[i].name, &MEMBERS[i].array, &err), "%s", err.text);
  ck_assert_msg(lathe_npz_commit(npz, &err), "%s", err.text);
}

START_TEST(round_trip)
{
  fill();
  write_archive(in_folder("out.npz"));
  ck_assert_int_eq(files_in_folder(), 1);
  for (int i = 0; i < MEMBER_COUNT; i++) {
    const struct lathe_array *written = &MEMBERS[i].array;
    struct lathe_array read;
    ck_assert_msg(lathe_array_read(in_folder("out.npz"), MEMBERS[i].name, &read, &err), "%s",
                  err.text);
    ck_assert_int_eq(read.dtype, written->dtype);
    ck_assert_int_eq(read.rank, written->rank);
    ck_assert_mem_eq(read.shape, written->shape, sizeof read.shape);
    ck_assert_int_eq(read.count, written->count);
    if (read.count)
      ck_assert_mem_eq(read.data, written->data, (size_t)read.count * lathe_dtype_size(read.dtype));
    lathe_array_free(&read);
  }
}
END_TEST

START_TEST(same_bytes)
{
  size_t sizes[2];
  unsigned char *bytes[2];
  fill();
  for (int i = 0; i < 2; i++) {
    setenv("TZ", i ? "Asia/Tokyo" : "America/New_York", 1);
    tzset();
    write_archive(in_folder("out.npz"));
    bytes[i] = read_bytes(in_folder("out.npz"), &sizes[i]);
    if (i == 0)
      sleep(2); /* dates in zip archives go by two seconds */
  }
  ck_assert_uint_eq(sizes[0], sizes[1]);
  ck_assert_mem_eq(bytes[0], bytes[1], sizes[0]);
  free(bytes[0]);
  free(bytes[1]);
}
END_TEST

START_TEST(deflated)
{
  fill();
  write_archive(in_folder("out.npz"));
  zip_t *zip = zip_open(in_folder("out.npz"), ZIP_RDONLY, NULL);
  ck_assert_ptr_nonnull(zip);
  zip_stat_t status;
  ck_assert_int_eq(zip_stat(zip, "mean.npy", 0, &status), 0);
  ck_assert_int_eq(status.comp_method, ZIP_CM_DEFLATE);
  ck_assert_uint_lt(status.comp_size, status.size);
  zip_discard(zip);
}
END_TEST

START_TEST(discarded)
{
  struct lathe_npz *npz = lathe_npz_create(in_folder("out.npz"), &err);
  ck_assert(lathe_npz_add(npz, MEMBERS[0].name, &MEMBERS[0].array, &err));
  lathe_npz_discard(npz);
  lathe_npz_discard(NULL);
  ck_assert_int_eq(files_in_folder(), 0);
}
END_TEST

START_TEST(name_taken)
{
  struct lathe_npz *npz = lathe_npz_create(in_folder("out.npz"), &err);
  ck_assert(lathe_npz_add(npz, "data", &MEMBERS[0].array, &err));
  ck_assert(!lathe_npz_add(npz, "data", &MEMBERS[0].array, &err));
  assert_words(err.text, "out.npz|data|exists");
  lathe_npz_discard(npz);
}
END_TEST

START_TEST(unwritable)
{
  ck_assert_ptr_null(lathe_npz_create(in_folder("absent/out.npz"), &err));
  assert_words(err.text, "absent/out.npz|make its folder first");
  struct lathe_array array = {.dtype = LATHE_U8, .rank = 1, .shape = {20000}, .count = 20000};
  uint8_t noise[20000]; /* does not deflate */
  for (uint32_t i = 0, x = 1; i < 20000; i++)
    noise[i] = (uint8_t)((x = 1664525 * x + 1013904223) >> 24);
  array.data = noise;
  struct lathe_npz *npz = lathe_npz_create(in_folder("out.npz"), &err);
  ck_assert_msg(npz != NULL, "%s", err.text);
  ck_assert(lathe_npz_add(npz, "data", &array, &err));
  fill_disk(true);
  ck_assert(!lathe_npz_commit(npz, &err));
  fill_disk(false);
  assert_words(err.text, "out.npz cannot be written|free some space");
  ck_assert_int_eq(files_in_folder(), 0);
}
END_TEST

/* Members that other programs can put into an archive. */
static void add_member(zip_t *zip, const char *name, const void *bytes, size_t size, bool secret)
{
  zip_source_t *source = zip_source_buffer(zip, bytes, size, 0);
  zip_int64_t index = zip_file_add(zip, name, source, 0);
  ck_assert_int_ge(index, 0);
  if (secret)
    ck_assert_int_eq(zip_file_set_encryption(zip, (zip_uint64_t)index, ZIP_EM_AES_128, "password"),
                     0);
}

START_TEST(odd_members)
{
  size_t size;
  unsigned char *npy = read_bytes(FILES "int16.npy", &size);
  zip_t *zip = zip_open(in_folder("odd.npz"), ZIP_CREATE, NULL);
  add_member(zip, "text.npy", "hello, world", 12, false);
  add_member(zip, "bare", npy, size, false);
  add_member(zip, "secret.npy", npy, size, true);
  add_member(zip, "short.npy", npy, size - 1, false);
  ck_assert_int_eq(zip_close(zip), 0);
  static const struct {
    const char *member, *words; /* words "" where the member is good */
  } cases[] = {
      {"bare", ""},
      {"text", "odd.npz, member text|not an .npy array"},
      {"secret", "odd.npz, member secret|password"},
      {"short", "odd.npz, member short|truncated"},
      {"absent", "no member `absent`|text, bare, secret, short"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct lathe_array array;
    bool good = lathe_array_read(in_folder("odd.npz"), cases[i].member, &array, &err);
    ck_assert_msg(good == (cases[i].words[0] == '\0'), "%s: %s", cases[i].member, err.text);
    if (!good)
      assert_words(err.text, cases[i].words);
    lathe_array_free(&array);
  }
  free(npy);
}
END_TEST

/* More members than a message can list. */
START_TEST(many_members)
{
  char name[300];
  zip_t *zip = zip_open(in_folder("many.npz"), ZIP_CREATE, NULL);
  for (int i = 0; i < 100; i++) {
    memset(name, 'm', sizeof name);
    snprintf(name + 200, 100, "%d", i);
    add_member(zip, name, "", 0, false);
  }
  ck_assert_int_eq(zip_close(zip), 0);
  struct lathe_array array;
  ck_assert(!lathe_array_read(in_folder("many.npz"), "data", &array, &err));
  assert_words(err.text, "no member `data`|mmmm");
}
END_TEST

/* What takes more than 4 MB in the archive is unpacked piece by piece, and has the same bytes. */
START_TEST(large_member)
{
  enum { BYTES = 6 << 20, NOISE = 5 << 20 };
  uint8_t *bytes = calloc(1, BYTES);
  for (uint32_t i = 0, x = 1; i < NOISE; i++)
    bytes[i] = (uint8_t)((x = 1664525 * x + 1013904223) >> 24);
  struct lathe_array array = {.rank = 1, .shape = {BYTES}, .count = BYTES, .data = bytes}, read;
  struct lathe_npz *npz = lathe_npz_create(in_folder("large.npz"), &err);
  ck_assert(lathe_npz_add(npz, "data", &array, &err) && lathe_npz_commit(npz, &err));
  ck_assert_msg(lathe_array_read(in_folder("large.npz"), "data", &read, &err), "%s", err.text);
  ck_assert_int_eq(read.count, BYTES);
  ck_assert_mem_eq(read.data, bytes, BYTES);
  lathe_array_free(&read);
  FILE *stream = fopen(in_folder("large.npz"), "r+b");
  ck_assert_int_eq(fseek(stream, 0, SEEK_END), 0);
  ck_assert_int_gt(ftell(stream), 4 << 20);
  fseek(stream, NOISE - 100, SEEK_SET);
  int byte = getc(stream);
  fseek(stream, NOISE - 100, SEEK_SET);
  putc(byte ^ 1, stream);
  fclose(stream);
  ck_assert(!lathe_array_read(in_folder("large.npz"), "data", &read, &err));
  assert_words(err.text, "large.npz, member data|damaged");
  free(bytes);
}
END_TEST

/* A header of an odd length leaves the values where no double may lie. */
START_TEST(odd_header)
{
  static const char header[] =
      "\x93NUMPY\1\0\x3b\0{'descr':'<f8','fortran_order':False,'shape':(3,)}        \n";
  const double numbers[] = {1.5, -2.25, 1e300};
  unsigned char bytes[sizeof header - 1 + sizeof numbers];
  struct lathe_array array;
  ck_assert_uint_eq((sizeof header - 1) % 8, 5);
  memcpy(bytes, header, sizeof header - 1);
  memcpy(bytes + sizeof header - 1, numbers, sizeof numbers);
  zip_t *zip = zip_open(in_folder("odd.npz"), ZIP_CREATE, NULL);
  add_member(zip, "data.npy", bytes, sizeof bytes, false);
  ck_assert_int_eq(zip_close(zip), 0);
  ck_assert_msg(lathe_array_read(in_folder("odd.npz"), "data", &array, &err), "%s", err.text);
  ck_assert_uint_eq((uintptr_t)array.data % sizeof(double), 0);
  ck_assert_mem_eq(array.data, numbers, sizeof numbers);
  lathe_array_free(&array);
}
END_TEST

int main(void)
{
  TCase *tests = tcase_create("npz");
  tcase_add_test(tests, round_trip);
  tcase_add_test(tests, same_bytes);
  tcase_add_test(tests, deflated);
  tcase_add_test(tests, discarded);
  tcase_add_test(tests, name_taken);
  tcase_add_test(tests, unwritable);
  tcase_add_test(tests, odd_members);
  tcase_add_test(tests, many_members);
  tcase_add_test(tests, large_member);
  tcase_add_test(tests, odd_header);
  return run_case(tests, "npz");
}
