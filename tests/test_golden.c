/* The emitted C, read once by a person: kernels of tiny descriptions, compared with
 * tests/golden/NAME.c. After a change that is meant, `make golden` rewrites them; read the
 * difference before it is kept. */
#include "compiled.h"
#include "compiler/emit_model.h"
#include "compiler/text.h"
#include "spawn.h"

#define GOLDEN "tests/golden/"
enum { MOST_BYTES = 2048, MOST_NEEDLES = 6 };

#define MODEL(input, latent, encoder, decoder, rest)                                               \
  "model tiny {\n  input x " input ";\n  latent z [" latent "];\n  encoder {\n    " encoder        \
  "\n  }\n  decoder {\n    " decoder "\n  }\n  " rest "\n}\n"

#define GAUSSIAN "loss { gaussian; }"
#define IMAGE_OUT "linear 36;\n    reshape [1, 6, 6];"
#define VECTORS(rest) MODEL("[4]", "2", "gaussian z;", "linear 4;", rest)

static const char narrow[] =
    MODEL("[24]", "3", "linear 20;\n    relu;\n    gaussian z;", "linear 24;\n    sigmoid;", "");
static const char wide[] =
    MODEL("[400]", "2", "linear 300;\n    relu;\n    gaussian z;", "linear 400;", GAUSSIAN);
static const char conv[] =
    MODEL("[1, 6, 6]", "2",
          "conv2d 4, kernel 3, stride 1, pad 1;\n    relu;\n"
          "    conv2d 8, kernel 2, stride 2, pad 0;\n    relu;\n    gaussian z;",
          IMAGE_OUT, GAUSSIAN);
static const char few_channels[] =
    MODEL("[1, 6, 6]", "2", "conv2d 64, kernel 3, pad 1;\n    relu;\n    gaussian z;", IMAGE_OUT,
          GAUSSIAN);
static const char conv_transpose[] =
    MODEL("[2, 6, 6]", "2", "gaussian z;",
          "linear [4, 3, 3];\n    conv_transpose2d 3, kernel 2, stride 2, pad 0;\n    relu;\n"
          "    conv_transpose2d 2, kernel 3, stride 1, pad 1;\n    sigmoid;",
          "");
static const char winograd[] =
    MODEL("[1, 8, 8]", "2",
          "conv2d 16, kernel 3, stride 1, pad 1;\n    conv2d 32, kernel 4, stride 2, pad 1;\n"
          "    gaussian z;",
          "linear 64;\n    reshape [1, 8, 8];", GAUSSIAN);
static const char grouped[] =
    MODEL("[4, 6, 6]", "2", "conv2d 6, kernel 3, dilation 2, groups 2;\n    gaussian z;",
          "linear [4, 6, 6];", GAUSSIAN);
static const char depthwise[] =
    MODEL("[6, 5, 5]", "2",
          "conv2d 6, kernel 1;\n    conv2d 6, kernel 3, pad 1, groups 6;\n"
          "    gaussian z;",
          "linear [6, 5, 5];", GAUSSIAN);
static const char series[] = MODEL(
    "[2, 12]", "2",
    "conv1d 4, kernel 3, stride 2, pad 1;\n    relu;\n    max_pool 2;\n"
    "    upsample 2, mode linear;\n    gaussian z;",
    "linear [4, 6];\n    conv_transpose1d 2, kernel 3, stride 2, pad 1, output_pad 1;", GAUSSIAN);
static const char batchnorm[] =
    MODEL("[1, 6, 6]", "2", "conv2d 4, kernel 2, stride 2, pad 0;\n    batchnorm;\n    gaussian z;",
          IMAGE_OUT, GAUSSIAN);
static const char unbiased[] =
    MODEL("[1, 6, 6]", "2",
          "conv2d 4, kernel 3, pad 1, bias off;\n    relu;\n    flatten;\n"
          "    linear 8, bias off;\n    relu;\n    gaussian z;",
          IMAGE_OUT, GAUSSIAN);
