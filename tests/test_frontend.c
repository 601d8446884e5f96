/* The compiler's front end: what is accepted and what it means, what is rejected and with which
 * words. With UPDATE=1 in the environment, tests/bad/NAME.expect and the tables of
 * compiler/LANGUAGE.md are rewritten by what is printed today. */
#include "compiler/forms.h"
#include "compiler/suggest.h"
#include "compiler/synonyms.h"
#include "describe.h"
#include <glob.h>
#include <string.h>
#include <unistd.h>

static void list_files(const char *pattern, size_t at_least, glob_t *files)
{
  ck_assert_int_eq(glob(pattern, 0, NULL, files), 0);
  ck_assert_msg(files->gl_pathc >= at_least, "only %zu files are %s", files->gl_pathc, pattern);
}

/* tests/bad/NAME.lathe -> tests/bad/NAME.expect */
static char *expect_path(const char *path)
{
  size_t stem = strlen(path) - strlen(".lathe");
  char *expect = malloc(stem + sizeof ".expect");
  memcpy(expect, path, stem);
  strcpy(expect + stem, ".expect");
  return expect;
}

/* Whether the diagnostics of a description are those that are expected of it. */
static bool prints_what_is_expected(const char *path, const struct result *result)
{
  char *expect = expect_path(path);
  if (getenv("UPDATE") != NULL) {
    FILE *out = fopen(expect, "wb");
    ck_assert_msg(out != NULL && fputs(result->printed, out) >= 0 && fclose(out) == 0, "%s",
                  expect);
  }
  char *expected = read_text(expect);
  bool same = expected != NULL && strcmp(expected, result->printed) == 0;
  if (!same)
    printf("%s is not what is printed:\n%s", expect, result->printed);
  free(expected);
  free(expect);
  return same;
}

START_TEST(rejected_descriptions_print_what_is_expected)
{
  glob_t files;
  int wrong = 0;
  list_files("tests/bad/*.lathe", 280, &files);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    const char *path = files.gl_pathv[i];
    struct result result = run_file(path);
    wrong += !prints_what_is_expected(path, &result);
    if (result.model != NULL || result.diags->errors == 0) {
      printf("%s is accepted\n", path);
      wrong++;
    }
    release(&result);
  }
  globfree(&files);
  ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(expected_messages_belong_to_descriptions)
{
  glob_t bad, expected;
  list_files("tests/bad/*.lathe", 1, &bad);
  list_files("tests/bad/*.expect", 1, &expected);
  ck_assert_uint_eq(bad.gl_pathc, expected.gl_pathc);
  globfree(&expected);
  list_files("tests/good/*.expect", 1, &expected);
  for (size_t i = 0; i < expected.gl_pathc; i++) {
    char *text = read_text(expected.gl_pathv[i]);
    ck_assert_ptr_nonnull(strstr(text, "warning["));
    free(text);
  }
  globfree(&bad);
  globfree(&expected);
}
END_TEST

static void accept_all(const char *pattern, size_t at_least)
{
  glob_t files;
  list_files(pattern, at_least, &files);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    struct result result = run_file(files.gl_pathv[i]);
    ck_assert_msg(result.model != NULL && result.diags->errors == 0, "%s", result.printed);
    char *expect = expect_path(files.gl_pathv[i]); /* there is one for each that is warned of */
    if (result.diags->warnings > 0 || access(expect, F_OK) == 0)
      ck_assert(prints_what_is_expected(files.gl_pathv[i], &result));
    free(expect);
    release(&result);
  }
  globfree(&files);
}

START_TEST(correct_descriptions_are_accepted)
{
  accept_all("tests/good/*.lathe", 150);
  accept_all("models/*.lathe", 13);
}
END_TEST

START_TEST(warnings_do_not_reject)
{
  struct result result = run_file("tests/good/mixture_warning.lathe");
  ck_assert_ptr_nonnull(result.model);
  ck_assert_int_eq(result.diags->warnings, 1);
  ck_assert_ptr_nonnull(strstr(result.printed, "warning[W0101]: with `init labelled`"));
  release(&result);
}
END_TEST

/* --- the reference --- */

