/* The command line of lathe, run as a person runs it: what each command writes, how it ends, and
 * what it leaves behind when it cannot. */
#include "compiled.h"
#include "runtime/state.h"
#include "runtime/version.h"
#include "spawn.h"
#include <jansson.h>

#define LATHE built("lathe")
#define MLP "models/digits_mlp.lathe"
#define CONV "models/digits_conv.lathe"

static const char tiny[] = "model tiny {\n  input x [6];\n  latent z [2];\n"
                           "  encoder { linear 8; relu; gaussian z; }\n"
                           "  decoder { linear 6; }\n  loss { gaussian; }\n}\n";
static const char wrong[] = "model tiny {\n  input x [6];\n  latent z [2];\n"
                            "  encoder { linear 8; relux; gaussian z; }\n"
                            "  decoder { linear 6; }\n}\n";

static char tiny_path[SPAWN_PATH];

static void setup(void)
{
  make_folder();
  strcpy(tiny_path, in_folder("tiny.lathe"));
  write_text(tiny_path, tiny);
  unsetenv("CC");
  ck_assert_int_eq(mkdir(in_folder("tmp"), 0777), 0);
  setenv("TMPDIR", in_folder("tmp"), 1);
}

/* Asserts how a program ended and, by words separated with '|', what it said where. An empty string
 * is nothing at all. */
#define CHECK(status, out, err, ...) check_said(SPAWN(LATHE, __VA_ARGS__), status, out, err)

/* ---- Usage ---- */

START_TEST(usage)
{
  check_said(SPAWN(LATHE), 2, "", "lathe: |no command|lathe help");
  CHECK(2, "", "lathe: there is no command 'biuld'; did you mean 'build'?\n", "biuld", MLP);
  CHECK(2, "", "lathe: there is no command 'xyzzy'; see `lathe help`\n", "xyzzy", MLP);
  CHECK(2, "", "check needs a description", "check");
  CHECK(2, "", "emit needs -o", "emit", MLP);
  CHECK(2, "", "build needs -o", "build", MLP);
  CHECK(2, "", "dump needs --stage=|ast|graph|plan", "dump", MLP);
  CHECK(2, "", "dump needs --stage=", "dump", MLP, "--stage=plans");
  CHECK(2, "", "'more'|too many", "check", MLP, "more");
  CHECK(2, "", "lathe: there is no option '--fast'; see `lathe help`\n", "check", MLP, "--fast");
  CHECK(2, "", "lathe: there is no option '-x'; see `lathe help`\n", "check", MLP, "-x");
  CHECK(2, "", "lathe: --cc needs a value; see `lathe help`\n", "build", MLP, "-o", "x", "--cc");
  CHECK(2, "", "lathe: -o needs a value; see `lathe help`\n", "build", MLP, "-o");
  CHECK(2, "", "lathe: '--json=1': this option takes no value", "check", MLP, "--json=1");
  CHECK(2, "", "lathe: --cc ' ' names no compiler", "build", MLP, "-o", "x", "--cc", " ");
  CHECK(2, "", "'relux'; did you mean 'relu'?", "help", "relux");
}
END_TEST

START_TEST(help)
{
  CHECK(0, "lathe build|lathe emit|lathe check|lathe summary|lathe dump|lathe help|conv2d", "",
        "help");
  CHECK(0, "lathe build|conv2d", "", "--help");
  CHECK(0, "lathe build|conv2d", "", "-h");
  CHECK(0, "--emit-dir|--cflags", "", "help", "build");
  CHECK(0, "conv2d|kernel|stride|pad", "", "help", "conv2d");
  CHECK(0, "covariance|full|tied", "", "help", "covariance");
  CHECK(0, "kernel, an attribute of|conv2d|max_pool", "", "help", "kernel");
  CHECK(0, "`Batch_Size` is called `batch`|images a step", "", "help", "Batch_Size");
}
END_TEST

/* ---- check ---- */

START_TEST(checks)
{
  CHECK(0, "", "", "check", MLP);
  CHECK(0, "", "", "check", tiny_path);
  write_text(in_folder("wrong.lathe"), wrong);
  CHECK(1, "", "wrong.lathe:4:23: error[E0401]:|relux|^", "check", in_folder("wrong.lathe"));
  CHECK(1, "", "lathe: error: |nowhere.lathe", "check", in_folder("nowhere.lathe"));
  CHECK(1, "", "lathe: error: ", "check", folder);
  write_text(in_folder("empty.lathe"), "");
  CHECK(1, "", "empty.lathe:1:1: error[E0206]:", "check", in_folder("empty.lathe"));
}
END_TEST

