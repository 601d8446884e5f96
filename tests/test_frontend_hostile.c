/* The compiler's front end on what no one would write on purpose: files that are no descriptions,
 * far too large ones, cut and damaged ones. */
#include "describe.h"
#include "folders.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(unreadable_files_are_refused)
{
  char folder[FOLDER_PATH], path[FOLDER_PATH + 8], error[256];
  struct mem *mem = mem_new();
  new_folder(folder);
  ck_assert_ptr_null(source_read(mem, folder, error, sizeof error));
  ck_assert_ptr_nonnull(strstr(error, "not a regular file"));
  snprintf(path, sizeof path, "%s/none", folder);
  ck_assert_ptr_null(source_read(mem, path, error, sizeof error));
  ck_assert_ptr_nonnull(strstr(error, "No such file"));
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  ck_assert_ptr_null(source_read(mem, path, error, sizeof error));
  unlink(path);
  FILE *file = fopen(path, "wb");
  ck_assert_ptr_nonnull(file);
  ck_assert_int_eq(ftruncate(fileno(file), SOURCE_MAX_BYTES), 0);
  ck_assert_ptr_nonnull(source_read(mem, path, error, sizeof error));
  ck_assert_int_eq(ftruncate(fileno(file), SOURCE_MAX_BYTES + 1), 0);
  ck_assert_ptr_null(source_read(mem, path, error, sizeof error));
  ck_assert_ptr_nonnull(strstr(error, "larger than 1048576 bytes"));
  fclose(file);
  mem_free(mem);
}
END_TEST

/* The largest files that repeat `piece` between `before` and `after`. */
static const struct {
  const char *before, *piece, *after;
} large[] = {
    {"", "a", ""},
    {"", "{ ", ""},
    {"", "m {", ""},
    {"", "\xC3\xA9", ""},
    {"model m { input x ", "[", ""},
    {"model m { input x [1", ", 1", "]; }"},
    {"model m { encoder { linear 1", ", a 1", "; } }"},
    {"model m { encoder { linear", " 1", "; } }"},
    {"model m { encoder { ", "gaussian z; ", "} }"},
    {"model m { input x [4]; latent z [2]; encoder { ", "relu; ", "gaussian y; } }"},
    {"model m { input x [4]; latent z [2]; encoder { ", "relu\n", "} }"},
    {"model m { train { ", "batch 1; ", "} }"},
    {"model m { ", "train { } ", "}"},
    {"model m { ", "wibble; ", "train { } }"},
    {"model m { train { ", "w @ 1.2.3; ", "} }"},
    {"", "model m { } ", ""},
    {"", "} ", ""},
    {"", "let a = 1; ", ""},
    {"let a = 1", " + 1", ";"},
    {"let a = ", "(", "1;"},
    {"let a = ", "-", "1;"},
    {"let a = 2", " ^ 2", ";"},
    {"let a = ", "min(1, ", ""},
    {"let a = min(1", ", 2", ");"},
    {"let a = 2; let b = [1", ", a", "];"},
    {"let a = 2; model m { encoder { linear", " a", "; } }"},
    {"let a = 2; model m { input x [", "a*", "a]; }"},
    {"let n = 3; model m { encoder { ", "repeat n { relu; } ", "} }"},
    {"model m { encoder { ", "repeat 9 { ", "} }"},
    {"block b(", "p, ", "q) { }"},
    {"", "block b { ", ""},
    {"", "block b { } ", ""},
    {"block b(n) { relu; } model m { encoder { ", "b ", "} }"},
    {"block b(n) { relu; } model m { encoder { b 1", ", n 1", "; } }"},
    {"", "include \"none.lathe\"; ", ""},
    {"include \"", "a", "\";"},
    {"", "include ", ""},
    {"", "\"", ""},
    {"defaults { ", "conv2d, pad 1; ", "}"},
    {"defaults { conv2d", ", pad 1", "; }"},
    {"", "lathe 1; ", ""},
};

START_TEST(large_files_get_short_answers)
{
  size_t piece = strlen(large[_i].piece), length = strlen(large[_i].before);
  size_t rest = strlen(large[_i].after);
  char *text = malloc(SOURCE_MAX_BYTES);
  memcpy(text, large[_i].before, length);
  for (; length + piece + rest <= SOURCE_MAX_BYTES; length += piece)
    memcpy(text + length, large[_i].piece, piece);
  memcpy(text + length, large[_i].after, rest);
  struct result result = run_text(text, length + rest);
  ck_assert_ptr_null(result.model);
  ck_assert_uint_gt(strlen(result.printed), 0);
  ck_assert_uint_lt(strlen(result.printed), 20000);
  release(&result);
  free(text);
}
END_TEST

/* As many constants as there may be, and as many uses of the last as there is room for. */
START_TEST(many_uses_of_many_constants)
{
  char *text = malloc(SOURCE_MAX_BYTES);
  size_t length = 0, most = SOURCE_MAX_BYTES - 64;
  for (int i = 0; i < EXPAND_MAX_CONSTANTS; i++)
    length += (size_t)sprintf(text + length, "let constant%d = %d;\n", i, i);
  length += (size_t)sprintf(text + length, "model m { encoder { linear [constant0");
  while (length < most)
    length += (size_t)sprintf(text + length, ",constant0");
  length += (size_t)sprintf(text + length, "]; } }");
  struct result result = run_text(text, length);
  ck_assert_ptr_null(result.model);
  ck_assert_uint_lt(strlen(result.printed), 20000);
  release(&result);
  free(text);
}
END_TEST

START_TEST(every_beginning_is_rejected)
{
  static const char *const paths[] = {"models/digits_conv.lathe", "tests/good/block.lathe",
                                      "tests/good/include.lathe", "tests/good/repeat.lathe"};
  char *whole = read_text(paths[_i]);
  ck_assert_ptr_nonnull(whole);
  size_t length = (size_t)(strrchr(whole, '}') - whole);
  for (size_t n = 0; n <= length; n++) {
    struct result result = run_text(whole, n);
    ck_assert_msg(result.model == NULL && *result.printed != '\0', "%zu bytes are accepted", n);
    release(&result);
  }
  free(whole);
}
END_TEST

START_TEST(any_change_is_survived)
{
  static const char bytes[] = {'\0', '\n', '{',    '}', ';', ',', '[', ']', '-',
                               '9',  'x',  '\x80', '(', ')', '=', '/', '"'};
  static const char *const paths[] = {"models/digits_mlp.lathe", "tests/good/let_everywhere.lathe",
                                      "tests/good/arithmetic.lathe", "tests/good/block.lathe"};
  char *whole = read_text(paths[_i]);
  ck_assert_ptr_nonnull(whole);
  size_t length = strlen(whole);
  for (size_t i = 0; i < length; i++) {
    char kept = whole[i];
    whole[i] = bytes[i % sizeof bytes];
    struct result result = run_text(whole, length);
    ck_assert((result.model == NULL) == (result.diags->errors > 0));
    release(&result);
    whole[i] = kept;
  }
  free(whole);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("frontend, hostile");
  TCase *hostile = tcase_create("hostile");
  tcase_set_timeout(hostile, 30);
  tcase_add_test(hostile, unreadable_files_are_refused);
  tcase_add_loop_test(hostile, large_files_get_short_answers, 0, LENGTH(large));
  tcase_add_test(hostile, many_uses_of_many_constants);
  tcase_add_loop_test(hostile, every_beginning_is_rejected, 0, 4);
  tcase_add_loop_test(hostile, any_change_is_survived, 0, 4);
  suite_add_tcase(suite, hostile);
  return run_suite(suite);
}