static const char pool_inside[] =
    MODEL("[3, 6, 6]", "2",
          "conv2d 4, kernel 1;\n    max_pool 2;\n    avg_pool 2, stride 1;\n"
          "    upsample 3, mode bilinear;\n    gaussian z;",
          "linear [3, 6, 6];", GAUSSIAN);
#define CONCAT                                                                                     \
  MODEL("[1, 4, 4]", "2",                                                                          \
        "conv2d 2, kernel 1;\n    concat { conv2d 3, kernel 1; }\n    gaussian z;",                \
        "linear [1, 4, 4];", GAUSSIAN)
static const char relayout[] =
    MODEL("[3, 4, 4]", "2", "conv2d 2, kernel 1, stride 1, pad 0;\n    gaussian z;",
          "linear 48;\n    reshape [3, 4, 4];", GAUSSIAN);
static const char gaussian[] =
    MODEL("[6]", "2", "gaussian z;", "linear 6;", "loss { gaussian, variance 0.5; kl 2; }");

/* What is kept of a description's emitted C: from each place where a line begins with one of the
 * needles to the end of that function. */
static const struct {
  const char *name, *file, *text;
  const char *needle[MOST_NEEDLES];
} cases[] = {
    {"linear_narrow", "_forward.c", narrow, {"/* encoder.0: linear"}},
    {"linear_narrow_backward", "_backward.c", narrow, {"static void decoder_0_linear_input("}},
    {"linear_narrow_weight", "_backward.c", narrow, {"static void decoder_0_linear_weight("}},
    {"encode", "_forward.c", narrow, {"void tiny_encode("}},
    {"linear_wide", "_forward.c", wide, {"/* encoder.0: linear"}},
    {"linear_wide_backward", "_backward.c", wide, {"static void decoder_0_linear_input("}},
    {"linear_wide_weight", "_backward.c", wide, {"static void decoder_0_linear_weight("}},
    {"conv_one_channel", "_forward.c", conv, {"/* encoder.0: conv2d"}},
    {"conv_channels", "_forward.c", conv, {"/* encoder.2: conv2d"}},
    {"conv_weight_one_channel", "_backward.c", conv, {"static void encoder_0_conv_weight("}},
    {"conv_weight_channels", "_backward.c", conv, {"static void encoder_2_conv_weight("}},
    {"conv_weight_few_channels",
     "_backward.c",
     few_channels,
     {"static void encoder_0_channel_sum(", "static void encoder_0_conv_weight("}},
    {"conv_input", "_backward.c", conv, {"static void encoder_2_conv_input("}},
    {"conv_transpose", "_forward.c", conv_transpose, {"/* decoder.1: conv_transpose2d"}},
    {"conv_transpose_backward",
     "_backward.c",
     conv_transpose,
     {"static void decoder_1_channel_sum(", "static void decoder_1_conv("}},
    {"conv_groups", "_forward.c", grouped, {"static void encoder_0_conv("}},
    {"conv_groups_weight", "_backward.c", grouped, {"static void encoder_0_conv_weight("}},
    {"conv_depthwise", "_forward.c", depthwise, {"/* encoder.1: conv2d"}},
    {"conv_depthwise_input", "_backward.c", depthwise, {"static void encoder_1_conv_input("}},
    {"conv_depthwise_weight", "_backward.c", depthwise, {"static void encoder_1_conv_weight("}},
    {"conv1d", "_forward.c", series, {"/* encoder.0: conv1d"}},
    {"conv1d_weight", "_backward.c", series, {"static void encoder_0_conv_weight("}},
    {"conv_transpose1d", "_forward.c", series, {"/* decoder.1: conv_transpose1d"}},
    {"max_pool_series", "_forward.c", series, {"static void encoder_2_max_pool("}},
    {"upsample_linear", "_forward.c", series, {"static void encoder_3_bilinear("}},
    {"winograd_tile", "_forward.c", winograd, {"static int winograd_row", "/* F("}},
    {"winograd_data", "_forward.c", winograd, {"static void encoder_1_winograd_data("}},
    {"winograd_product",
     "_forward.c",
     winograd,
     {"static void winograd_filter", "static void encoder_1_winograd_product("}},
    {"winograd_inverse", "_forward.c", winograd, {"static void encoder_1_winograd_inverse("}},
    {"winograd_data_adjoint",
     "_backward.c",
     winograd,
     {"static void encoder_1_winograd_data_adjoint("}},
    {"winograd_product_adjoint",
     "_backward.c",
     winograd,
     {"static void encoder_1_winograd_product_adjoint("}},
    {"winograd_inverse_adjoint",
     "_backward.c",
     winograd,
     {"static void encoder_1_winograd_inverse_adjoint("}},
    {"winograd_weight", "_backward.c", winograd, {"static void encoder_1_winograd_weight("}},
    {"conv_without_bias", "_forward.c", unbiased, {"/* encoder.0: conv2d"}},
    {"linear_without_bias", "_forward.c", unbiased, {"/* encoder.3: linear"}},
    {"batchnorm_inference", "_forward.c", batchnorm, {"static void encoder_0_conv("}},
    {"batchnorm_training", "_forward.c", batchnorm, {"/* encoder.1: batchnorm"}},
    {"batchnorm_backward", "_backward.c", batchnorm, {"/* encoder.1: batchnorm"}},
    {"relu_backward", "_backward.c", narrow, {"static void encoder_1_relu_grad("}},
    {"sigmoid", "_forward.c", narrow, {"static void decoder_0_linear("}},
    {"relayout", "_forward.c", relayout, {"static void encoder_0_relayout("}},
    {"sample", "_forward.c", gaussian, {"static void encoder_0_sample("}},
    {"sample_backward", "_backward.c", gaussian, {"static void encoder_0_sample_grad_logvar("}},
    {"loss_kl", "_forward.c", gaussian, {"/* kl\n"}},
    {"loss_kl_backward",
     "_backward.c",
     gaussian,
     {"static void kl_grad_mean(", "static void kl_grad_logvar("}},
    {"loss_bernoulli", "_forward.c", narrow, {"/* reconstruction\n"}},
    {"loss_bernoulli_backward", "_backward.c", narrow, {"static void bernoulli_grad("}},
    {"loss_gaussian", "_forward.c", gaussian, {"/* reconstruction\n"}},
    {"loss_gaussian_backward", "_backward.c", gaussian, {"static void gaussian_grad("}},
#define LIKELIHOOD(end, loss) MODEL("[2, 2, 2]", "2", "gaussian z;", end, "loss { " loss "; }")
    {"loss_learned",
     "_forward.c",
     LIKELIHOOD("linear [2, 2, 2];", "gaussian, variance learned"),
     {"/* reconstruction\n"}},
    {"loss_learned_backward",
     "_backward.c",
     LIKELIHOOD("linear [2, 2, 2];", "gaussian, variance learned_each"),
     {"static void gaussian_learned_grad(", "static void gaussian_learned_mean_grad("}},
    {"loss_predicted",
     "_forward.c",
     LIKELIHOOD("linear [4, 2, 2];", "gaussian, variance predicted"),
     {"/* reconstruction\n"}},
    {"loss_predicted_backward",
     "_backward.c",
     LIKELIHOOD("linear [4, 2, 2];", "gaussian, variance predicted"),
     {"static void gaussian_predicted_grad("}},
    {"loss_categorical",
     "_forward.c",
     LIKELIHOOD("linear [6, 2, 2];", "categorical 3"),
     {"static inline int level_of(", "/* reconstruction\n"}},
    {"loss_categorical_lanes",
     "_backward.c",
     MODEL("[1, 2, 2]", "2", "gaussian z;", "linear [16, 2, 2];", "loss { categorical 16; }"),
     {"static void categorical_grad("}},
    {"decode_categorical_mean",
     "_forward.c",
     LIKELIHOOD("linear [6, 2, 2];", "categorical 3"),
     {"static void decoder_0_categorical_mean("}},
    {"decode_categorical_mode",
     "_forward.c",
     LIKELIHOOD("linear [6, 2, 2];", "categorical 3, decode mode"),
     {"static void decoder_0_categorical_mode("}},
    {"loss_of_code",
     "_forward.c",
     MODEL("[4]", "2", "code z;", "linear 4;", GAUSSIAN),
     {"struct lathe_loss tiny_forward("}},
    {"losses_mean", "_forward.c", gaussian, {"struct lathe_loss tiny_forward("}},
    {"adam", "_train.c", VECTORS(GAUSSIAN), {"/* Adam"}},
    {"adam_step", "_train.c", VECTORS(GAUSSIAN), {"struct lathe_loss tiny_train_step("}},
    {"sgd", "_train.c", VECTORS(GAUSSIAN " train { sgd 0.1; }"), {"/* Stochastic"}},
    {"sgd_step", "_train.c", VECTORS(GAUSSIAN " train { sgd 0.1; }"), {"struct lathe_loss tiny_"}},
    {"sgd_momentum",
     "_train.c",
     VECTORS(GAUSSIAN " train { sgd 0.1, momentum 0.9; }"),
     {"/* Stochastic"}},
    {"sgd_nesterov",
     "_train.c",
     VECTORS(GAUSSIAN " train { sgd 0.1, momentum 0.9, nesterov, weight_decay 1e-4; }"),
     {"/* Stochastic"}},
    {"adamw", "_train.c", VECTORS(GAUSSIAN " train { adamw; }"), {"/* Adam"}},
    {"rmsprop",
     "_train.c",
     VECTORS(GAUSSIAN " train { rmsprop 0.1, momentum 0.5, centered; }"),
     {"/* Centred"}},
    {"clip_norm",
     "_train.c",
     VECTORS(GAUSSIAN " train { sgd 0.1; clip 1; }"),
     {"static void square_part(", "/* What the gradients", "struct lathe_loss tiny_"}},
    {"clip_value",
     "_train.c",
     VECTORS(GAUSSIAN " train { sgd 0.1; clip 1, by value; }"),
     {"/* Stochastic"}},
    {"dropout",
     "_forward.c",
     MODEL("[6]", "2", "linear 5;\n    dropout 0.25;\n    gaussian z;", "linear 6;", GAUSSIAN),
     {"static void encoder_1_dropout_mask(", "static void encoder_1_drop("}},
#define NORMALISED(input, how, decoder)                                                            \
  "model tiny {\n  input x " input ";\n  normalise " how ";\n  latent z [2];\n"                    \
  "  encoder { gaussian z; }\n  decoder { " decoder " }\n  " GAUSSIAN "\n}\n"
    {"normalise",
     "_forward.c",
     NORMALISED("[4]", "standard", "linear 4;"),
     {"static void standardise(", "static void decoder_0_linear("}},
    {"normalise_channels",
     "_forward.c",
     NORMALISED("[2, 2, 3]", "minmax", "linear [2, 2, 3];"),
     {"static void relayout(", "static void restore("}},
    {"loss_kl_free",
     "_forward.c",
     MODEL("[4]", "2", "gaussian z;", "linear 4;", "loss { gaussian; kl 2, free_bits 0.5; }"),
     {"static void free_bits(", "static void kl_free("}},
    {"loss_kl_free_backward",
     "_backward.c",
     MODEL("[4]", "2", "gaussian z;", "linear 4;", "loss { gaussian; kl 2, free_bits 0.5; }"),
     {"static void kl_free_grad_mean(", "static void kl_free_grad_logvar("}},
    {"loss_kl_scheduled",
     "_backward.c",
     MODEL("[4]", "2", "gaussian z;", "linear 4;", "loss { gaussian; kl 2, warmup 5; }"),
     {"static void kl_grad_mean(", "static void backward_0("}},
    {"dropout_step",
     "_train.c",
     MODEL("[6]", "2", "dropout 0.25;\n    gaussian z;", "linear 6;", GAUSSIAN),
     {"struct lathe_loss tiny_train_step("}},
    {"residual",
     "_forward.c",
     MODEL("[1, 4, 4]", "2",
           "conv2d 2, kernel 1;\n    residual { conv2d 2, kernel 1; }\n    gaussian z;",
           "linear [1, 4, 4];", GAUSSIAN),
     {"static void encoder_1_0_conv("}},
    {"concat", "_forward.c", CONCAT, {"static void encoder_1_concat("}},
    {"concat_backward", "_backward.c", CONCAT, {"static void encoder_1_slice"}},
#define POOL(layer)                                                                                \
  MODEL("[3, 6, 6]", "2", layer ";\n    gaussian z;", "linear [3, 6, 6];", GAUSSIAN)
    {"max_pool", "_forward.c", POOL("max_pool 2"), {"static void encoder_0_max_pool("}},
    {"max_pool_pad",
     "_forward.c",
     POOL("max_pool 3, stride 2, pad 1"),
     {"static void encoder_0_max_pool("}},
    {"max_pool_backward", "_backward.c", pool_inside, {"static void encoder_1_max_pool_grad("}},
    {"avg_pool", "_forward.c", POOL("avg_pool 2"), {"static void encoder_0_window_sum("}},
    {"avg_pool_backward", "_backward.c", pool_inside, {"static void encoder_2_window_spread("}},
    {"global_avg_pool",
     "_forward.c",
     POOL("global_avg_pool"),
     {"static void encoder_0_window_sum("}},
    {"upsample_nearest",
     "_forward.c",
     POOL("upsample 2"),
     {"static void encoder_0_window_spread("}},
    {"upsample_bilinear",
     "_forward.c",
     POOL("upsample 2, mode bilinear"),
     {"static void encoder_0_bilinear("}},
    {"upsample_bilinear_backward",
     "_backward.c",
     pool_inside,
     {"static void encoder_3_bilinear_adjoint("}},
#define NORM(layer)                                                                                \
  MODEL("[1, 4, 4]", "2", "conv2d 4, kernel 1;\n    " layer ";\n    gaussian z;",                  \
        "linear [1, 4, 4];", GAUSSIAN)
    {"group_moments", "_forward.c", NORM("groupnorm 2"), {"static void encoder_1_group_moments("}},
    {"group_normalise",
     "_forward.c",
     NORM("groupnorm 2"),
     {"static void encoder_1_group_normalise(", "static void encoder_1_affine("}},
    {"group_normalise_backward",
     "_backward.c",
     NORM("groupnorm 2"),
     {"static void encoder_1_group_normalise_grad("}},
    {"group_affine_backward",
     "_backward.c",
     NORM("groupnorm 2"),
     {"static void encoder_1_channel_product(", "static void encoder_1_scale("}},
    {"layernorm", "_forward.c", NORM("layernorm"), {"static void encoder_1_group_moments("}},
#define ACTIVATION(layer)                                                                          \
  MODEL("[4]", "2", "linear 3;\n    " layer ";\n    gaussian z;", "linear 4;", GAUSSIAN)
    {"leaky_relu",
     "_forward.c",
     ACTIVATION("leaky_relu, slope 0.2"),
     {"static void encoder_0_linear("}},
    {"leaky_relu_backward",
     "_backward.c",
     ACTIVATION("leaky_relu, slope 0.2"),
     {"static void encoder_1_leaky_relu_grad("}},
    {"elu", "_forward.c", ACTIVATION("elu, alpha 0.5"), {"static void encoder_0_linear("}},
    {"elu_backward",
     "_backward.c",
     ACTIVATION("elu, alpha 0.5"),
     {"static void encoder_1_elu_grad("}},
    {"selu", "_forward.c", ACTIVATION("selu"), {"static void encoder_0_linear("}},
    {"selu_backward", "_backward.c", ACTIVATION("selu"), {"static void encoder_1_selu_grad("}},
    {"gelu", "_forward.c", ACTIVATION("gelu"), {"static void encoder_1_gelu("}},
    {"gelu_backward", "_backward.c", ACTIVATION("gelu"), {"static void encoder_1_gelu_grad("}},
    {"silu", "_forward.c", ACTIVATION("silu"), {"static void encoder_1_silu("}},
    {"silu_backward", "_backward.c", ACTIVATION("silu"), {"static void encoder_1_silu_grad("}},
    {"softplus", "_forward.c", ACTIVATION("softplus"), {"static void encoder_0_linear("}},
    {"softplus_backward",
     "_backward.c",
     ACTIVATION("softplus"),
     {"static void encoder_1_softplus_grad("}},
    {"tanh", "_forward.c", ACTIVATION("tanh"), {"static void encoder_0_linear("}},
    {"tanh_backward", "_backward.c", ACTIVATION("tanh"), {"static void encoder_1_tanh_grad("}},
#define EM(kind) VECTORS(GAUSSIAN " mixture { components 3; covariance " kind "; }")
    {"em_block", "_em.c", EM("full"), {"static void load(", "static void compare("}},
    {"em_full_prepare", "_em.c", EM("full"), {"static int prepare("}},
    {"em_full_whitening", "_em.c", EM("full"), {"static bool whitening("}},
    {"em_full_expectation",
     "_em.c",
     EM("full"),
     {"static inline void whiten_2(", "static void density("}},
    {"em_full_moments", "_em.c", EM("full"), {"static void corner_2(", "static void gather("}},
    {"em_full_maximisation", "_em.c", EM("full"), {"static void maximise("}},
    {"em_full_tiles",
     "_em.c",
     MODEL("[4]", "7", "gaussian z;", "linear 4;",
           GAUSSIAN " mixture { components 3; covariance full; }"),
     {"static void tile_3_4(", "static void products("}},
    {"em_full_step", "_em.c", EM("full"), {"static void gather_chunk(", "int tiny_em_step("}},
    {"em_diag_expectation", "_em.c", EM("diag"), {"static int prepare(", "static void density("}},
    {"em_diag_moments", "_em.c", EM("diag"), {"static void moments_2("}},
    {"em_diag_maximisation", "_em.c", EM("diag"), {"static void maximise("}},
    {"em_tied_prepare", "_em.c", EM("tied"), {"static int prepare(", "static void density("}},
    {"em_tied_expectation",
     "_em.c",
     EM("tied"),
     {"static inline void whiten_2(", "static void compare("}},
    {"em_tied_moments", "_em.c", EM("tied"), {"static void gather("}},
    {"em_tied_maximisation", "_em.c", EM("tied"), {"static void maximise("}},
    {"em_spherical_expectation",
     "_em.c",
     EM("spherical"),
     {"static int prepare(", "static void density("}},
    {"em_spherical_moments", "_em.c", EM("spherical"), {"static void gather("}},
    {"em_spherical_maximisation", "_em.c", EM("spherical"), {"static void maximise("}},
    {"alone_classify",
     "_model.c",
     "model tiny { input x [4]; mixture { components 3; } }",
     {"int tiny_classify("}},
    {"float64",
     "_forward.c",
     MODEL("[24]", "3", "linear 20, algorithm blocks;\n    relu;\n    gaussian z;",
           "linear 24;\n    sigmoid;", "precision float64;"),
     {"/* encoder.0: linear", "/* reconstruction\n"}},
    {"float64_adam", "_train.c", VECTORS(GAUSSIAN " precision float64;"), {"/* Adam"}},
};