START_TEST(explains)
{
  CHECK(0, "E0101|W0101|E0401  an unknown layer", "", "explain");
  CHECK(0, "E0401: an unknown layer|Wrong:|ReLU;|Right:|relu;", "", "explain", "E0401");
  CHECK(2, "", "no diagnostic 'E9'", "explain", "E9");
}
END_TEST

START_TEST(checks_for_programs)
{
  write_text(in_folder("wrong.lathe"), wrong);
  CHECK(1, "\"code\":\"E0401\"|\"suggestion\":\"relu\"", "", "check", in_folder("wrong.lathe"),
        "--format=json");
  CHECK(1, "", "error[E0401]", "check", in_folder("wrong.lathe"), "--format=text");
  CHECK(2, "", "text or json", "check", tiny_path, "--format=yaml");
  CHECK(0, "", "", "check", tiny_path, "--format=json");
}
END_TEST

START_TEST(formats)
{
  const char *path = in_folder("format.lathe"), *other = in_folder("linked.lathe");
  struct stat status;
  write_text(path, "lathe   1;\n");
  ck_assert_int_eq(chmod(path, 0640), 0);
  ck_assert_int_eq(symlink(path, other), 0);
  CHECK(0, "lathe 1;\n", "", "fmt", path);
  CHECK(1, "", "format.lathe: not laid out", "fmt", path, "--check");
  CHECK(0, "", "", "fmt", "-w", other);
  CHECK(0, "", "", "fmt", path, "--check");
  ck_assert(lstat(other, &status) == 0 && S_ISLNK(status.st_mode));
  ck_assert(stat(path, &status) == 0 && (status.st_mode & 07777) == 0640);
  CHECK(2, "", "not both", "fmt", path, "--check", "-w");
  write_text(path, "model {{ ;");
  CHECK(1, "", "error[E0201]", "fmt", path, "-w");
  CHECK(1, "", "cannot open", "fmt", in_folder("none.lathe"));
  unlink(other);
}
END_TEST

START_TEST(defines)
{
  const char *path = in_folder("defined.lathe");
  write_text(path, "let n = 3; model m { input x [n]; latent z [2]; encoder { gaussian z; }\n"
                   "decoder { linear n; sigmoid; } }");
  CHECK(0, "input [3]", "", "summary", path);
  CHECK(0, "input [7]", "", "summary", path, "-D", "n=7");
  CHECK(0, "input [8]", "", "summary", "--define=n=4 * 2", path);
  CHECK(1, "", "<command line>:1:5: error[E0522]", "check", path, "-Dm=7");
}
END_TEST

/* Every other command refuses a wrong description in the same way, and writes nothing. */
START_TEST(wrong_description)
{
  const char *path = in_folder("wrong.lathe");
  write_text(path, wrong);
  CHECK(1, "", "wrong.lathe:4:23: error[E0401]:", "summary", path);
  CHECK(1, "", "wrong.lathe:4:23: error[E0401]:", "summary", path, "--json");
  CHECK(1, "", "wrong.lathe:4:23: error[E0401]:", "dump", path, "--stage=plan");
  CHECK(1, "", "wrong.lathe:4:23: error[E0401]:", "emit", path, "-o", in_folder("emitted"));
  CHECK(1, "", "wrong.lathe:4:23: error[E0401]:", "build", path, "-o", in_folder("binary"));
  ck_assert_int_eq(entries_of(folder), 3); /* the two descriptions and tmp */
  ck_assert_int_eq(entries_of(in_folder("tmp")), 0);
}
END_TEST

/* ---- algorithms ---- */

START_TEST(algorithms)
{
  const char *conv = "models/digits_conv.lathe";
  CHECK(0, "encoder.2|Winograd|decoder.0|blocks", "", "summary", conv);
  CHECK(0, "im2col + BLAS", "", "summary", conv, "--algorithm", "conv2d=blas");
  CHECK(0, "Winograd", "", "summary", conv, "--algorithm", "conv2d=winograd"); /* where it can be */
  CHECK(0, "im2col + blocks", "", "summary", conv, "--algorithm=encoder.2=blocks");
  CHECK(0, "Algorithms, by the cost model|inference|encoder.2    blas (command line)|dots", "",
        "summary", conv, "--algorithm", "encoder.2=blas");
  CHECK(0, "\"use\":\"weight\",\"algorithm\":\"blas\",\"chosen_by\":\"description\"", "", "summary",
        "tests/gradients/algorithms_blas.lathe", "--json");
  CHECK(1, "", "--algorithm relu=blas: the model has no such layer", "summary", conv, "--algorithm",
        "relu=blas");
  CHECK(1, "", "no such algorithm", "summary", conv, "--algorithm", "conv2d=fast");
  CHECK(1, "", "does not suit", "summary", conv, "--algorithm", "encoder.0=winograd");
  CHECK(1, "", "expected LAYER=ALGORITHM", "summary", conv, "--algorithm", "blas");
  CHECK(1, "", "expected LAYER=ALGORITHM", "summary", conv, "--algorithm", "conv2d=");
}
END_TEST

