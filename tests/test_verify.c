/* `lathe verify`: it passes on what is right; it fails, naming the layer, on emitted code that was
 * tampered with on its way to the C compiler; and it says what it cannot do. */
#include "spawn.h"
#include <jansson.h>

#define LATHE built("lathe")

/* Between them every kind of layer, likelihood, optimiser and covariance. */
static const char everything[] = "model everything {\n"
                                 "  input  x [2, 6, 4];\n"
                                 "  latent z [3];\n"
                                 "  encoder {\n"
                                 "    conv2d 4, kernel 3, stride 2, pad 1, bias on;\n" /* line 5 */
                                 "    batchnorm;\n"
                                 "    relu;\n"
                                 "    flatten;\n"
                                 "    linear 9;\n" /* line 9 */
                                 "    sigmoid;\n"
                                 "    gaussian z;\n" /* line 11 */
                                 "  }\n"
                                 "  decoder {\n"
                                 "    linear 24, bias on;\n"
                                 "    batchnorm;\n"
                                 "    relu;\n"
                                 "    reshape [4, 3, 2];\n"
                                 "    conv_transpose2d 2, kernel 2, stride 2;\n" /* line 18 */
                                 "    sigmoid;\n"
                                 "  }\n"
                                 "  mixture { components 3; covariance tied; }\n"
                                 "}\n";
static const char vectors[] = "model vectors {\n"
                              "  precision float64;\n"
                              "  input  x [7], range [-1, 1];\n"
                              "  latent z [1];\n"
                              "  encoder { gaussian z; }\n"
                              "  decoder { linear 7; }\n"
                              "  loss { gaussian, variance 0.5; kl 2; }\n"
                              "  mixture { components 4; covariance spherical; floor 1e-12; }\n"
                              "  train { sgd 0.01, momentum 0.9; }\n"
                              "}\n";
/* A value that several layers use: parts of its derivative are made in one build and not in
 * another. */
static const char shared[] = "model shared {\n"
                             "  input  x [8];\n"
                             "  latent z [2];\n"
                             "  encoder { linear 9; residual { concat { linear 5; relu; } "
                             "linear 9; } gaussian z; }\n"
                             "  decoder {\n"
                             "    linear 12;\n"
                             "    concat { concat { linear 5; relu; } linear 12; }\n"
                             "    residual { linear 24; residual { residual { relu; linear 24; } "
                             "relu; linear 24; } }\n"
                             "    linear 8; sigmoid;\n"
                             "  }\n"
                             "  mixture { components 3; }\n"
                             "}\n";

static void setup(void)
{
  make_folder();
  unsetenv("CC");
  ck_assert_int_eq(mkdir(in_folder("tmp"), 0777), 0);
  setenv("TMPDIR", in_folder("tmp"), 1);
  write_text(in_folder("everything.lathe"), everything);
  write_text(in_folder("vectors.lathe"), vectors);
  write_text(in_folder("shared.lathe"), shared);
}

static void teardown(void)
{
  remove_folder();
}

/* Asserts how a program ended and, by words separated with '|', what it said where. */
/* ---- What is right ---- */

enum { PASSING = 3 };
START_TEST(passes)
{
  static const char *const names[] = {"everything", "vectors", "shared"};
  struct said said = SPAWN(LATHE, "verify", in_folder("%s.lathe", names[_i]), "--cflags", "-O0");
  ck_assert_ptr_null(strstr(said.out, "FAILED"));
  check_said(said, 0,
             "second emission, float32-plain|fast against plain code, float64|encode.mean|"
             "gradient.logvar.weight|fast against plain code, float32|float32 against float64|ULP|"
             "finite differences|decoder.0.bias|optimiser's definition|EM's definition|fall|"
             "3 threads|bytes written outside|all within tolerance",
             "");
  ck_assert_int_eq(entries_of(in_folder("tmp")), 0);
}
END_TEST

/* Filters at Winograd's points, which inference keeps. */
START_TEST(passes_on_winograd)
{
  check_said(SPAWN(LATHE, "verify", "tests/gradients/algorithms_winograd.lathe", "--cflags", "-O0"),
             0, "decode.images|algorithms_winograd: |all within tolerance", "");
}
END_TEST

START_TEST(passes_on_digits)
{
  check_said(SPAWN(LATHE, "verify", "models/digits_mlp.lathe"), 0,
             "encoder.1.weight|digits_mlp: |all within tolerance", "");
}
END_TEST

