/* SHA-256 against the examples that NIST publishes for FIPS 180-4, in pieces of any size. */
#include "runtime/sha256.h"
#include "spawn.h"

static const struct {
  const char *text;
  int times;
  const char *digest;
} CASES[] = {
    {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
     "lmnopqrsmnopqrstnopqrstu",
     1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"aaaaaaaaaa", 100000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};
enum { CASE_COUNT = sizeof CASES / sizeof *CASES };

START_TEST(published_digests)
{
  struct lathe_sha256 sha;
  char text[LATHE_SHA256_TEXT];
  lathe_sha256_start(&sha);
  for (int i = 0; i < CASES[_i].times; i++)
    lathe_sha256_add(&sha, CASES[_i].text, strlen(CASES[_i].text));
  lathe_sha256_text(&sha, text);
  ck_assert_str_eq(text, CASES[_i].digest);
}
END_TEST

START_TEST(any_pieces)
{
  enum { BYTES = 300 };
  char bytes[BYTES], whole[LATHE_SHA256_TEXT], text[LATHE_SHA256_TEXT];
  struct lathe_sha256 sha;
  for (int i = 0; i < BYTES; i++)
    bytes[i] = (char)(7 * i);
  for (size_t size = 0; size <= BYTES; size++) {
    lathe_sha256_start(&sha);
    lathe_sha256_add(&sha, bytes, size);
    lathe_sha256_text(&sha, whole);
    lathe_sha256_start(&sha);
    for (size_t i = 0, piece = 1; i < size; i += piece, piece = piece % 67 + 3) {
      size_t some = size - i < piece ? size - i : piece;
      lathe_sha256_add(&sha, bytes + i, some);
    }
    lathe_sha256_text(&sha, text);
    ck_assert_str_eq(text, whole);
  }
}
END_TEST

START_TEST(files)
{
  char text[LATHE_SHA256_TEXT];
  struct lathe_error err = {""};
  make_folder();
  write_text(in_folder("abc"), "abc");
  ck_assert(lathe_sha256_file(in_folder("abc"), text, &err));
  ck_assert_str_eq(text, CASES[1].digest);
  ck_assert(lathe_sha256_file("/dev/null", text, &err));
  ck_assert_str_eq(text, "");
  ck_assert(!lathe_sha256_file(in_folder("absent"), text, &err));
  ck_assert_ptr_nonnull(strstr(err.text, "absent cannot be read"));
  remove_folder();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("sha256");
  TCase *tests = tcase_create("sha256");
  tcase_add_loop_test(tests, published_digests, 0, CASE_COUNT);
  tcase_add_test(tests, any_pieces);
  tcase_add_test(tests, files);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
