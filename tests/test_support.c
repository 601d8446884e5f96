/* What is made from the tables for people's tools: a first description, completion, the manual
 * page, syntax files. With UPDATE=1 in the environment, the files of editors/ are rewritten. */
#include "compiler/forms.h"
#include "compiler/rules.h"
#include "describe.h"
#include "runtime/version.h"
#include "spawn.h"
#include <jansson.h>
#include <regex.h>

#define LATHE built("lathe")

static char *printed(const char *const *argv)
{
  struct said said = spawn_good(argv);
  char *text = strdup(said.out);
  ck_assert_str_eq(said.err, "");
  said_free(&said);
  return text;
}

#define PRINTED(...) printed((const char *const[]){__VA_ARGS__, NULL})

static void fails(struct said said, int status, const char *words)
{
  ck_assert_int_eq(said.status, status);
  ck_assert_str_eq(said.out, "");
  assert_words(said.err, words);
  said_free(&said);
}

/* ---- lathe new, --version ---- */

/* Runs lathe in the private folder. */
static struct said in_there(const char *command, const char *argument, const char *option)
{
  return spawn_in(folder, (const char *const[]){LATHE, command, argument, option, NULL});
}

START_TEST(new_is_sound)
{
  char longest[65];
  memset(longest, 'n', 64);
  longest[64] = '\0';
  const char *const names[] = {"mine", longest};
  for (int i = 0; i < LENGTH(names); i++) {
    const char *path = in_folder("%s.lathe", names[i]);
    struct said said = in_there("new", names[i], NULL);
    ck_assert_int_eq(said.status, 0);
    said_free(&said);
    free(PRINTED(LATHE, "fmt", "--check", path));
    struct result result = run_file(path);
    ck_assert_ptr_nonnull(result.model);
    ck_assert_int_eq(result.diags->warnings, 0);
    ck_assert_str_eq(result.model->name, names[i]);
    release(&result);
  }
  char *text = PRINTED(LATHE, "new"), *named = read_file(in_folder("mine.lathe"), NULL);
  ck_assert_ptr_nonnull(strstr(text, "model first {"));
  ck_assert_str_eq(strstr(text, " {"), strstr(named, " {"));
  ck_assert_int_gt(lines_of(text), 20);
  ck_assert_ptr_nonnull(strchr(text, '#'));
  free(text);
  free(named);
  ck_assert_int_eq(entries_of(folder), 2);
}
END_TEST

START_TEST(new_replaces_nothing)
{
  write_text(in_folder("mine.lathe"), "mine");
  fails(in_there("new", "mine", NULL), 1, "cannot write|mine.lathe|exists");
  char *text = read_file(in_folder("mine.lathe"), NULL);
  ck_assert_str_eq(text, "mine");
  free(text);
  static const char *const names[] = {
      "1st",
      "a b",
      "../up",
      "lathe_x",
      "",
      "x {} model y",
      "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"};
  for (int i = 0; i < LENGTH(names); i++)
    fails(in_there("new", names[i], NULL), 2, "cannot be a model's name");
  ck_assert_int_eq(entries_of(folder), 1);
}
END_TEST

START_TEST(version)
{
  char *text = PRINTED(LATHE, "--version");
  ck_assert_str_eq(text, "lathe " LATHE_VERSION "\n");
  free(text);
}
END_TEST

/* ---- Completion ---- */

/* What bash offers behind words; the last is the one being written. */
static const struct {
  const char *words, *offered;
} completions[] = {
    {"lathe '' ", "build|emit|check|summary|graph|plan|diff|fmt|new|--version"},
    {"lathe su", "summary support\n"},
    {"lathe graph --st", "--stage\n"},
    {"lathe graph --stage = ''", "forward training\n"},
    {"lathe graph --stage = tr", "training\n"},
    {"lathe dump m.lathe --stage =", "ast expanded graph backward schedule plan\n"},
    {"lathe graph -D x=1 --stage f", "forward\n"},
    {"lathe build -", "--output -o|--define -D|--target|--cflags|--plain"},
    {"lathe fmt -", "--check --write -w\n"},
    {"lathe check tin", "tiny.lathe\n"},
    {"lathe check ''", "tiny.lathe|folder"},
    {"lathe build tiny.lathe -o ti", "\n"},
    {"lathe help conv2", "conv2d\n"},
    {"lathe help memory_l", "memory_limit\n"},
    {"lathe explain E070", "E0701|E0705"},
    {"lathe completion ''", "bash\n"},
    {"lathe support v", "vim vscode\n"},
};