START_TEST(reference_holds_the_tables)
{
  static const char path[] = "compiler/LANGUAGE.md";
  char *tables = NULL, *reference = read_text(path);
  size_t size;
  FILE *out = open_memstream(&tables, &size);
  rules_markdown(out);
  fclose(out);
  ck_assert_ptr_nonnull(reference);
  char *begin = strstr(reference, "<!-- tables: begin"),
       *end = strstr(reference, "<!-- tables: end");
  ck_assert(begin != NULL && end != NULL && begin < end);
  begin = strchr(begin, '\n') + 2; /* an empty line stands around them */
  bool same = end - 1 - begin == (ptrdiff_t)size && memcmp(begin, tables, size) == 0;
  if (!same && getenv("UPDATE") != NULL) {
    out = fopen(path, "wb");
    ck_assert_ptr_nonnull(out);
    fprintf(out, "%.*s%s\n%s", (int)(begin - reference), reference, tables, end);
    ck_assert_int_eq(fclose(out), 0);
  } else {
    ck_assert_msg(same, "%s differs from the tables, which are:\n%s", path, tables);
  }
  free(tables);
  free(reference);
}
END_TEST

START_TEST(reference_examples_are_accepted)
{
  static const char fence[] = "\n```lathe\n";
  char *reference = read_text("compiler/LANGUAGE.md");
  int count = 0;
  ck_assert_ptr_nonnull(reference);
  for (char *p = reference; (p = strstr(p, fence)) != NULL; count++) {
    p += sizeof fence - 1;
    char *end = strstr(p, "```");
    ck_assert_ptr_nonnull(end);
    struct result result = run_text(p, (size_t)(end - p));
    ck_assert_msg(result.model != NULL && result.diags->warnings == 0, "%s", result.printed);
    release(&result);
    p = end;
  }
  ck_assert_int_ge(count, 2);
  free(reference);
}
END_TEST

