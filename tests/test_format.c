/* `lathe fmt`: what it makes of descriptions, and that it makes nothing else of them. */
#include "compiler/format.h"
#include "describe.h"
#include <glob.h>
#include <string.h>

/* The text laid out; NULL when it does not parse. To be freed. */
static char *format(const char *text)
{
  struct mem *mem = mem_new();
  struct source *source = source_from_text(mem, "test.lathe", text, strlen(text));
  struct diags *diags = diags_new(mem, source);
  parse(mem, source, &source->files[0], diags);
  char *result = diags->errors == 0 ? strdup(format_source(mem, source)) : NULL;
  mem_free(mem);
  return result;
}

static const struct {
  const char *before, *after;
} cases[] = {
    /* spaces */
    {"a  1,b 2 ;", "a 1, b 2;\n"},
    {"a [ 1 ,2,3 ] , b(1+2)*3;", "a [1, 2, 3], b (1 + 2) * 3;\n"},
    {"let a=-1- -2*min( 3,4 )/( 5 )^-6;", "let a = -1 - -2 * min(3, 4) / (5) ^ -6;\n"},
    {"let a=- -3;", "let a = - -3;\n"},
    {"a -1, b -1, c (-1) -1;", "a -1, b -1, c (-1) - 1;\n"},
    {"block b( n,k (1+2) ,m -1 ){relu;}", "block b(n, k (1 + 2), m -1) { relu; }\n"},
    {"block b{}", "block b { }\n"},
    {"include   \"a  b\" ;", "include \"a  b\";\n"},
    {"a kmeans++ ;", "a kmeans++;\n"},
    {"repeat(3),index i{down(i);}", "repeat (3), index i { down (i); }\n"},
    /* lines */
    {"a; b;\n\n\n\nc;\n\n", "a; b;\n\nc;\n"},
    {"\n\n  a;\r\n\tb;", "a;\nb;\n"},
    {"m\n{\na;\n}", "m {\n  a;\n}\n"},
    {"m { a;\n b; }", "m {\n  a;\n  b;\n}\n"},
    {"m { n { a; b; } c;\n d { e;\n} f; }", "m {\n  n { a; b; } c;\n  d {\n    e;\n  }\n  f;\n}\n"},
    {"m {\n\n a;\n\n}", "m {\n  a;\n}\n"},
    {"m {\n}", "m { }\n"},
    {"a 1,\n b 2,\n   c [1,\n2];\nd;", "a 1,\n    b 2,\n    c [1,\n    2];\nd;\n"},
    {"a\n;", "a;\n"},
    /* comments */
    {"#x  \n  # y\na;#z", "#x\n# y\na;  #z\n"},
    {"m { # of m\n# a\n\n# b\n}", "m {  # of m\n  # a\n\n  # b\n}\n"},
    {"aa; # 1\nb; #2\n\nc; # 3", "aa;  # 1\nb;   #2\n\nc;  # 3\n"},
    {"aa; # 1\nbbbb;\nc; # \xC3\xA9", "aa;  # 1\nbbbb;\nc;   # \xC3\xA9\n"},
    {"a # x\n 1, # y\n b 2;", "a       # x\n    1,  # y\n    b 2;\n"},
    {"m {\n  a;\n  # end\n}\n# after", "m {\n  a;\n  # end\n}\n# after\n"},
    /* columns of a model's statements and sections */
    {"m {\ninput x;\nlatent z;\nloss {a;}\nmixture {b;}\n}",
     "m {\n  input  x;\n  latent z;\n  loss    { a; }\n  mixture { b; }\n}\n"},
    {"m {\nloss {a;}\n\nmixture {b;}\ntrain {\nc;\n}\n}",
     "m {\n  loss { a; }\n\n  mixture { b; }\n  train {\n    c;\n  }\n}\n"},
    {"m {\nlet a = 1;\ninput x;\nlatent;\n}", "m {\n  let a = 1;\n  input x;\n  latent;\n}\n"},
    {"\xEF\xBB\xBF"
     "a;",
     "a;\n"},
};

START_TEST(descriptions_are_laid_out)
{
  char *after = format(cases[_i].before);
  ck_assert_ptr_nonnull(after);
  ck_assert_str_eq(after, cases[_i].after);
  char *again = format(after);
  ck_assert_str_eq(again, after);
  free(after);
  free(again);
}
END_TEST

/* Without spaces and line ends, in place. */
static char *squeezed(char *text)
{
  char *to = text;
  const char *from = strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? text + 3 : text;
  for (; *from != '\0'; from++)
    if (strchr(" \t\r\n", *from) == NULL)
      *to++ = *from;
  *to = '\0';
  return text;
}

START_TEST(nothing_but_spaces_changes)
{
  static const char *const patterns[] = {"tests/good/*.lathe", "tests/bad/*.lathe",
                                         "tests/good/parts/*.lathe", "models/*.lathe",
                                         "tests/gradients/*.lathe"};
  glob_t files;
  int formatted = 0;
  ck_assert_int_eq(glob(patterns[_i], 0, NULL, &files), 0);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    char *text = read_text(files.gl_pathv[i]), *once = format(text);
    if (once != NULL) {
      char *twice = format(once);
      ck_assert_msg(twice != NULL && strcmp(once, twice) == 0, "%s:\n%s\n%s", files.gl_pathv[i],
                    once, twice);
      ck_assert_msg(strcmp(squeezed(text), squeezed(once)) == 0, "%s", files.gl_pathv[i]);
      formatted++;
      free(twice);
    }
    free(once);
    free(text);
  }
  ck_assert_int_gt(formatted, 0);
  globfree(&files);
}
END_TEST

static void assert_laid_out(const char *where, const char *text)
{
  char *after = format(text);
  ck_assert_msg(after != NULL, "%s does not parse:\n%s", where, text);
  ck_assert_msg(strcmp(after, text) == 0, "%s: `lathe fmt` makes of it\n%s", where, after);
  free(after);
}

START_TEST(shipped_models_are_laid_out)
{
  glob_t files;
  ck_assert_int_eq(glob("models/*.lathe", 0, NULL, &files), 0);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    char *text = read_text(files.gl_pathv[i]);
    assert_laid_out(files.gl_pathv[i], text);
    free(text);
  }
  globfree(&files);
}
END_TEST

START_TEST(examples_of_the_reference_are_laid_out)
{
  static const char fence[] = "\n```lathe\n";
  char *reference = read_text("compiler/LANGUAGE.md");
  int count = 0;
  for (char *p = reference; (p = strstr(p, fence)) != NULL; count++) {
    p += strlen(fence);
    char *end = strstr(p, "```"), *text = strndup(p, (size_t)(end - p));
    assert_laid_out("compiler/LANGUAGE.md", text);
    free(text);
    p = end;
  }
  ck_assert_int_gt(count, 10);
  free(reference);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("format");
  TCase *layout = tcase_create("layout");
  tcase_add_loop_test(layout, descriptions_are_laid_out, 0, LENGTH(cases));
  tcase_add_loop_test(layout, nothing_but_spaces_changes, 0, 5);
  tcase_add_test(layout, shipped_models_are_laid_out);
  tcase_add_test(layout, examples_of_the_reference_are_laid_out);
  suite_add_tcase(suite, layout);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