START_TEST(bash_completes)
{
  struct said said = SPAWN("bash", "--version");
  bool there = said.status == 0;
  said_free(&said);
  if (!there) {
    printf("skipped: bash is not installed\n");
    return;
  }
  char script[1024], *bash = PRINTED(LATHE, "completion", "bash");
  write_text(in_folder("completion"), bash);
  write_text(in_folder("tiny.lathe"), "");
  write_text(in_folder("other.txt"), "");
  ck_assert_int_eq(mkdir(in_folder("folder"), 0777), 0);
  for (int i = 0; i < LENGTH(completions); i++) {
    snprintf(script, sizeof script,
             "source ./completion; COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _lathe;"
             " echo \"${COMPREPLY[*]}\"",
             completions[i].words);
    said = spawn_in(folder, (const char *const[]){"bash", "-uc", script, NULL});
    ck_assert_str_eq(said.err, "");
    assert_words(said.out, completions[i].offered);
    if (strchr(completions[i].offered, '\n') != NULL)
      ck_assert_str_eq(said.out, completions[i].offered);
    ck_assert_ptr_null(strstr(said.out, "other.txt"));
    said_free(&said);
  }
  free(bash);
  fails(SPAWN(LATHE, "completion"), 2, "completion is for bash");
  fails(SPAWN(LATHE, "completion", "fish"), 2, "completion is for bash");
}
END_TEST

/* ---- The manual page ---- */

START_TEST(manual_has_all)
{
  char *page = PRINTED(LATHE, "support", "man");
  assert_words(page, ".TH LATHE 1|.SH NAME\nlathe \\- |.SH EXIT STATUS|.B lathe build\n|"
                     ".B lathe dump\nMODEL.lathe \\-\\-stage=ast|.B lathe diff\nA.lathe "
                     "B.lathe|.B \\-o, \\-\\-output|.B \\-\\-stage|"
                     ".B \\-w, \\-\\-write");
  const char *path = in_folder("lathe.1");
  write_text(path, page);
  struct said said = SPAWN("groff", "-v");
  bool there = said.status == 0;
  said_free(&said);
  if (there) {
    said = SPAWN_GOOD("groff", "-man", "-Tascii", "-ww", path);
    ck_assert_str_eq(said.err, "");
    said_free(&said);
  } else {
    printf("skipped: groff is not installed\n");
  }
  free(page);
  fails(SPAWN(LATHE, "support", "html"), 2, "support is for man|vim");
}
END_TEST

/* ---- Syntax files ---- */

static const struct {
  const char *what, *path;
} files[] = {{"vim", "editors/vim/syntax/lathe.vim"},
             {"vscode", "editors/vscode/syntaxes/lathe.tmLanguage.json"}};

START_TEST(syntax_files_are_up_to_date)
{
  char *text = PRINTED(LATHE, "support", files[_i].what);
  if (getenv("UPDATE") != NULL)
    write_text(files[_i].path, text);
  char *kept = read_file(files[_i].path, NULL);
  ck_assert_msg(strcmp(kept, text) == 0, "%s is stale: `make golden`", files[_i].path);
  free(kept);
  free(text);
}
END_TEST

/* Every word of the language stands in each of them, once. */
START_TEST(syntax_files_have_every_word)
{
  char *vim = PRINTED(LATHE, "support", "vim"), *code = PRINTED(LATHE, "support", "vscode");
  json_t *grammar = json_loads(code, 0, NULL);
  ck_assert_str_eq(json_string_value(json_object_get(grammar, "scopeName")), "source.lathe");
  ck_assert_uint_eq(json_array_size(json_object_get(grammar, "patterns")), 9);
  const struct rule *rule;
  for (int i = 0; (rule = rule_at(i)) != NULL; i++) {
    char pattern[128];
    regex_t regex;
    snprintf(pattern, sizeof pattern, "^syntax keyword lathe[A-Z].* %s( |$)", rule->name);
    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB), 0);
    ck_assert_msg(regexec(&regex, vim, 0, NULL, 0) == 0, "Vim lacks %s", rule->name);
    regfree(&regex);
    snprintf(pattern, sizeof pattern, "[:|]%s[|)]", rule->name);
    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_msg(regexec(&regex, code, 0, NULL, 0) == 0, "VS Code lacks %s", rule->name);
    regfree(&regex);
  }
  const struct form *form;
  for (int i = 0; (form = form_at(i)) != NULL; i++)
    ck_assert_ptr_nonnull(strstr(vim, form->name));
  assert_words(vim, " kmeans++| stride | encoder ");
  assert_words(code, "kmeans\\\\+\\\\+|stride|encoder");
  json_decref(grammar);
  free(vim);
  free(code);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("support");
  TCase *tests = tcase_create("support");
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  tcase_set_timeout(tests, 2 * SPAWN_SECONDS);
  tcase_add_test(tests, new_is_sound);
  tcase_add_test(tests, new_replaces_nothing);
  tcase_add_test(tests, version);
  tcase_add_test(tests, bash_completes);
  tcase_add_test(tests, manual_has_all);
  tcase_add_loop_test(tests, syntax_files_are_up_to_date, 0, LENGTH(files));
  tcase_add_test(tests, syntax_files_have_every_word);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