/* The parts that the tutorial explains one after another make a model when put together. */
START_TEST(parts_of_the_tutorial_make_a_model)
{
  char *reference = read_text("compiler/LANGUAGE.md"), *text, *rest = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  int parts = 0;
  bool fenced = false, first = false, part = false;
  ck_assert_ptr_nonnull(reference);
  char *end = strstr(reference, "\n## When something is wrong");
  ck_assert_ptr_nonnull(end);
  *end = '\0';
  fputs("model tutorial {\n", out);
  for (char *line = strtok_r(reference, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    if (strncmp(line, "```", 3) == 0) {
      fenced = !fenced;
      first = fenced && line[3] == '\0';
      part = false;
      continue;
    }
    if (first) { /* of a section, or of statements */
      char word[32] = "";
      ck_assert_int_eq(sscanf(line, "%31[a-z]", word), 1);
      ck_assert_msg(rule_is_name(word), "%s", line);
      part = true;
      parts++;
    }
    first = false;
    if (part)
      fprintf(out, "%s\n", line);
  }
  fputs("}\n", out);
  fclose(out);
  ck_assert_int_eq(parts, 5);
  struct result result = run_text(text, size);
  ck_assert_msg(result.model != NULL && result.diags->warnings == 0, "%s%s", text, result.printed);
  release(&result);
  free(text);
  free(reference);
}
END_TEST

START_TEST(help_explains_every_word)
{
  char *help = NULL;
  size_t size;
  const struct rule *rule;
  FILE *out = open_memstream(&help, &size);
  ck_assert(rules_help(out, NULL));
  fflush(out);
  for (int i = 0; (rule = rule_at(i)) != NULL; i++)
    ck_assert_msg(strstr(help, rule->name) != NULL && strstr(help, rule->help) != NULL, "%s",
                  rule->name);
  for (int i = 0; (rule = rule_at(i)) != NULL; i++)
    ck_assert_msg(rules_help(out, rule->name), "%s", rule->name);
  for (int i = 0; section_rule_at(i) != NULL; i++)
    ck_assert(rules_help(out, section_rule_at(i)->name));
  for (int i = 0; form_at(i) != NULL; i++)
    ck_assert(rules_help(out, form_at(i)->name));
  fflush(out);
  size_t before = size;
  ck_assert(!rules_help(out, "no such word"));
  fflush(out);
  ck_assert_uint_eq(size, before);
  fclose(out);
  free(help);
}
END_TEST

/* --- meaning --- */

/* A layer's line, text, parameters and output shape. */
struct expected_layer {
  const char *name, *text;
  struct shape out;
};

static void expect_layers(const struct section *section, const struct expected_layer *expected,
                          int count)
{
  ck_assert_int_eq(section->count, count);
  for (int i = 0; i < count; i++) {
    const struct layer *layer = &section->layers[i];
    ck_assert_str_eq(layer->name, expected[i].name);
    ck_assert_str_eq(layer->text, expected[i].text);
    ck_assert_msg(shape_equal(&layer->out, &expected[i].out), "%s", layer->name);
    ck_assert_msg(i == 0 || shape_equal(&layer->in, &section->layers[i - 1].out), "%s",
                  layer->name);
  }
}

START_TEST(shipped_models_mean_what_they_say)
{
  static const struct expected_layer encoder[] = {
      {"encoder.0", "conv2d 64, kernel 4, stride 2, pad 1", {3, {64, 14, 14}}},
      {"encoder.1", "relu", {3, {64, 14, 14}}},
      {"encoder.2", "conv2d 128, kernel 4, stride 2, pad 1", {3, {128, 7, 7}}},
      {"encoder.3", "batchnorm", {3, {128, 7, 7}}},
      {"encoder.4", "relu", {3, {128, 7, 7}}},
      {"encoder.5", "gaussian z", {1, {20}}},
  };
  static const struct expected_layer decoder[] = {
      {"decoder.0", "linear 6272", {1, {6272}}},
      {"decoder.1", "reshape [128, 7, 7]", {3, {128, 7, 7}}},
      {"decoder.2", "conv_transpose2d 64, kernel 4, stride 2, pad 1", {3, {64, 14, 14}}},
      {"decoder.3", "relu", {3, {64, 14, 14}}},
      {"decoder.4", "conv_transpose2d 1, kernel 4, stride 2, pad 1", {3, {1, 28, 28}}},
      {"decoder.5", "sigmoid", {3, {1, 28, 28}}},
  };
  struct result result = run_file("models/digits_conv.lathe");
  const struct model *m = result.model;
  ck_assert_ptr_nonnull(m);
  ck_assert_str_eq(m->name, "digits_conv");
  ck_assert_str_eq(m->file, "models/digits_conv.lathe");
  ck_assert_str_eq(m->input_name, "image");
  ck_assert_str_eq(m->latent_name, "z");
  ck_assert(!m->float64 && m->latent == 20 && m->range[0] == 0 && m->range[1] == 1);
  ck_assert(m->likelihood == LATHE_BERNOULLI && m->kl_weight == 1);
  expect_layers(&m->encoder, encoder, LENGTH(encoder));
  expect_layers(&m->decoder, decoder, LENGTH(decoder));
  ck_assert_int_eq(layer_int(&m->encoder.layers[0], "stride"), 2);
  ck_assert_double_eq(layer_value(&m->encoder.layers[3], "momentum"), 0.1);
  ck_assert_double_eq(layer_value(&m->encoder.layers[3], "eps"), 1e-5);
  ck_assert_int_eq(m->encoder.layers[0].line, 11);
  const struct lathe_mixing *mix = &m->mixing;
  ck_assert(mix->components == 3 && mix->covariance == LATHE_FULL && mix->floor == 1e-4);
  ck_assert(mix->init == LATHE_INIT_LABELLED && mix->tolerance == 1e-3 && mix->iterations == 100);
  const struct lathe_training *t = &m->training;
  ck_assert(t->optimiser == LATHE_ADAM && t->rate == 9e-4 && t->beta1 == 0.9 && t->beta2 == 0.999);
  ck_assert(t->schedule == LATHE_STEP && t->every == 20 && t->gamma == 0.5 && t->eps == 1e-8);
  ck_assert(t->batch == 64 && t->epochs == 30 && t->split == 0.8 && t->seed == 0);
  release(&result);
}
END_TEST

START_TEST(defaults_hold_for_what_is_left_out)
{
  struct result result = run_file("tests/good/shortest.lathe");
  const struct model *m = result.model;
  ck_assert_ptr_nonnull(m);
  ck_assert(m->likelihood == LATHE_BERNOULLI && m->kl_weight == 1 && m->variance == 1);
  ck_assert(!m->float64 && m->range[0] == 0 && m->range[1] == 1);
  const struct lathe_mixing *mix = &m->mixing;
  ck_assert(mix->components == 1 && mix->covariance == LATHE_FULL && mix->floor == 1e-6);
  ck_assert(mix->init == LATHE_INIT_KMEANS && mix->restarts == 1 && mix->iterations == 100);
  const struct lathe_training *t = &m->training;
  ck_assert(t->optimiser == LATHE_ADAM && t->rate == 1e-3 && t->schedule == LATHE_CONSTANT);
  ck_assert(t->batch == 64 && t->epochs == 20 && t->split == 0.9 && t->seed == 0);
  release(&result);
}
END_TEST

START_TEST(settings_reach_the_model)
{
  static const char text[] =
      "model m { precision float64; input x [3], range [-1, 2]; latent z [2]; encoder { gaussian "
      "z; }"
      "decoder { linear 3; } loss { gaussian, variance 0.25; kl 2; }"
      "mixture { restarts 7; iterations 8; tolerance 0.5; floor 2; init random; covariance tied;"
      "components 9; } train { sgd 0.5, momentum 0.25; seed 9007199254740991; split 1; epochs 2;"
      "batch 3; constant; } }";
  struct result result = run_text(text, sizeof text - 1);
  const struct model *m = result.model;
  ck_assert_msg(m != NULL, "%s", result.printed);
  ck_assert(m->float64 && m->range[0] == -1 && m->range[1] == 2 && m->input.dim[0] == 3);
  ck_assert(m->likelihood == LATHE_GAUSSIAN && m->variance == 0.25 && m->kl_weight == 2);
  const struct lathe_mixing *mix = &m->mixing;
  ck_assert(mix->components == 9 && mix->covariance == LATHE_TIED && mix->restarts == 7);
  ck_assert(mix->init == LATHE_INIT_RANDOM && mix->floor == 2 && mix->tolerance == 0.5);
  ck_assert_int_eq(mix->iterations, 8);
  const struct lathe_training *t = &m->training;
  ck_assert(t->optimiser == LATHE_SGD && t->rate == 0.5 && t->momentum == 0.25);
  ck_assert(t->schedule == LATHE_CONSTANT && t->batch == 3 && t->epochs == 2 && t->split == 1);
  ck_assert_uint_eq(t->seed, 9007199254740991U);
  release(&result);
}
END_TEST

/* A layer on an image [2, 9, 7], and what it gives; `text` as it is printed, NULL as it is written.
 */
static const struct {
  const char *statement, *text;
  struct shape out;
} shapes[] = {
    {"flatten", NULL, {1, {126}}},
    {"reshape [7, 9, 2]", NULL, {3, {7, 9, 2}}},
    {"reshape [126]", NULL, {1, {126}}},
    {"relu", NULL, {3, {2, 9, 7}}},
    {"sigmoid", NULL, {3, {2, 9, 7}}},
    {"batchnorm, eps 1e-05, momentum .10", "batchnorm", {3, {2, 9, 7}}},
    {"batchnorm, eps 1.50e-07", "batchnorm, eps 1.5e-7", {3, {2, 9, 7}}},
    {"conv2d 100, kernel 3", NULL, {3, {100, 7, 5}}},
    {"conv2d 1e2, kernel 3.0, stride 1", "conv2d 100, kernel 3", {3, {100, 7, 5}}},
    {"conv2d 5, pad 1, kernel 3, stride 2", "conv2d 5, kernel 3, stride 2, pad 1", {3, {5, 5, 4}}},
    {"conv2d 5, kernel 7, stride 9", NULL, {3, {5, 1, 1}}},
    {"conv2d 1, kernel 11, pad 2", NULL, {3, {1, 3, 1}}},
    {"conv_transpose2d 5, kernel 4, stride 2, pad 1", NULL, {3, {5, 18, 14}}},
    {"conv_transpose2d 5, kernel 1", NULL, {3, {5, 9, 7}}},
    {"conv_transpose2d 5, kernel 2, stride 3", NULL, {3, {5, 26, 20}}},
};

START_TEST(layers_give_their_shapes)
{
  char text[512];
  const char *statement = shapes[_i].statement;
  int length = snprintf(text, sizeof text,
                        "model m { input x [2, 9, 7]; latent z [1]; encoder { %s; gaussian z; }\n"
                        "decoder { linear [2, 9, 7]; sigmoid; } }",
                        statement);
  struct result result = run_text(text, (size_t)length);
  ck_assert_msg(result.model != NULL, "%s", result.printed);
  const struct layer *layer = &result.model->encoder.layers[0];
  ck_assert_msg(shape_equal(&layer->out, &shapes[_i].out), "%s", statement);
  ck_assert_str_eq(layer->text, shapes[_i].text != NULL ? shapes[_i].text : statement);
  release(&result);
}
END_TEST

/* --- suggestions, places --- */

static const struct {
  const char *a, *b;
  int distance;
} distances[] = {
    {"", "", 0},
    {"", "abc", 3},
    {"relu", "relu", 0},
    {"relu", "ReLU", 0},
    {"conv2", "conv2d", 1},
    {"kernal", "kernel", 1},
    {"leniar", "linear", 2},
    {"ab", "ba", 1},
    {"kitten", "sitting", 3},
    {"ca", "abc", 3},
    {"flatten", "relu", 7},
};

START_TEST(distances_are_those_of_edits)
{
  ck_assert_int_eq(edit_distance(distances[_i].a, distances[_i].b), distances[_i].distance);
  ck_assert_int_eq(edit_distance(distances[_i].b, distances[_i].a), distances[_i].distance);
}
END_TEST

/* Of two as near, the likelier slip: letters in another order, then one forgotten. */
START_TEST(suggestions_are_the_likeliest)
{
  static const struct {
    const char *word, *other, *meant;
  } slips[] = {{"sed", "sgd", "seed"},
               {"adaw", "adam", "adamw"},
               {"edcoder", "encoder", "decoder"},
               {"blinear", "linear", "bilinear"},
               {"of", "on", "off"}};
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++)
    for (int order = 0; order < 2; order++) {
      struct suggestion near = {.word = slips[i].word};
      suggest(&near, order == 0 ? slips[i].other : slips[i].meant);
      suggest(&near, order == 0 ? slips[i].meant : slips[i].other);
      ck_assert_str_eq(near.best, slips[i].meant);
    }
}
END_TEST