/* ---- summary and dump ---- */

static json_t *json_of(struct said said)
{
  ck_assert_msg(said.status == 0, "%s", said.err);
  json_error_t why;
  json_t *json = json_loads(said.out, JSON_REJECT_DUPLICATES, &why);
  ck_assert_msg(json != NULL, "%s in %.1000s", why.text, said.out);
  ck_assert_int_eq(lines_of(said.out), 1);
  said_free(&said);
  return json;
}

static json_int_t whole(const json_t *json, const char *name)
{
  const json_t *value = json_object_get(json, name);
  ck_assert_msg(json_is_integer(value), "%s is no whole number", name);
  return json_integer_value(value);
}

static double number(const json_t *json, const char *name)
{
  const json_t *value = json_object_get(json, name);
  ck_assert_msg(json_is_number(value), "%s is no number", name);
  return json_number_value(value);
}

/* A layer as the original systems' tables have it. `inner` x `outer` multiplications and additions
 * of an image make the layer; with `other` operations of an element they are all. */
struct expected {
  const char *layer, *output;
  json_int_t parameters;
  double inner, outer, other; /* other < 0: not compared */
};

static const struct expected mlp[] = {
    {"flatten", "[784]", 0, 0, 784, 0},
    {"linear 512", "[512]", 401920, 784, 512, 1},
    {"relu", "[512]", 0, 0, 512, 1},
    {"linear 256", "[256]", 131328, 512, 256, 1},
    {"relu", "[256]", 0, 0, 256, 1},
    {"gaussian z", "[2]", 514 + 514, 256, 2 + 2, -1},
    {"linear 256", "[256]", 768, 2, 256, 1},
    {"relu", "[256]", 0, 0, 256, 1},
    {"linear 512", "[512]", 131584, 256, 512, 1},
    {"relu", "[512]", 0, 0, 512, 1},
    {"linear 784", "[784]", 402192, 512, 784, 1},
    {"reshape [1, 28, 28]", "[1,28,28]", 0, 0, 784, 0},
    {"sigmoid", "[1,28,28]", 0, 0, 784, -1},
};

static const struct expected conv[] = {
    {"conv2d 64, kernel 4, stride 2, pad 1", "[64,14,14]", 1088, 1 * 4 * 4, 64 * 14 * 14, 1},
    {"relu", "[64,14,14]", 0, 0, 64 * 14 * 14, 1},
    {"conv2d 128, kernel 4, stride 2, pad 1", "[128,7,7]", 131200, 64 * 4 * 4, 128 * 7 * 7, 1},
    {"batchnorm", "[128,7,7]", 256, 0, 128 * 7 * 7, -1},
    {"relu", "[128,7,7]", 0, 0, 128 * 7 * 7, 1},
    {"gaussian z", "[20]", 125460 + 125460, 6272, 20 + 20, -1},
    {"linear 6272", "[6272]", 131712, 20, 6272, 1},
    {"reshape [128, 7, 7]", "[128,7,7]", 0, 0, 6272, 0},
    /* each input element meets each weight of its channel */
    {"conv_transpose2d 64, kernel 4, stride 2, pad 1", "[64,14,14]", 131136, 64 * 4 * 4,
     128 * 7 * 7, -1},
    {"relu", "[64,14,14]", 0, 0, 64 * 14 * 14, 1},
    {"conv_transpose2d 1, kernel 4, stride 2, pad 1", "[1,28,28]", 1025, 1 * 4 * 4, 64 * 14 * 14,
     -1},
    {"sigmoid", "[1,28,28]", 0, 0, 784, -1},
};

static const struct {
  const char *description, *binary;
  const struct expected *layers;
  int count;
  json_int_t parameters;
  const char *total;
} summaries[] = {
    {MLP, "models/digits_mlp", mlp, LENGTH(mlp), 1068820, "Total parameters: 1,068,820"},
    {CONV, "models/digits_conv", conv, LENGTH(conv), 647337, "Total parameters: 647,337"},
};

