/* Files with random bytes changed, removed or added: each is read or refused with a message, and
 * nothing crashes (worth most when built with sanitizers). */
#include "make_files.h"
#include "runtime/safetensors.h"

enum { ROUNDS = 2000, MOST_EDITS = 4 };

static const char *const SOURCES[] = {
    "stored.npz",        "deflated.npz",      "deflated.npz.gz",
    "float32.npy",       "float64.npy",       "version2.npy",
    "float32.npy.gz",    "images.idx",        "images.idx.gz",
    "float64.idx",       "int32.idx",         "records.npy",
    "scalar.npy",        "mixed.safetensors", "state_dict.safetensors",
    "other_members.npz",
};

/* Bytes and numbers that formats give a meaning to. */
static const unsigned char LIKELY[] = {0,   1,   2,   0x7f, 0x80, 0xff, '0', '9',
                                       '-', '(', ',', '"',  '\'', '{',  '}', 'L'};

/* xorshift64* (Vigna 2016): the same edits on every machine. */
static uint64_t next(uint64_t *seed)
{
  *seed ^= *seed >> 12;
  *seed ^= *seed << 25;
  *seed ^= *seed >> 27;
  return *seed * UINT64_C(2685821657736338717);
}

static size_t below(uint64_t *seed, size_t n)
{
  return (size_t)(next(seed) >> 33) % n;
}

/* One edit of `bytes`, which have room for one more. */
static size_t edit(unsigned char *bytes, size_t size, uint64_t *seed)
{
  /* headers are where the trouble is: half of the edits are in the first bytes */
  size_t span = below(seed, 2) && size > 96 ? 96 : size;
  if (span == 0)
    return size;
  size_t at = below(seed, span);
  switch (below(seed, 6)) {
  case 0:
    bytes[at] ^= (unsigned char)(1u << below(seed, 8));
    return size;
  case 1:
    bytes[at] = (unsigned char)below(seed, 256);
    return size;
  case 2:
  case 3:
    bytes[at] = LIKELY[below(seed, sizeof LIKELY)];
    return size;
  case 4:
    memmove(bytes + at, bytes + at + 1, size - at - 1);
    return size - 1;
  default:
    memmove(bytes + at + 1, bytes + at, size - at);
    bytes[at] = LIKELY[below(seed, sizeof LIKELY)];
    return size + 1;
  }
}

static bool read_any(const char *path, bool tensors)
{
  if (tensors) {
    struct lathe_tensors read;
    bool good = lathe_tensors_read(&read, path, &err);
    lathe_tensors_free(&read);
    return good;
  }
  struct lathe_array array;
  bool good = lathe_array_read(path, "data", &array, &err);
  lathe_array_free(&array);
  return good;
}

START_TEST(edited)
{
  char path[128];
  size_t original_size;
  snprintf(path, sizeof path, FILES "%s", SOURCES[_i]);
  bool tensors = strstr(path, ".safetensors") != NULL;
  unsigned char *original = read_bytes(path, &original_size);
  unsigned char *bytes = malloc(original_size + MOST_EDITS);
  uint64_t seed = 1 + (uint64_t)_i;
  for (int round = 0; round < ROUNDS; round++) {
    size_t size = original_size;
    memcpy(bytes, original, size);
    for (size_t edits = 1 + below(&seed, MOST_EDITS); edits > 0; edits--)
      size = edit(bytes, size, &seed);
    err.text[0] = '\0';
    if (!read_any(write_bytes("edited", bytes, size), tensors))
      ck_assert_msg(err.text[0] != '\0', "%s, round %d: no message", SOURCES[_i], round);
  }
  free(bytes);
  free(original);
}
END_TEST

int main(void)
{
  TCase *tests = tcase_create("corrupt");
  tcase_add_loop_test(tests, edited, 0, (int)(sizeof SOURCES / sizeof *SOURCES));
  return run_case(tests, "corrupt");
}