START_TEST(suggestions_are_the_nearest_or_none)
{
  struct suggestion near = {.word = "epoch"}, far = {.word = "dense"}, one = {.word = "x"};
  const struct rule *rule;
  for (int i = 0; (rule = rule_at(i)) != NULL; i++) {
    suggest(&near, rule->name);
    suggest(&far, rule->name);
    suggest(&one, rule->name);
  }
  ck_assert_str_eq(near.best, "epochs");
  ck_assert_int_eq(near.distance, 1);
  ck_assert_ptr_null(far.best);
  ck_assert_ptr_null(one.best);
}
END_TEST

/* Whether a statement, section, form, attribute or choice goes by that name. */
static bool is_a_word(const char *name)
{
  const struct rule *rule;
  for (int i = 0; (rule = rule_at(i)) != NULL; i++)
    for (const struct attribute *a = rule->attributes; a->name != NULL; a++) {
      if (strcmp(a->name, name) == 0)
        return true;
      for (const struct choice *c = a->choices; c != NULL && c->word != NULL; c++)
        if (strcmp(c->word, name) == 0)
          return true;
    }
  return rule_is_name(name);
}

START_TEST(synonyms_are_of_words_and_told_once)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  const struct synonym *synonym;
  for (int i = 0; (synonym = synonym_at(i)) != NULL; i++) {
    char *help = NULL;
    size_t size;
    FILE *out = open_memstream(&help, &size);
    ck_assert_msg(is_a_word(synonym->ours), "%s", synonym->ours);
    ck_assert_msg(strspn(synonym->theirs, plain) == strlen(synonym->theirs), "%s", synonym->theirs);
    ck_assert_msg(synonym_find(synonym->theirs) == synonym, "%s twice", synonym->theirs);
    ck_assert_msg(!rule_is_name(synonym->theirs), "%s", synonym->theirs);
    ck_assert_msg(rules_help_related(out, synonym->theirs), "%s", synonym->theirs);
    fclose(out);
    ck_assert_msg(strstr(help, synonym->note) != NULL, "%s", help);
    free(help);
  }
  ck_assert_str_eq(synonym_find("Conv2DTranspose")->ours, "conv_transpose2d");
  ck_assert_str_eq(synonym_find("_Kernel_Size")->ours, "kernel");
  ck_assert_ptr_null(synonym_find("kernel_siz"));
  ck_assert_ptr_null(synonym_find(""));
}
END_TEST