START_TEST(summary)
{
  const struct expected *layers = summaries[_i].layers;
  json_t *json = json_of(SPAWN(LATHE, "summary", summaries[_i].description, "--json"));
  ck_assert_int_eq(whole(json, "parameters"), summaries[_i].parameters);
  const json_t *found = json_object_get(json, "layers");
  ck_assert_uint_eq(json_array_size(found), (size_t)summaries[_i].count);

  json_error_t why;
  const char *kind, *covariance, *loss;
  json_t *parts;
  ck_assert_msg(json_unpack_ex(json, &why, 0, "{s:s, s:{s:s}, s:{s:s}, s:{s:o}}", "kind", &kind,
                               "mixture", "covariance", &covariance, "likelihood", "loss", &loss,
                               "memory", "parts", &parts) == 0,
                "%s", why.text);
  ck_assert_str_eq(kind, "variational");
  ck_assert_str_eq(covariance, "full");
  ck_assert_str_eq(loss, "bernoulli");
  ck_assert_uint_eq(json_array_size(parts), 5);
  ck_assert(json_is_null(json_object_get(json_object_get(json, "input"), "normalise")));

  double products = 0, elements = 0, forward = 0, first = 0;
  for (int i = 0; i < summaries[_i].count; i++) {
    const json_t *layer = json_array_get(found, (size_t)i);
    ck_assert_str_eq(json_string_value(json_object_get(layer, "layer")), layers[i].layer);
    char *output = json_dumps(json_object_get(layer, "output"), JSON_COMPACT);
    ck_assert_str_eq(output, layers[i].output);
    free(output);
    ck_assert_int_eq(whole(layer, "parameters"), layers[i].parameters);

    double product = 2 * layers[i].inner * layers[i].outer;
    double flops = number(layer, "flops_forward"), other = flops - product;
    forward += flops;
    products += product;
    elements += layers[i].outer;
    first = first > 0 ? first : product;
    if (layers[i].other >= 0)
      ck_assert_msg(other == layers[i].other * layers[i].outer, "%s: %g", layers[i].layer, flops);
    else
      ck_assert_msg(other >= 0 && other <= 10 * layers[i].outer, "%s: %g", layers[i].layer, flops);
  }
  /* The loss and the sample are a few operations a pixel or latent. Backward multiplies twice as
   * much as forward, but for the derivative by the input, which nobody needs. */
  double all = number(json, "flops_forward"), step = number(json, "flops_step");
  ck_assert_msg(all >= forward && all <= forward + 10 * elements, "%g, layers %g", all, forward);
  ck_assert_msg(step >= 3 * products - first + elements &&
                    step <= 3 * products - first + 40 * elements,
                "%g, products %g", step, products);
  json_decref(json);

  /* And the same for people. */
  struct said said = SPAWN(LATHE, "summary", summaries[_i].description);
  for (int i = 0; i < summaries[_i].count; i++)
    ck_assert_msg(strstr(said.out, layers[i].layer) != NULL, "%s is missing", layers[i].layer);
  check_said(said, 0, summaries[_i].total, "");
}
END_TEST

/* What becomes of the input, in words and in JSON. */
static const struct {
  const char *normalise, *words, *json;
} normalised[] = {
    {"standard", "normalise standard, per channel",
     "{\"method\":\"standard\",\"per\":\"channel\",\"numbers\":3,\"flops_forward\":6.0}"},
    {"minmax, per all", "normalise minmax, per all",
     "{\"method\":\"minmax\",\"per\":\"all\",\"numbers\":1,\"flops_forward\":6.0}"},
    {"given, mean [1, 2, 3], deviation 4", "normalise given, per channel",
     "{\"method\":\"given\",\"per\":\"channel\",\"numbers\":3,\"flops_forward\":6.0,"
     "\"mean\":[1.0,2.0,3.0],\"deviation\":4.0}"},
    {"none", "m: input [3], latent 2", "null"},
};

START_TEST(summary_says_how_it_normalises)
{
  char text[400];
  snprintf(text, sizeof text,
           "model m { input x [3]; normalise %s; latent z [2]; encoder { gaussian z; }\n"
           "decoder { linear 3; } loss { gaussian, variance learned_each; } }\n",
           normalised[_i].normalise);
  write_text(in_folder("m.lathe"), text);
  CHECK(0, normalised[_i].words, "", "summary", in_folder("m.lathe"));
  json_t *json = json_of(SPAWN(LATHE, "summary", in_folder("m.lathe"), "--json"));
  const json_t *input = json_object_get(json, "input");
  char *said = json_dumps(json_object_get(input, "normalise"), JSON_COMPACT | JSON_ENCODE_ANY);
  ck_assert_str_eq(said, normalised[_i].json);
  free(said);
  ck_assert_int_eq(whole(json_object_get(json, "likelihood"), "parameters"), 3);
  json_decref(json);
}
END_TEST

/* Every kernel of a training step is listed, with the layer that it is of, and its algorithm: those
 * that the schedule has, in its order, and the optimiser. Operands are read once. */
