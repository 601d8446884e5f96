/* What is said once and used often: constants, repetitions, blocks, included files, defaults, and
 * the command line's values. What is rejected of it is in tests/bad. */
#include "describe.h"
#include <string.h>
#include <unistd.h>

/* Layers of a section as they would be written, each ended by ';'. */
static void layers_text(const struct section *section, char *text, size_t size)
{
  size_t used = 0;
  for (int i = 0; i < section->count && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, "%s;", section->layers[i].text);
}

static void expect_layers(const struct section *section, const char *expected)
{
  char text[4096] = "";
  layers_text(section, text, sizeof text);
  ck_assert_str_eq(text, expected);
}

static struct result accept(const char *path)
{
  struct result result = run_file(path);
  ck_assert_msg(result.model != NULL && result.diags->errors == 0, "%s", result.printed);
  return result;
}

START_TEST(operators_follow_their_precedence)
{
  struct result result = accept("tests/good/arithmetic.lathe");
  expect_layers(&result.model->encoder,
                "flatten;linear 14;linear 20;linear 512;linear 1;linear 89;linear 8;linear 10;"
                "linear 10;linear 3;linear 7;linear 100;linear 4;linear 1;gaussian z;");
  release(&result);
}
END_TEST

START_TEST(constants_stand_for_numbers_and_lists)
{
  struct result result = accept("tests/good/let_everywhere.lathe");
  const struct model *m = result.model;
  ck_assert(m->input.rank == 3 && m->input.dim[0] == 1 && m->input.dim[2] == 28);
  ck_assert(m->range[0] == -1 && m->range[1] == 1 && m->latent == 10);
  expect_layers(&m->encoder, "flatten;linear 512;relu;linear 256;relu;gaussian z;");
  expect_layers(&m->decoder, "linear 256;relu;linear 784;reshape [1, 28, 28];");
  ck_assert(m->variance == 0.25 && m->kl_weight == 1 && m->mixing.components == 3);
  ck_assert_double_eq(m->mixing.floor, 1e-4);
  ck_assert(m->training.rate == 5e-4 && m->training.every == 25 && m->training.gamma == 0.5);
  ck_assert_uint_eq(m->training.seed, 7);
  release(&result);
}
END_TEST

START_TEST(repetitions_count_from_zero)
{
  struct result result = accept("tests/good/repeat.lathe");
  expect_layers(&result.model->encoder,
                "conv2d 8, kernel 4, stride 2, pad 1;batchnorm;relu;batchnorm;relu;"
                "conv2d 16, kernel 4, stride 2, pad 1;batchnorm;relu;batchnorm;relu;"
                "conv2d 32, kernel 4, stride 2, pad 1;batchnorm;relu;batchnorm;relu;gaussian z;");
  expect_layers(&result.model->decoder,
                "linear [32, 4, 4];relu;conv_transpose2d 16, kernel 4, stride 2, pad 1;relu;"
                "conv_transpose2d 8, kernel 4, stride 2, pad 1;relu;"
                "conv_transpose2d 1, kernel 4, stride 2, pad 1;conv2d 1, kernel 1;sigmoid;");
  ck_assert_str_eq(result.model->encoder.layers[14].name, "encoder.14");
  ck_assert_str_eq(result.model->encoder.layers[15].name, "encoder.15");
  ck_assert_int_eq(result.model->encoder.layers[14].line, 7);
  release(&result);
}
END_TEST

START_TEST(blocks_take_arguments_by_place_and_by_name)
{
  struct result result = accept("tests/good/block.lathe");
  expect_layers(&result.model->encoder, "conv2d 8, kernel 4, stride 2, pad 1;batchnorm;relu;"
                                        "conv2d 16, kernel 4, stride 2, pad 1;batchnorm;relu;"
                                        "conv2d 16, kernel 3, pad 1;batchnorm;relu;gaussian z;");
  expect_layers(&result.model->decoder,
                "linear 392;reshape [8, 7, 7];relu;conv_transpose2d 4, kernel 4, stride 2, pad 1;"
                "relu;conv_transpose2d 1, kernel 4, stride 2, pad 1;sigmoid;");
  ck_assert_int_eq(result.model->encoder.layers[0].line, 3);
  ck_assert_int_eq(result.model->encoder.layers[1].line, 1);
  release(&result);
}
END_TEST

START_TEST(parameters_hide_outer_names)
{
  struct result result = accept("tests/good/block_hides_outer_names.lathe");
  expect_layers(&result.model->encoder,
                "conv2d 3, kernel 1;conv2d 10, kernel 1;conv2d 5, kernel 1;conv2d 8, kernel 1;"
                "conv2d 4, kernel 1;conv2d 1, kernel 1;conv2d 2, kernel 1;gaussian z;");
  release(&result);
}
END_TEST