START_TEST(places_count_lines_and_characters)
{
  static const char text[] = "a\n\r\n\t\xC3\xA9"
                             "b\n\xF0\x9F\x99\x82z";
  static const struct {
    int offset, line, column;
  } places[] = {{0, 1, 1}, {1, 1, 2}, {2, 2, 1}, {4, 3, 1},  {5, 3, 2},
                {7, 3, 3}, {8, 3, 4}, {9, 4, 1}, {13, 4, 2}, {14, 4, 3}};
  struct mem *mem = mem_new();
  struct source *source = source_from_text(mem, "x", text, sizeof text - 1);
  ck_assert_int_eq(source->files[0].lines, 4);
  for (int i = 0; i < LENGTH(places); i++) {
    struct place place = source_place(source, places[i].offset);
    ck_assert_int_eq(place.line, places[i].line);
    ck_assert_int_eq(place.column, places[i].column);
    ck_assert_int_eq(source_line_number(source, places[i].offset), places[i].line);
  }
  struct span second = source_line(source, 2), third = source_line(source, 5);
  ck_assert(second.begin == 2 && second.end == 2);
  ck_assert(third.begin == 4 && third.end == 8);
  mem_free(mem);
}
END_TEST

START_TEST(nodes_carry_their_spans)
{
  static const char text[] = "model m { # c\n  conv2d 4 ,\n kernel 3 ;\n}\n";
  struct result result = run_text(text, sizeof text - 1);
  const struct ast_node *model = result.ast->items, *layer = model->children;
  ck_assert(model->span.begin == 0 && model->span.end == (int)sizeof text - 2);
  ck_assert_int_eq(model->head.end, 7);
  ck_assert_int_eq(text[layer->span.begin], 'c');
  ck_assert_int_eq(text[layer->span.end - 1], ';');
  ck_assert_int_eq(text[layer->head.end - 1], '3');
  ck_assert_int_eq(text[layer->attributes->span.begin], 'k');
  ck_assert_int_eq(text[layer->attributes->span.end - 1], '3');
  ck_assert_double_eq(layer->values->number, 4);
  release(&result);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("frontend");
  TCase *golden = tcase_create("descriptions");
  tcase_add_test(golden, rejected_descriptions_print_what_is_expected);
  tcase_add_test(golden, expected_messages_belong_to_descriptions);
  tcase_add_test(golden, correct_descriptions_are_accepted);
  tcase_add_test(golden, warnings_do_not_reject);
  suite_add_tcase(suite, golden);
  TCase *reference = tcase_create("reference");
  tcase_add_test(reference, reference_holds_the_tables);
  tcase_add_test(reference, reference_examples_are_accepted);
  tcase_add_test(reference, parts_of_the_tutorial_make_a_model);
  tcase_add_test(reference, help_explains_every_word);
  suite_add_tcase(suite, reference);
  TCase *meaning = tcase_create("meaning");
  tcase_add_test(meaning, shipped_models_mean_what_they_say);
  tcase_add_test(meaning, defaults_hold_for_what_is_left_out);
  tcase_add_test(meaning, settings_reach_the_model);
  tcase_add_loop_test(meaning, layers_give_their_shapes, 0, LENGTH(shapes));
  tcase_add_loop_test(meaning, distances_are_those_of_edits, 0, LENGTH(distances));
  tcase_add_test(meaning, suggestions_are_the_nearest_or_none);
  tcase_add_test(meaning, suggestions_are_the_likeliest);
  tcase_add_test(meaning, synonyms_are_of_words_and_told_once);
  tcase_add_test(meaning, places_count_lines_and_characters);
  tcase_add_test(meaning, nodes_carry_their_spans);
  suite_add_tcase(suite, meaning);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