START_TEST(kernels)
{
  json_t *json = json_of(SPAWN(LATHE, "summary", summaries[_i].description, "--json"));
  const json_t *found = json_object_get(json, "kernels");
  struct compiled compiled = compile_file(summaries[_i].description);
  const struct schedule *train = compiled.c->programs[PROGRAM_TRAIN];
  ck_assert_uint_eq(json_array_size(found), (size_t)train->count + 1);
  double flops = 0;
  for (int i = 0; i < train->count; i++) {
    const json_t *kernel = json_array_get(found, (size_t)i);
    const char *pass = i < train->forward_count ? "forward" : "backward";
    const struct layer *layer = train->kernels[i].chain[0]->layer;
    ck_assert_str_eq(json_string_value(json_object_get(kernel, "pass")), pass);
    ck_assert_str_eq(json_string_value(json_object_get(kernel, "algorithm")),
                     train->kernels[i].algorithm);
    if (layer != NULL) {
      ck_assert_str_eq(json_string_value(json_object_get(kernel, "layer")), layer->name);
      ck_assert_int_eq(whole(kernel, "line"), layer->line);
    }
    ck_assert(number(kernel, "image_bytes") + number(kernel, "step_bytes") > 0);
    flops += number(kernel, "image_flops");
  }
  ck_assert_double_eq(flops, number(json, "flops_step"));

  const json_t *optimiser = json_array_get(found, (size_t)train->count);
  ck_assert_str_eq(json_string_value(json_object_get(optimiser, "kernel")), "adam");
  ck_assert_double_ge(number(optimiser, "step_bytes"), 7 * 4.0 * (double)summaries[_i].parameters);

  /* The first layer's forward pass: images, weights and biases in, its outputs out. */
  const struct expected *first = &summaries[_i].layers[_i == 0 ? 1 : 0];
  const json_t *kernel = json_array_get(found, 0);
  ck_assert_double_eq(number(kernel, "image_bytes"), 4 * (784 + first->outer));
  ck_assert_double_eq(number(kernel, "step_bytes"), 4 * (double)first->parameters);
  compiled_free(&compiled);
  json_decref(json);

  check_said(SPAWN(LATHE, "summary", summaries[_i].description), 0,
             _i == 0 ? "Kernels of a training step|linear + bias + relu|update|adam"
                     : "Kernels of a training step|conv + bias + relu|Winograd|update|adam",
             "");
}
END_TEST

/* The memory that the summary promises is what the runtime takes and what the binary says. */
START_TEST(memory)
{
  json_t *json = json_of(SPAWN(LATHE, "summary", summaries[_i].description, "--json"));
  const json_t *promised = json_object_get(json, "memory");
  const char *binary = built(summaries[_i].binary);
  json_t *info = json_of(SPAWN(binary, "info", "--json", "--threads", "1"));
  json_t *single = json_of(SPAWN(binary, "info", "--json", "--threads", "1", "--batch", "1"));
  ck_assert_int_eq(whole(promised, "training_batch"), whole(info, "batch"));
  ck_assert_int_eq(whole(promised, "training_bytes"), whole(info, "arena_training_bytes"));
  ck_assert_int_eq(whole(promised, "inference_bytes"), whole(single, "arena_inference_bytes"));
  static const char *const same[] = {"parameters", "latent", "flops_forward", "flops_step"};
  for (int i = 0; i < LENGTH(same); i++)
    ck_assert_msg(number(json, same[i]) == number(info, same[i]), "%s differs", same[i]);
  ck_assert_str_eq(json_string_value(json_object_get(json, "fingerprint")),
                   json_string_value(json_object_get(info, "fingerprint")));

  /* More images and threads cost what is said of one. */
  struct compiled compiled = compile_file(summaries[_i].description);
  const struct compilation *c = compiled.c;
  struct lathe_model model = {
      .fixed_inference = (size_t)c->fixed_inference,
      .fixed_training = (size_t)c->fixed_training,
      .per_image_inference = (size_t)c->per_image_inference,
      .per_image_training = (size_t)c->per_image_training,
      .scratch = (size_t)c->scratch,
      .em_doubles = (size_t)c->em_doubles,
  };
  int batch = (int)whole(promised, "training_batch");
  int64_t training = (int64_t)lathe_arena_bytes(&model, batch, 1, true);
  ck_assert_int_eq(training, whole(promised, "training_bytes"));
  ck_assert_int_eq((int64_t)lathe_arena_bytes(&model, 1, 1, false),
                   whole(promised, "inference_bytes"));
  ck_assert_int_eq((int64_t)lathe_arena_bytes(&model, batch + 16, 1, true) - training,
                   16 * whole(promised, "training_image_bytes"));
  ck_assert_int_eq((int64_t)lathe_arena_bytes(&model, batch, 4, true) - training,
                   3 * whole(promised, "thread_bytes"));
  compiled_free(&compiled);
  json_decref(json);
  json_decref(info);
  json_decref(single);
}
END_TEST