START_TEST(defaults_hold_where_a_layer_does_not_say)
{
  struct result result = accept("tests/good/defaults.lathe");
  const struct model *m = result.model;
  expect_layers(&m->encoder, "conv2d 8, kernel 4, stride 2, pad 1;batchnorm, momentum 0.01;"
                             "conv2d 16, kernel 3, pad 1;batchnorm, momentum 0.01, eps 0.001;"
                             "gaussian z;");
  expect_layers(&m->decoder,
                "linear [8, 14, 14];conv_transpose2d 1, kernel 4, stride 2, pad 1;sigmoid;");
  ck_assert_int_eq(layer_int(&m->encoder.layers[0], "stride"), 2);
  release(&result);
}
END_TEST

START_TEST(layers_know_their_files)
{
  struct result result = accept("tests/good/include.lathe");
  const struct model *m = result.model;
  expect_layers(&m->encoder, "conv2d 8, kernel 4, stride 2, pad 1;relu;conv2d 9, kernel 3;"
                             "batchnorm;relu;gaussian z;");
  ck_assert_str_eq(m->encoder.layers[0].path, "tests/good/parts/blocks.lathe");
  ck_assert_str_eq(m->encoder.layers[0].file, "parts/blocks.lathe");
  ck_assert_int_eq(m->encoder.layers[0].line, 4);
  ck_assert_str_eq(m->encoder.layers[2].file, "parts/nested/../layer.lathe");
  ck_assert_int_eq(m->encoder.layers[2].line, 2);
  ck_assert_str_eq(m->encoder.layers[3].file, "parts/nested/layers.lathe");
  ck_assert_str_eq(m->encoder.layers[4].file, "include.lathe");
  ck_assert_int_eq(m->encoder.layers[4].line, 9);
  ck_assert_int_eq(m->training.epochs, 3);
  release(&result);
}
END_TEST

/* The description as one file is another that means the same. */
static void expect_flat_is_same(const struct model *model)
{
  struct result flat = run_text(model->source, strlen(model->source));
  ck_assert_msg(flat.model != NULL, "%s\n%s", model->source, flat.printed);
  char written[2][4096] = {"", ""};
  layers_text(&model->encoder, written[0], sizeof written[0]);
  layers_text(&flat.model->encoder, written[1], sizeof written[1]);
  ck_assert_str_eq(written[1], written[0]);
  layers_text(&model->decoder, written[0], sizeof written[0]);
  expect_layers(&flat.model->decoder, written[0]);
  ck_assert_int_eq(flat.model->latent, model->latent);
  ck_assert_int_eq(flat.model->training.epochs, model->training.epochs);
  ck_assert_str_eq(flat.model->source, model->source);
  release(&flat);
}

START_TEST(included_files_become_one_text)
{
  struct result result = accept("tests/good/include.lathe");
  const char *text = result.model->source;
  ck_assert_ptr_null(strstr(text, "include \""));
  ck_assert_ptr_nonnull(strstr(text, "# Halves an image.\n"));
  ck_assert_ptr_nonnull(strstr(text, "let side = 28; # no line end follows\n"));
  expect_flat_is_same(result.model);
  release(&result);
  result = accept("tests/good/include_a_model.lathe");
  expect_flat_is_same(result.model);
  release(&result);
}
END_TEST

START_TEST(a_text_without_includes_stays_as_it_is)
{
  char *text = read_text("tests/good/repeat.lathe");
  struct result result = accept("tests/good/repeat.lathe");
  ck_assert_str_eq(result.model->source, text);
  release(&result);
  free(text);
}
END_TEST

START_TEST(the_command_line_gives_other_values)
{
  const char *definitions[] = {"latent_size=5", "shape = [1, 14, 14]", "side=2*7", "hidden=16"};
  struct result result = run_file_with("tests/good/let_everywhere.lathe", definitions, 4);
  ck_assert_msg(result.model != NULL, "%s", result.printed);
  const struct model *m = result.model;
  ck_assert_int_eq(m->latent, 5);
  expect_layers(&m->encoder, "flatten;linear 32;relu;linear 16;relu;gaussian z;");
  expect_layers(&m->decoder, "linear 16;relu;linear 196;reshape [1, 14, 14];");
  ck_assert_ptr_nonnull(strstr(m->source, "let latent_size = 5;"));
  ck_assert_ptr_nonnull(strstr(m->source, "let side = 2*7;"));
  expect_flat_is_same(m);
  release(&result);
}
END_TEST