static const struct emitted_file *file_ending(const struct emitted *emitted, const char *end)
{
  for (int i = 0; i < emitted->count; i++) {
    size_t length = strlen(emitted->files[i].name), tail = strlen(end);
    if (length >= tail && strcmp(emitted->files[i].name + length - tail, end) == 0)
      return &emitted->files[i];
  }
  ck_abort_msg("no emitted file ends in %s", end);
}

/* Adds the functions that begin with a needle, and the comment above each, to `kept`. */
static void extract(struct text *kept, const char *text, const char *needle)
{
  int found = 0;
  for (const char *at = text; (at = strstr(at, needle)) != NULL;) {
    const char *end = strstr(at, "\n}\n");
    ck_assert_ptr_nonnull(end);
    const char *begin = at;
    /* A function's banner: the lines between it and the blank line above. */
    while (begin > text && !(begin[-1] == '\n' && (begin - 1 == text || begin[-2] == '\n')))
      begin--;
    text_printf(kept, "%s%.*s", kept->length > 0 ? "\n" : "", (int)(end + 3 - begin), begin);
    at = end;
    found++;
  }
  ck_assert_msg(found > 0, "nothing begins with %s", needle);
}

/* Asserts that two texts are the same; says which line is the first that differs. */
static void check_lines(const char *path, const char *expected, const char *emitted)
{
  int line = 1;
  for (; *expected != '\0' || *emitted != '\0'; line++) {
    int m = (int)strcspn(expected, "\n"), n = (int)strcspn(emitted, "\n");
    ck_assert_msg(
        m == n && strncmp(expected, emitted, (size_t)m + 1) == 0,
        "%s:%d: expected\n%.*s\nbut emitted is\n%.*s\nIf that is meant, run `make golden` "
        "and read the difference.",
        path, line, m, expected, n, emitted);
    expected += m + (expected[m] != '\0');
    emitted += n + (emitted[n] != '\0');
  }
}