START_TEST(dump)
{
  CHECK(0, "graph train|graph encode|graph decode|graph evaluate|conv_input", "", "dump", CONV,
        "--stage=graph");
  CHECK(0, "graph train|conv_weight", "", "dump", CONV, "--stage=backward");
  CHECK(0, "schedule train|elements an image|encoder.1: [64, 14, 14] an image|, batch +", "",
        "dump", CONV, "--stage=plan");
  const char *path = in_folder("forms.lathe");
  write_text(path, "let width = 2 * (3 - 1);\n"
                   "block down(channels, k 3) { conv2d channels, kernel k; }\n"
                   "model forms {\n"
                   "  input x [1, 8, 8]; latent z [1];\n"
                   "  encoder { repeat 2, index i { down width + i; } gaussian z; }\n"
                   "  decoder { linear 64; reshape [1, 8, 8]; sigmoid; }\n"
                   "}\n");
  CHECK(
      0,
      "1:1     let width (* 2 (- 3 1))\n2:1     block down\n2:12      , channels\n2:22      , k 3\n"
      "2:29      conv2d channels\n2:46        , kernel k\n3:1     model forms\n"
      "4:3       input x [1, 8, 8]\n|5:13        repeat 2\n5:23          , index i\n"
      "5:33          down (+ width i)\n5:51        gaussian z\n",
      "", "dump", path, "--stage=ast");
  CHECK(
      0,
      "3:1     model forms\n4:3       input x [1, 8, 8]\n|5:3       encoder\n"
      "2:29        conv2d channels=4\n2:46          , kernel k=3\n2:29        conv2d channels=5\n",
      "", "dump", path, "--stage=expanded");
  /* What was read is shown even when it means nothing. */
  write_text(path, "model forms { input y [1]; }\n");
  CHECK(1, "1:15      input y [1]\n", "error[", "dump", path, "--stage=ast");
  /* Before memory is planned, nothing is said of places. */
  struct said said = SPAWN(LATHE, "dump", CONV, "--stage=schedule");
  ck_assert(strstr(said.out, "elements") == NULL && strstr(said.out, "nowhere") == NULL);
  check_said(said, 0, "schedule train|conv + bias + relu -> encoder.1: [64, 14, 14] an image", "");
}
END_TEST

/* ---- emit ---- */

static const char *const emitted_files[] = {
    "tiny.h",       "tiny_internal.h", "tiny_forward.c", "tiny_backward.c",
    "tiny_train.c", "tiny_em.c",       "tiny_model.c",   "tiny_main.c",
};

static void assert_emitted_alike(const char *a, const char *b)
{
  ck_assert_int_eq(entries_of(in_folder("%s", a)), LENGTH(emitted_files));
  ck_assert_int_eq(entries_of(in_folder("%s", b)), LENGTH(emitted_files));
  for (int i = 0; i < LENGTH(emitted_files); i++)
    ck_assert_msg(
        same_file(in_folder("%s/%s", a, emitted_files[i]), in_folder("%s/%s", b, emitted_files[i])),
        "%s differs between %s and %s", emitted_files[i], a, b);
}

/* The bytes depend on what the description says and its file's name, and on nothing else. */
START_TEST(emit_repeats)
{
  CHECK(0, "a: the model tiny, in 8 files of C", "", "emit", tiny_path, "-o", in_folder("a"));
  CHECK(0, "", "", "emit", "-o", in_folder("b"), tiny_path, "--quiet");
  assert_emitted_alike("a", "b");

  ck_assert_int_eq(mkdir(in_folder("elsewhere"), 0777), 0);
  write_text(in_folder("elsewhere/tiny.lathe"), tiny);
  const char *const from_there[] = {LATHE, "emit", "tiny.lathe", "-o", "../c", NULL};
  check_said(spawn_in(in_folder("elsewhere"), from_there), 0, "../c: the model tiny", "");
  assert_emitted_alike("a", "c");

  /* Again into the same folder; a file that someone changed is put right. */
  write_text(in_folder("c/tiny_em.c"), "int changed;\n");
  CHECK(0, "", "", "emit", tiny_path, "-o", in_folder("c"), "--quiet");
  assert_emitted_alike("a", "c");

  /* Another name of the file stands in the banners, and nowhere else. */
  write_text(in_folder("renamed.lathe"), tiny);
  CHECK(0, "", "", "emit", in_folder("renamed.lathe"), "-o", in_folder("d"), "--quiet");
  ck_assert(!same_file(in_folder("a/tiny_forward.c"), in_folder("d/tiny_forward.c")));
  ck_assert(same_file(in_folder("a/tiny_model.c"), in_folder("d/tiny_model.c")));
}
END_TEST