static const struct {
  const char *definition, *message;
} refused[] = {
    {"sid=3", "the description has no constant `sid`; did you mean `side`?"},
    {"nonsense=3", "the description has no constant `nonsense`"},
    {"factor=3", "the description has no constant `factor`"}, /* of a section alone */
    {"side", "a definition is written NAME=VALUE, as `-D latent=10`"},
    {"side=", "nothing stands behind `=`: a definition is written NAME=VALUE"},
    {"side= ", "nothing stands behind `=`"},
    {"side=,", "expected a name, a number or '['"},
    {"=3", "expected a name, but found '='"},
    {"side=3; let x = 2", "a definition is written NAME=VALUE, as `-D latent=10`"},
    {"side=latent", "there is no constant `latent`"},
    {"side=1.5", "a dimension is an integer from 1 to 2147483647, not `shape`, which is 1.5"},
};

START_TEST(wrong_definitions_are_refused)
{
  struct result result =
      run_file_with("tests/good/let_everywhere.lathe", &refused[_i].definition, 1);
  ck_assert_ptr_null(result.model);
  ck_assert_msg(strstr(result.printed, refused[_i].message) != NULL, "%s", result.printed);
  release(&result);
}
END_TEST

/* What no file of a reasonable size can show. */
START_TEST(sizes_have_limits)
{
  static const struct {
    const char *before, *format, *after, *message;
    int count;
  } sizes[] = {
      {"", "let n%d = 1;\n", "", "error[E0524]: there are more than 1024 constants", 1100},
      {"model m { encoder { ", "repeat 1 { let n%d = 1; }\n", "gaussian z; } }", "no section",
       2000},
      {"let n0 = 1; model m { input x [", "n0*", "1]; }", "error[E0205]: operations", 200},
  };
  for (int i = 0; i < LENGTH(sizes); i++) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fputs(sizes[i].before, out);
    for (int k = 0; k < sizes[i].count; k++)
      fprintf(out, sizes[i].format, k);
    fputs(sizes[i].after, out);
    fclose(out);
    struct result result = run_text(text, size);
    ck_assert_msg(strstr(result.printed, sizes[i].message) != NULL, "%s", result.printed);
    release(&result);
    free(text);
  }
}
END_TEST

START_TEST(files_have_limits_together)
{
  char folder[] = "/tmp/lathe-test-XXXXXX", path[64], *padding = calloc(1, 600000);
  ck_assert_ptr_nonnull(mkdtemp(folder));
  memset(padding, '#', 599999);
  snprintf(path, sizeof path, "%s/large.lathe", folder);
  FILE *file = fopen(path, "wb");
  ck_assert(file != NULL && fputs(padding, file) >= 0 && fclose(file) == 0);
  snprintf(path, sizeof path, "%s/main.lathe", folder);
  file = fopen(path, "wb");
  ck_assert(file != NULL &&
            fputs("include \"large.lathe\";\ninclude \"large.lathe\";\n", file) >= 0);
  ck_assert_int_eq(fclose(file), 0);
  struct result result = run_file(path);
  ck_assert_ptr_nonnull(strstr(result.printed, "main.lathe:2:9: error[E0518]: a description has at "
                                               "most 1048576 bytes, its included files counted"));
  release(&result);
  const char *definitions[] = {padding, padding};
  *padding = 'x';
  result = run_file_with("tests/good/repeat.lathe", definitions, 2);
  ck_assert_ptr_nonnull(strstr(result.printed, "too many or too long"));
  release(&result);
  unlink(path);
  snprintf(path, sizeof path, "%s/large.lathe", folder);
  unlink(path);
  rmdir(folder);
  free(padding);
}
END_TEST

START_TEST(a_constant_is_defined_once)
{
  const char *definitions[] = {"side=28", "side=28"};
  struct result result = run_file_with("tests/good/let_everywhere.lathe", definitions, 2);
  ck_assert_ptr_null(result.model);
  ck_assert_ptr_nonnull(
      strstr(result.printed, "<command line>:1:5: error[E0523]: `side` is defined twice"));
  release(&result);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("expand");
  TCase *meaning = tcase_create("meaning");
  tcase_add_test(meaning, operators_follow_their_precedence);
  tcase_add_test(meaning, constants_stand_for_numbers_and_lists);
  tcase_add_test(meaning, repetitions_count_from_zero);
  tcase_add_test(meaning, blocks_take_arguments_by_place_and_by_name);
  tcase_add_test(meaning, parameters_hide_outer_names);
  tcase_add_test(meaning, defaults_hold_where_a_layer_does_not_say);
  tcase_add_test(meaning, layers_know_their_files);
  suite_add_tcase(suite, meaning);
  TCase *text = tcase_create("text");
  tcase_add_test(text, included_files_become_one_text);
  tcase_add_test(text, a_text_without_includes_stays_as_it_is);
  tcase_add_test(text, the_command_line_gives_other_values);
  tcase_add_loop_test(text, wrong_definitions_are_refused, 0, LENGTH(refused));
  tcase_add_test(text, a_constant_is_defined_once);
  tcase_add_test(text, sizes_have_limits);
  tcase_add_test(text, files_have_limits_together);
  suite_add_tcase(suite, text);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