static void check_line(const json_t *json)
{
  static const char *const texts[] = {"check", "precision", "item", "detail"};
  for (int i = 0; i < 4; i++)
    ck_assert_msg(json_is_string(json_object_get(json, texts[i])), "%s", texts[i]);
  ck_assert(json_is_number(json_object_get(json, "error")));
  ck_assert(json_is_number(json_object_get(json, "tolerance")));
  ck_assert(json_is_number(json_object_get(json, "ulp")));
  ck_assert(json_is_true(json_object_get(json, "ok")));
  const json_t *layer = json_object_get(json, "layer");
  if (layer != NULL && strcmp(json_string_value(layer), "encoder.0") == 0)
    ck_assert_int_eq(json_integer_value(json_object_get(json, "line")), 5);
}

START_TEST(json)
{
  struct said said =
      SPAWN_GOOD(LATHE, "verify", in_folder("vectors.lathe"), "--json", "--cflags", "-O0");
  int lines = 0, layers = 0, checks = -1;
  for (char *line = strtok(said.out, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++) {
    json_t *one = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(one != NULL && checks < 0, "%s", line);
    if (json_object_get(one, "model") == NULL) {
      check_line(one);
      layers += json_object_get(one, "layer") != NULL;
    } else { /* the last */
      ck_assert_str_eq(json_string_value(json_object_get(one, "model")), "vectors");
      ck_assert_int_eq(json_integer_value(json_object_get(one, "failed")), 0);
      checks = (int)json_integer_value(json_object_get(one, "checks"));
    }
    json_decref(one);
  }
  ck_assert_int_eq(checks, lines - 1);
  ck_assert_int_gt(layers, 30);
  said_free(&said);
}
END_TEST

START_TEST(keeps)
{
  const char *kept = in_folder("kept");
  check_said(SPAWN(LATHE, "verify", in_folder("vectors.lathe"), "--keep", kept, "--cflags", "-O0"),
             0, "within tolerance", "");
  ck_assert(exists(in_folder("kept/float64/vectors_forward.c")));
  ck_assert(exists(in_folder("kept/float32-plain/selfcheck")));
  ck_assert(exists(in_folder("kept/float32-batch-17.safetensors")));
  ck_assert_int_eq(entries_of(in_folder("tmp")), 0);

  struct said said = SPAWN(in_folder("kept/float64/selfcheck"));
  check_said(said, 2, "", "usage|gradients|record OUT.safetensors N");
  check_said(SPAWN(in_folder("kept/float64/selfcheck"), "gradients", "0"), 1, "",
             "vectors: |float64");
  check_said(SPAWN(in_folder("kept/float32/selfcheck"), "gradients", "3"), 1, "",
             "vectors: |float64");
  check_said(SPAWN(in_folder("kept/float64/selfcheck"), "record", in_folder("no/where"), "3"), 1,
             "", "vectors: |no/where");
}
END_TEST

/* ---- What is wrong ---- */

/* Emitted code is changed by sed on its way to the C compiler. */
static const struct fault {
  const char *variants; /* in whose folder; "" any */
  const char *script, *err;
} FAULTS[] = {
    /* a ReLU's derivative that is not 0 where the input is negative */
    {"", "s/> 0\\.0F* ? dy_value :/> -0.2 ? dy_value :/",
     "everything.lathe:5: error: encoder.0 (`conv2d 4, kernel 3, stride 2, pad 1`)|"
     "finite differences, float64: encoder.0.weight is off by|batch of 3"},
    /* the head leaves out an input; what is wrong first is said first */
    {"float64/", "s/begin, 3, 9, /begin, 3, 8, /",
     ":11: error: encoder.6 (`gaussian z`): fast against plain code, float64: activation.mean is "
     "off|:14: error: decoder.0 (`linear 24`)"},
    /* less exact than either precision is */
    {"float64/", "s/lathe_sigmoid(\\([^)]*\\))/1.0002 * lathe_sigmoid(\\1)/",
     ":10: error: encoder.5 (`sigmoid`): fast against plain code, float64: activation.encoder.5 is "
     "off by 2.0"},
    {"float32/", "s/lathe_sigmoidf(\\([^)]*\\))/1.0002F * lathe_sigmoidf(\\1)/",
     ":10: error: encoder.5 (`sigmoid`): fast against plain code, float32: activation.encoder.5 is "
     "off by 2.0"},
    {"", "s/0\\.999F* \\* exp_avg_sq/0.998 * exp_avg_sq/",
     "everything.lathe:5: error: encoder.0|optimiser's definition, float64: encoder.0.weight is "
     "off|optimiser's definition, float64: encoder.1.bias is off|the second moment"},
    {"",
     "s/share\\[v\\] \\*= block->total/share[v] *= 0.999 * block->total/;"
     "s/+ c->log_constant/+ 0.9 * c->log_constant/",
     "everything.lathe: error: EM's definition, float64: mixture.weights is off|iteration|"
     "EM's definition, float32: log-likelihood is off|responsibilities is off"},
    /* results that depend on the threads, on old memory, and memory that is not the model's */
    {"",
     "s/^  loss.total = /  loss.kl += 1e-12 * lathe_pool_threads(state->pool);\\n"
     "  loss.reconstruction += 0 * (state->em ? state->em[0] : 0);\\n&/;"
     "s/^  struct everything_call call = {/  state->batch[-1] = 1;\\n&/",
     "threads: the same bits, float64: evaluate (2 threads: 2 of 3 numbers are not the same|"
     "memory: the same bits, float64: evaluate (what memory held before: |"
     "memory: the same bits, float64: activations (|bytes written outside"},
    {"", "s/^  struct everything_call call = {/  *(volatile int *)0 = 1;\\n&/",
     "error: record, float64: the check itself (record: ended by signal 11"},
};
enum { FAULT_COUNT = sizeof FAULTS / sizeof *FAULTS };

/* A C compiler that puts the fault in first; it says which files it changed, in `changed`. */
static const char *faulty_compiler(const struct fault *fault)
{
  const char *path = in_folder("cc");
  FILE *file = fopen(path, "w");
  ck_assert_ptr_nonnull(file);
  fprintf(file,
          "#!/bin/sh\n"
          "for word in \"$@\"; do\n"
          "  case $word in */%s*.c)\n"
          "    cp $word $word.before\n" /* beside it: several run at a time */
          "    sed -i '%s' $word\n"
          "    cmp -s $word $word.before || echo $word >>'%s/changed'\n"
          "  esac\n"
          "done\n"
          "exec cc \"$@\"\n",
          fault->variants, fault->script, folder);
  ck_assert_int_eq(fclose(file), 0);
  ck_assert_int_eq(chmod(path, 0755), 0);
  return path;
}

START_TEST(finds_faults)
{
  const struct fault *fault = &FAULTS[_i];
  struct said said = SPAWN(LATHE, "verify", in_folder("everything.lathe"), "--cflags", "-O0",
                           "--cc", faulty_compiler(fault));
  ck_assert_msg(exists(in_folder("changed")), "no file was changed by %s", fault->script);
  check_said(said, 1, "OUT OF TOLERANCE|FAILED", fault->err);
  ck_assert_int_eq(entries_of(in_folder("tmp")), 0);
}
END_TEST

/* ---- What cannot be done ---- */

START_TEST(usage)
{
  check_said(SPAWN(LATHE, "verify"), 2, "", "verify needs a description");
  check_said(SPAWN(LATHE, "verify", "a.lathe", "b.lathe"), 2, "", "'b.lathe'|too many");
  check_said(SPAWN(LATHE, "verify", "a.lathe", "--keeps"), 2, "", "--keeps");
  check_said(SPAWN(LATHE, "help", "verify"), 0, "MODEL.lathe|--json|--keep DIR", "");
}
END_TEST

START_TEST(failures)
{
  const char *good = in_folder("vectors.lathe"), *bad = in_folder("bad.lathe");
  write_text(bad, "model bad { input x [3]; latent z [1]; encoder { gaussian z; } }\n");
  check_said(SPAWN(LATHE, "verify", in_folder("none.lathe")), 1, "", "none.lathe|No such file");
  check_said(SPAWN(LATHE, "verify", bad), 1, "", "bad.lathe:1:|decoder");
  check_said(SPAWN(LATHE, "verify", good, "--cc", "/no/cc"), 1, "", "/no/cc|--cc");
  check_said(SPAWN(LATHE, "verify", good, "--cflags", "-fno-such-flag"), 1, "", "no-such-flag");
  check_said(SPAWN(LATHE, "verify", good, "--keep", in_folder("no/where")), 1, "", "no/where");
  check_said(SPAWN(LATHE, "verify", good, "--keep", good), 1, "", "vectors.lathe");
  ck_assert_int_eq(entries_of(in_folder("tmp")), 0);
  setenv("TMPDIR", in_folder("nowhere"), 1);
  check_said(SPAWN(LATHE, "verify", good), 1, "", "cannot make the folder|nowhere");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("verify");
  TCase *cases = tcase_create("verify");
  tcase_set_timeout(cases, 2 * SPAWN_SECONDS);
  tcase_add_checked_fixture(cases, setup, teardown);
  tcase_add_loop_test(cases, passes, 0, PASSING);
  tcase_add_test(cases, passes_on_winograd);
  tcase_add_test(cases, passes_on_digits);
  tcase_add_test(cases, json);
  tcase_add_test(cases, keeps);
  tcase_add_loop_test(cases, finds_faults, 0, FAULT_COUNT);
  tcase_add_test(cases, usage);
  tcase_add_test(cases, failures);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