START_TEST(emit_says_no_more_than_it_must)
{
  char here[SPAWN_PATH], month[32], day[32], host[256];
  ck_assert_ptr_nonnull(getcwd(here, sizeof here));
  time_t now = time(NULL);
  strftime(month, sizeof month, "%Y-%m", localtime(&now));
  strftime(day, sizeof day, "%b %e", localtime(&now));
  ck_assert_int_eq(gethostname(host, sizeof host), 0);
  const char *const absent[] = {folder, here,       "/tmp",        "/home",    month,
                                day,    "__DATE__", LATHE_VERSION, "__TIME__", host};
  CHECK(0, "", "", "emit", tiny_path, "-o", in_folder("a"), "--quiet");
  for (int i = 0; i < LENGTH(emitted_files); i++) {
    char *text = read_file(in_folder("a/%s", emitted_files[i]), NULL);
    for (int k = 0; k < LENGTH(absent); k++)
      ck_assert_msg(strstr(text, absent[k]) == NULL, "%s says %s", emitted_files[i], absent[k]);
    free(text);
  }
}
END_TEST

START_TEST(emit_where_it_cannot)
{
  write_text(in_folder("file"), "mine");
  CHECK(1, "", "lathe: error: |cannot|file", "emit", tiny_path, "-o", in_folder("file"));
  char *text = read_file(in_folder("file"), NULL);
  ck_assert_str_eq(text, "mine");
  free(text);
  CHECK(1, "", "lathe: error: |cannot|file/below", "emit", tiny_path, "-o",
        in_folder("file/below"));
  CHECK(1, "", "lathe: error: |cannot|no/such", "emit", tiny_path, "-o", in_folder("no/such"));
  /* A folder stands where a file belongs. */
  ck_assert_int_eq(mkdir(in_folder("a"), 0777), 0);
  ck_assert_int_eq(mkdir(in_folder("a/tiny_em.c"), 0777), 0);
  CHECK(1, "", "lathe: error: |cannot|tiny_em.c", "emit", tiny_path, "-o", in_folder("a"));
  DIR *dir = opendir(in_folder("a"));
  for (const struct dirent *entry; (entry = readdir(dir));)
    ck_assert_msg(entry->d_name[0] != '.' || strlen(entry->d_name) < 3, "%s is left over",
                  entry->d_name);
  closedir(dir);
}
END_TEST

/* ---- build ---- */

START_TEST(build)
{
  /* Slow code, which is compiled fast. */
  const char *binary = in_folder("binary");
  CHECK(0, "/binary: the model tiny, for this machine, built in | s\n", "", "build", tiny_path,
        "-o", binary, "--cflags", "-O0");
  check_said(SPAWN(binary, "info"), 0, "tiny|linear 8", "");
  ck_assert_int_eq(entries_of(in_folder("tmp")), 0);
  ck_assert_int_eq(entries_of(folder), 3);

  struct stat status;
  mode_t mask = umask(0);
  umask(mask);
  ck_assert_int_eq(stat(binary, &status), 0);
  ck_assert_msg((status.st_mode & 0777) == (0777 & ~mask), "mode %o", status.st_mode & 0777);

  /* Over the old one; the C is kept, and is what emit writes. */
  CHECK(0, "", "", "build", tiny_path, "-o", binary, "--cflags", "-O0", "--quiet", "--emit-dir",
        in_folder("a"));
  ck_assert_int_eq(entries_of(in_folder("tmp")), 0);
  check_said(SPAWN(binary, "info"), 0, "tiny|linear 8", "");
  CHECK(0, "", "", "emit", tiny_path, "-o", in_folder("b"), "--quiet");
  assert_emitted_alike("a", "b");
}
END_TEST

START_TEST(build_float64)
{
  write_text(in_folder("wide.lathe"), "model wide { precision float64; input x [6]; latent z [2];"
                                      " encoder { gaussian z; } decoder { linear 6; }"
                                      " loss { gaussian; } }\n");
  CHECK(0, "", "", "build", in_folder("wide.lathe"), "-o", in_folder("binary"), "--cflags", "-O0",
        "--quiet");
  check_said(SPAWN(in_folder("binary"), "info"), 0, "wide|float64", "");
}
END_TEST

/* Flags reach the compiler, in order and one by one. */
START_TEST(build_flags)
{
  CHECK(1, "", "gone|lathe: error: the C compiler|failed", "build", tiny_path, "-o",
        in_folder("binary"), "--cflags", "-O0  -D_FORTIFY_SOURCE=0 -include gone.h");
  CHECK(1, "", "-fno-such-flag", "build", tiny_path, "-o", in_folder("binary"), "--cflags",
        "-O0 -fno-such-flag");
  ck_assert_int_eq(entries_of(folder), 2);
  ck_assert_int_eq(entries_of(in_folder("tmp")), 0);
}
END_TEST

