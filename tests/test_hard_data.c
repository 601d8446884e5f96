/* Data that is hard: sound, but with nothing to learn from it, is trained on to finite numbers;
 * what lies of its size is refused, within memory for what the file really holds. */
#include "binary.h"
#include <math.h>
#include <zlib.h>

/* Bytes of address space that a program may have: for itself, its libraries and their threads. */
enum { LIMIT = 768 << 20 };

static void setup(void)
{
  make_digits_and_small();
}

/* ---- Sound, and hard ---- */

static unsigned char zero(int image, int pixel)
{
  return (unsigned char)(0 * (image + pixel));
}

static unsigned char full(int image, int pixel)
{
  return (unsigned char)(255 - zero(image, pixel));
}

static unsigned char stripes(int image, int pixel)
{
  return (unsigned char)(pixel % 3 == 0 ? 255 : zero(image, pixel));
}

static unsigned char two_images(int image, int pixel)
{
  return (unsigned char)((pixel / SIDE % 2 == image % 2) ? 200 : 30);
}

static const struct {
  const char *name;
  int images;
  unsigned char (*value)(int image, int pixel);
  const char *option, *argument, *refused; /* what it says; NULL: it is trained on */
} hard[] = {
    {"black images", 40, zero, NULL, NULL, NULL},
    {"white images", 40, full, NULL, NULL, NULL},
    {"one image, a thousand times", 1000, stripes, NULL, NULL, NULL},
    {"two images, a thousand times", 2000, two_images, NULL, NULL, NULL},
    {"fewer images than a batch", 7, two_images, NULL, NULL, NULL},
    {"as many images as components", 3, two_images, "--split", "1", NULL},
    {"fewer images than components", 2, two_images, "--split", "1", "2 images|3 components"},
    {"one image", 1, stripes, NULL, NULL, "1 images|3 components"},
};
enum { HARD = sizeof hard / sizeof *hard };

static void check_finite(const json_t *json)
{
  const char *key;
  json_t *value;
  size_t i;
  ck_assert(!json_is_real(json) || isfinite(json_real_value(json)));
  json_object_foreach((json_t *)json, key, value) check_finite(value);
  json_array_foreach(json, i, value) check_finite(value);
}

START_TEST(hard_data)
{
  const int64_t shape[3] = {hard[_i].images, SIDE, SIDE};
  struct lathe_array images = new_array(LATHE_U8, 3, shape);
  for (int64_t i = 0; i < images.count; i++)
    ((uint8_t *)images.data)[i] = hard[_i].value((int)(i / IMAGE), (int)(i % IMAGE));
  write_data(in_folder("hard.npz"), &images, NULL);
  lathe_array_free(&images);
  struct said said = SPAWN(SMALL, "train", "--data", in_folder("hard.npz"), "--run",
                           in_folder("hard"), "--quiet", hard[_i].option, hard[_i].argument);
  if (hard[_i].refused != NULL) {
    assert_refused(said, SMALL, 1, hard[_i].refused);
    return;
  }
  ck_assert_msg(said.status == 0, "%s: status %d: %s", hard[_i].name, said.status, said.err);
  said_free(&said);
  char *text = read_file(in_folder("hard/metrics.json"), NULL);
  json_t *metrics = parse_json(text, hard[_i].name);
  check_finite(metrics);
  ck_assert(isfinite(json_double(json_object_get(metrics, "training"), "loss")));
  json_decref(metrics);
  free(text);
  SPAWN_QUIETLY(SMALL, "encode", "--run", in_folder("hard"), "--data", in_folder("hard.npz"), "-o",
                in_folder("encoded.npz"));
  struct lathe_array chances = read_array(in_folder("encoded.npz"), "responsibilities");
  assert_within(&chances, 0, 1);
  lathe_array_free(&chances);
  remove_below(in_folder("hard"));
}
END_TEST

/* Labelled images of one class name no clusters but one. */
START_TEST(one_class)
{
  const int64_t shape[3] = {9, SIDE, SIDE}, nine[1] = {9};
  struct lathe_array images = new_array(LATHE_U8, 3, shape), labels = new_array(LATHE_I64, 1, nine);
  for (int64_t i = 0; i < images.count; i++)
    ((uint8_t *)images.data)[i] = two_images((int)(i / IMAGE), (int)(i % IMAGE));
  write_data(in_folder("one.npz"), &images, &labels);
  lathe_array_free(&images);
  lathe_array_free(&labels);
  assert_refused(SPAWN(MLP, "train", "--data", TRAIN, "--labelled", in_folder("one.npz"), "--run",
                       in_folder("never")),
                 MLP, 1, "one.npz|1 classes|3 components");
  ck_assert(!exists(in_folder("never")));
  /* Started from the points themselves, the mixture has three; one of them is named. */
  SPAWN_QUIETLY(SMALL, "train", "--data", in_folder("one.npz"), "--labelled", in_folder("one.npz"),
                "--run", in_folder("one"), "--quiet");
  SPAWN_QUIETLY(SMALL, "eval", "--run", in_folder("one"), "--data", in_folder("one.npz"));
  SPAWN_QUIETLY(SMALL, "report", "--run", in_folder("one"), "--quiet");
  remove_below(in_folder("one"));
}
END_TEST

