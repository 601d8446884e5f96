/* The diagnostics themselves: the table and its examples, `lathe explain`, colours, JSON. */
#include "describe.h"
#include <glob.h>
#include <jansson.h>
#include <string.h>

static bool has_code(const struct diags *diags, enum diag_code code)
{
  for (const struct diag *d = diags->first; d != NULL; d = d->next)
    if (d->code == code)
      return true;
  return false;
}

START_TEST(examples_show_what_they_are_for)
{
  struct mem *mem = mem_new();
  const struct diagnostic *d = diagnostic_of((enum diag_code)_i);
  if (d->wrong != NULL) {
    const char *text = diagnostic_example(mem, d->place, d->wrong);
    struct result result = run_text(text, strlen(text));
    ck_assert_msg(has_code(result.diags, (enum diag_code)_i), "%s: %s\n%s", d->code, text,
                  result.printed);
    ck_assert_int_eq(result.model == NULL, !diagnostic_warns((enum diag_code)_i));
    release(&result);
  }
  if (d->right != NULL) {
    const char *text = diagnostic_example(mem, d->place, d->right);
    struct result result = run_text(text, strlen(text));
    ck_assert_msg(result.model != NULL && !has_code(result.diags, (enum diag_code)_i), "%s: %s\n%s",
                  d->code, text, result.printed);
    release(&result);
  }
  mem_free(mem);
}
END_TEST

START_TEST(codes_are_ordered_and_explained)
{
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  ck_assert(diagnostics_explain(out, NULL));
  fflush(out);
  for (int i = 0; i < CODES; i++)
    ck_assert_ptr_nonnull(strstr(text, diagnostic_of((enum diag_code)i)->title));
  for (int i = 0; i < CODES; i++) {
    const struct diagnostic *d = diagnostic_of((enum diag_code)i);
    ck_assert_uint_eq(strlen(d->code), 5);
    ck_assert(i == 0 || strcmp(d->code, diagnostic_of((enum diag_code)(i - 1))->code) > 0);
    ck_assert_int_eq(d->explanation[strlen(d->explanation) - 1], '.');
    ck_assert(diagnostics_explain(out, d->code));
  }
  fflush(out);
  for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
    ck_assert_msg(strlen(line) < 100, "%s", line);
  ck_assert(diagnostics_explain(out, "e0401"));
  ck_assert(!diagnostics_explain(out, "E9999"));
  fclose(out);
  free(text);
}
END_TEST

/* All that tests/bad and tests/good expect to be printed. */
static char *all_expectations(void)
{
  char *all = NULL;
  size_t size;
  FILE *out = open_memstream(&all, &size);
  glob_t files;
  ck_assert_int_eq(glob("tests/bad/*.expect", 0, NULL, &files), 0);
  ck_assert_int_eq(glob("tests/good/*.expect", GLOB_APPEND, NULL, &files), 0);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    char *text = read_text(files.gl_pathv[i]);
    fputs(text, out);
    free(text);
  }
  globfree(&files);
  fclose(out);
  return all;
}

START_TEST(every_code_has_a_description)
{
  /* Of -D there is no description (test_expand), nor of the file beside one (test_tune_file). */
  static const enum diag_code elsewhere[] = {CODE_UNKNOWN_DEFINITION, CODE_BAD_DEFINITION,
                                             CODE_BAD_TUNE_FILE, CODE_STALE_TUNE_FILE,
                                             CODE_FOREIGN_TUNE_FILE};
  char *all = all_expectations(), code[16];
  for (int i = 0; i < CODES; i++) {
    bool needed = true;
    for (int k = 0; k < LENGTH(elsewhere); k++)
      needed = needed && elsewhere[k] != (enum diag_code)i;
    snprintf(code, sizeof code, "[%s]", diagnostic_of((enum diag_code)i)->code);
    ck_assert_msg(!needed || strstr(all, code) != NULL, "no description is answered by %s", code);
  }
  free(all);
}
END_TEST

static char *print(const struct result *result, enum diag_format format)
{
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  diags_print(out, result->diags, format);
  fclose(out);
  return text;
}

START_TEST(json_is_an_object_a_line)
{
  glob_t files;
  ck_assert_int_eq(glob("tests/bad/*.lathe", 0, NULL, &files), 0);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    struct result result = run_file(files.gl_pathv[i]);
    char *text = print(&result, DIAG_JSON);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
      json_error_t error;
      json_t *json = json_loads(line, 0, &error);
      ck_assert_msg(json != NULL, "%s: %s", error.text, line);
      ck_assert_int_ge(json_integer_value(json_object_get(json, "line")), 1);
      ck_assert_int_ge(json_integer_value(json_object_get(json, "col")), 1);
      ck_assert(json_is_string(json_object_get(json, "code")));
      ck_assert(json_is_array(json_object_get(json, "notes")));
      json_decref(json);
    }
    free(text);
    release(&result);
  }
  globfree(&files);
}
END_TEST

START_TEST(json_says_what_people_read)
{
  static const char text[] = "model m {\n  input x [4]; latent z [2];\n"
                             "  block a { conv2 3; }\n  encoder { a; gaussian z; }\n"
                             "  decoder { linear 4; sigmoid; } }\n";
  struct result result = run_text(text, sizeof text - 1);
  char *line = print(&result, DIAG_JSON);
  ck_assert_str_eq(
      line, "{\"file\":\"test.lathe\",\"line\":3,\"col\":13,\"end_line\":3,\"end\":18,"
            "\"message\":\"unknown layer `conv2`\",\"code\":\"E0401\",\"severity\":\"error\","
            "\"help\":[],\"notes\":[{\"file\":\"test.lathe\",\"line\":4,\"col\":13,\"end_line\":4,"
            "\"end\":14,\"message\":\"in expansion of block `a` here\"}],"
            "\"suggestion\":\"conv2d\"}\n");
  free(line);
  release(&result);
}
END_TEST

START_TEST(colours_are_added_and_nothing_else)
{
  struct result result = run_file("tests/bad/block_trace_of_blocks.lathe");
  char *plain = print(&result, DIAG_PLAIN), *coloured = print(&result, DIAG_COLOURED);
  ck_assert_ptr_nonnull(strstr(coloured, "\033[1;31merror[E0603]:\033[0m"));
  char *to = coloured;
  for (const char *from = coloured; *from != '\0';)
    if (*from == '\033')
      from = strchr(from, 'm') + 1;
    else
      *to++ = *from++;
  *to = '\0';
  ck_assert_str_eq(coloured, plain);
  free(plain);
  free(coloured);
  release(&result);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("diagnostics");
  TCase *table = tcase_create("table");
  tcase_add_loop_test(table, examples_show_what_they_are_for, 0, CODES);
  tcase_add_test(table, codes_are_ordered_and_explained);
  tcase_add_test(table, every_code_has_a_description);
  suite_add_tcase(suite, table);
  TCase *formats = tcase_create("formats");
  tcase_add_test(formats, json_is_an_object_a_line);
  tcase_add_test(formats, json_says_what_people_read);
  tcase_add_test(formats, colours_are_added_and_nothing_else);
  suite_add_tcase(suite, formats);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