/* What cannot be built leaves nothing behind, and an older binary as it was. */
START_TEST(build_fails)
{
  write_text(in_folder("binary"), "old");
  static const char *const programs[][2] = {
      {"no-such-compiler", "lathe: error: cannot run the C compiler 'no-such-compiler'|--cc"},
      {"false", "lathe: error: the C compiler 'false' failed"},
      {"sh -c kill\t-9\t$$", "lathe: error: the C compiler"},
  };
  for (int i = 0; i < LENGTH(programs); i++) {
    CHECK(1, "", programs[i][1], "build", tiny_path, "-o", in_folder("binary"), "--cc",
          programs[i][0]);
    CHECK(1, "", programs[i][1], "build", tiny_path, "-o", in_folder("new"), "--cc",
          programs[i][0]);
    ck_assert_int_eq(entries_of(in_folder("tmp")), 0);
    ck_assert_int_eq(entries_of(folder), 3);
  }
  setenv("CC", "no-compiler-either", 1);
  CHECK(1, "", "'no-compiler-either'", "build", tiny_path, "-o", in_folder("binary"));
  unsetenv("CC");
  char *text = read_file(in_folder("binary"), NULL);
  ck_assert_str_eq(text, "old");
  free(text);

  CHECK(1, "", "lathe: error: |cannot write|no/binary|No such file", "build", tiny_path, "-o",
        in_folder("no/binary"));
  CHECK(1, "", "lathe: error: |cannot write|binary/below|Not a directory", "build", tiny_path, "-o",
        in_folder("binary/below"));
  CHECK(1, "", "lathe: error: |cannot|binary/c", "build", tiny_path, "-o", in_folder("new"),
        "--emit-dir", in_folder("binary/c"));
  CHECK(1, "", "lathe: error: |cannot write|tmp", "build", tiny_path, "-o", in_folder("tmp"),
        "--cflags", "-O0");
  /* Another program's FIFO (or, to root, a device) is no file to be replaced; nor is one's work. */
  ck_assert_int_eq(mkfifo(in_folder("new"), 0600), 0);
  CHECK(1, "", "lathe: error: cannot write|new|not a regular file|-o", "build", tiny_path, "-o",
        in_folder("new"), "--cc", "true");
  struct stat status;
  ck_assert(lstat(in_folder("new"), &status) == 0 && S_ISFIFO(status.st_mode));
  ck_assert_int_eq(unlink(in_folder("new")), 0);
  CHECK(1, "", "lathe: error: cannot write|tiny.lathe|the description", "build", tiny_path, "-o",
        tiny_path, "--cc", "true");
  text = read_file(tiny_path, NULL);
  ck_assert_str_eq(text, tiny);
  free(text);
  CHECK(1, "", "lathe: error: cannot write|tiny.lathe|the description", "plan", tiny_path, "-o",
        tiny_path);
  write_text(in_folder("new"), "include \"tiny.lathe\";\n");
  CHECK(1, "", "lathe: error: cannot write|tiny.lathe|that the description includes", "build",
        in_folder("new"), "-o", tiny_path, "--cc", "true");
  ck_assert_int_eq(unlink(in_folder("new")), 0);
  setenv("TMPDIR", in_folder("gone"), 1);
  CHECK(1, "", "lathe: error: cannot make the folder|gone", "build", tiny_path, "-o",
        in_folder("new"));
  ck_assert_int_eq(entries_of(in_folder("tmp")), 0);
  ck_assert_int_eq(entries_of(folder), 3);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("lathe");
  TCase *tests = tcase_create("lathe");
  tcase_add_checked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 2 * SPAWN_SECONDS);
  tcase_add_test(tests, usage);
  tcase_add_test(tests, help);
  tcase_add_test(tests, checks);
  tcase_add_test(tests, explains);
  tcase_add_test(tests, checks_for_programs);
  tcase_add_test(tests, defines);
  tcase_add_test(tests, algorithms);
  tcase_add_test(tests, formats);
  tcase_add_test(tests, wrong_description);
  tcase_add_loop_test(tests, summary_says_how_it_normalises, 0, LENGTH(normalised));
  tcase_add_loop_test(tests, summary, 0, LENGTH(summaries));
  tcase_add_loop_test(tests, kernels, 0, LENGTH(summaries));
  tcase_add_loop_test(tests, memory, 0, LENGTH(summaries));
  tcase_add_test(tests, dump);
  tcase_add_test(tests, emit_repeats);
  tcase_add_test(tests, emit_says_no_more_than_it_must);
  tcase_add_test(tests, emit_where_it_cannot);
  tcase_add_test(tests, build);
  tcase_add_test(tests, build_float64);
  tcase_add_test(tests, build_flags);
  tcase_add_test(tests, build_fails);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