START_TEST(golden)
{
  const char *name = cases[_i].name;
  struct compiled compiled = compile_text(cases[_i].text);
  struct emitted *emitted = emit_model(compiled.c);
  struct text kept = {.mem = compiled.result.mem};
  for (int i = 0; i < MOST_NEEDLES && cases[_i].needle[i] != NULL; i++)
    extract(&kept, file_ending(emitted, cases[_i].file)->text, cases[_i].needle[i]);
  ck_assert_msg(kept.length <= MOST_BYTES, "%s: %zu bytes are too many to be read", name,
                kept.length);

  char path[128];
  snprintf(path, sizeof path, GOLDEN "%s.c", name);
  if (getenv("UPDATE") != NULL)
    write_file(path, kept.data, kept.length);
  ck_assert_msg(exists(path), "%s is missing: run `make golden` and read it", path);
  char *expected = read_file(path, NULL);
  check_lines(path, expected, kept.data);
  free(expected);
  compiled_free(&compiled);
}
END_TEST

/* No file that nothing compares itself with. */
START_TEST(none_is_left_over)
{
  DIR *dir = opendir(GOLDEN);
  ck_assert_ptr_nonnull(dir);
  for (const struct dirent *entry; (entry = readdir(dir));) {
    size_t length = strlen(entry->d_name);
    if (length < 3 || strcmp(entry->d_name + length - 2, ".c") != 0)
      continue;
    bool known = false;
    for (int i = 0; i < LENGTH(cases) && !known; i++)
      known = strlen(cases[i].name) == length - 2 &&
              strncmp(cases[i].name, entry->d_name, length - 2) == 0;
    ck_assert_msg(known, GOLDEN "%s belongs to no case: remove it", entry->d_name);
  }
  closedir(dir);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("golden");
  TCase *tests = tcase_create("golden");
  tcase_add_loop_test(tests, golden, 0, LENGTH(cases));
  tcase_add_test(tests, none_is_left_over);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