/* ---- What lies of its size ---- */

/* Version 1.0 of .npy: the header that claims a shape. */
static size_t npy_header(char header[128], const char *shape)
{
  memcpy(header, "\x93NUMPY\1\0\x76", 10);
  int length =
      snprintf(header + 10, 118, "{'descr': '|u1', 'fortran_order': False, 'shape': %s, }", shape);
  memset(header + 10 + length, ' ', (size_t)(117 - length));
  header[127] = '\n';
  return 128;
}

/* A gzipped .npy of that shape, and so many MiB of zeros. */
static void write_gzipped(const char *path, const char *shape, int mebibytes)
{
  static const char zeros[1 << 20];
  char header[128];
  gzFile file = gzopen(path, "wb9");
  ck_assert_ptr_nonnull(file);
  size_t size = npy_header(header, shape);
  ck_assert_int_eq(gzwrite(file, header, (unsigned)size), (int)size);
  for (int i = 0; i < mebibytes; i++)
    ck_assert_int_eq(gzwrite(file, zeros, sizeof zeros), sizeof zeros);
  ck_assert_int_eq(gzclose(file), Z_OK);
}

static void write_plain(const char *path, const char *shape, size_t bytes)
{
  char file[4096] = "";
  size_t size = npy_header(file, shape);
  ck_assert_uint_le(size + bytes, sizeof file);
  write_file(path, file, size + bytes);
}

/* An archive with one array under that name. */
static void write_named(const char *path, const char *name)
{
  const int64_t shape[3] = {4, SIDE, SIDE};
  struct lathe_array images = new_array(LATHE_U8, 3, shape);
  struct lathe_error err;
  struct lathe_npz *npz = lathe_npz_create(path, &err);
  ck_assert(npz != NULL && lathe_npz_add(npz, name, &images, &err));
  ck_assert_msg(lathe_npz_commit(npz, &err), "%s", err.text);
  lathe_array_free(&images);
}

static const struct {
  const char *name, *shape; /* or the member's name, where there is no shape in it */
  int kind; /* -2: one of tests/fuzz/seeds; -1: an archive; 0: plain; else gzipped, of
             * so many MiB */
  const char *words;
} liars[] = {
    {"more.npy", "(1000000000, 28, 28)", 0, "more.npy|truncated"},
    {"beyond.npy", "(4611686018427387904, 28, 28)", 0, "beyond.npy"},
    {"negative.npy", "(-1, 28, 28)", 0, "negative.npy"},
    {"deep.npy", "(1, 1, 1, 1, 1, 1, 1, 1, 1, 28, 28)", 0, "deep.npy"},
    {"less.npy.gz", "(10, 28, 28)", 1024, "less.npy.gz|more bytes"},
    {"bomb.npy.gz", "(1369568, 28, 28)", 1024, "bomb.npy.gz|memory"},
    {"claims.npy.gz", "(1000000000, 28, 28)", 1, "claims.npy.gz|truncated"},
    {"sizes.npz", "images/sizes.npz", -2, "sizes.npz|member data"},
    {"above.npz", "../../data", -1, "above.npz|no member `data`|../../data"},
    {"root.npz", "/data", -1, "root.npz|no member `data`|/data"},
    {"long.npz", "datadatadatadatadatadatadatadatadatadatadatadatadatadatadatadatadatadatadata", -1,
     "long.npz|no member `data`"},
};
enum { LIARS = sizeof liars / sizeof *liars };

START_TEST(lies)
{
  const char *path = in_folder("%s", liars[_i].name);
  char seed[SPAWN_PATH];
  snprintf(seed, sizeof seed, "tests/fuzz/seeds/%s", liars[_i].shape);
  if (liars[_i].kind == -2)
    SPAWN_QUIETLY("cp", seed, path);
  else if (liars[_i].kind == -1)
    write_named(path, liars[_i].shape);
  else if (liars[_i].kind == 0)
    write_plain(path, liars[_i].shape, 784);
  else
    write_gzipped(path, liars[_i].shape, liars[_i].kind);
  spawn_memory_limit = LIMIT;
  struct said said =
      SPAWN(SMALL, "train", "--data", path, "--run", in_folder("never"), "--threads", "1");
  spawn_memory_limit = 0;
  assert_refused(said, SMALL, 1, liars[_i].words);
  ck_assert(!exists(in_folder("never")));
  ck_assert_int_eq(unlink(path), 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("hard_data");
  TCase *tests = tcase_create("hard_data");
  tcase_add_unchecked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 4 * SPAWN_SECONDS);
  tcase_add_loop_test(tests, hard_data, 0, HARD);
  tcase_add_test(tests, one_class);
  tcase_add_loop_test(tests, lies, 0, LIARS);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
