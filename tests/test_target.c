/* What emitted code was compiled for, and what a machine that lacks it is told. */
#include "runtime/built_for.h"
#include "runtime/target.h"
#include "spawn.h"
#include <jansson.h>

#define LATHE built("lathe")

static const char tiny[] = "model tiny {\n  input x [6];\n  latent z [2];\n"
                           "  encoder { linear 8; relu; gaussian z; }\n"
                           "  decoder { linear 6; }\n  loss { gaussian; }\n}\n";

static void setup(void)
{
  make_folder();
  write_text(in_folder("tiny.lathe"), tiny);
  unsetenv("CC");
}

/* ---- Sets of features ---- */

START_TEST(every_feature_has_a_name)
{
  char text[LATHE_FEATURES_TEXT];
  const uint64_t all = LATHE_FEATURES > 0 ? UINT64_MAX >> (64 - LATHE_FEATURES) : 0;
  int words = 0;
  ck_assert_str_eq(lathe_features_text(0, text), "");
  lathe_features_text(all, text);
  for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
    char one[LATHE_FEATURES_TEXT];
    ck_assert_str_eq(lathe_features_text(UINT64_C(1) << words, one), word);
    words++;
  }
  ck_assert_int_eq(words, LATHE_FEATURES);
  ck_assert_uint_eq(lathe_machine_features() & ~all, 0);
}
END_TEST

#if defined LATHE_FEATURES_X86

#define SAME(ID, name)                                                                             \
  ck_assert_msg(                                                                                   \
      (machine >> LATHE_FEATURE_##ID & 1) == (uint64_t)(__builtin_cpu_supports(name) != 0), name)

/* As the C compiler's own library sees the machine. */
START_TEST(machine_is_seen_aright)
{
  const uint64_t machine = lathe_machine_features();
  SAME(SSE3, "sse3");
  SAME(SSSE3, "ssse3");
  SAME(SSE4_1, "sse4.1");
  SAME(SSE4_2, "sse4.2");
  SAME(POPCNT, "popcnt");
  SAME(AVX, "avx");
  SAME(FMA, "fma");
  SAME(AVX2, "avx2");
  SAME(BMI, "bmi");
  SAME(BMI2, "bmi2");
  SAME(SSE4A, "sse4a");
  SAME(XOP, "xop");
  SAME(FMA4, "fma4");
  SAME(AVX512F, "avx512f");
  SAME(AVX512CD, "avx512cd");
  SAME(AVX512BW, "avx512bw");
  SAME(AVX512DQ, "avx512dq");
  SAME(AVX512VL, "avx512vl");
  SAME(AVX512IFMA, "avx512ifma");
  SAME(AVX512VBMI, "avx512vbmi");
  SAME(AVX512VBMI2, "avx512vbmi2");
  SAME(AVX512VNNI, "avx512vnni");
  SAME(AVX512BITALG, "avx512bitalg");
  SAME(AVX512VPOPCNTDQ, "avx512vpopcntdq");
  SAME(AVX512BF16, "avx512bf16");
  SAME(GFNI, "gfni");
}
END_TEST

/* One machine, and targets that it can and cannot run. */
START_TEST(what_is_lacking_is_named)
{
  const uint64_t avx2 = UINT64_C(1) << LATHE_FEATURE_AVX2, fma = UINT64_C(1) << LATHE_FEATURE_FMA,
                 wide = UINT64_C(1) << LATHE_FEATURE_AVX512F;
  const struct lathe_target target = {"x86-64-v9", avx2 | fma | wide};
  struct lathe_error err = {.text = ""};
  ck_assert(lathe_target_check(NULL, 0, &err));
  ck_assert(lathe_target_check(&target, UINT64_MAX, &err));
  ck_assert(lathe_target_check(&target, avx2 | fma | wide, &err));
  ck_assert(lathe_target_check(&(struct lathe_target){NULL, 0}, 0, &err));
  ck_assert_str_eq(err.text, "");
  ck_assert(!lathe_target_check(&target, avx2, &err));
  assert_words(err.text, "built for x86-64-v9,|this machine lacks fma avx512f:|--target");
  ck_assert(!lathe_target_check(&(struct lathe_target){"native", wide}, avx2, &err));
  assert_words(err.text, "the machine it was built on|lacks avx512f:");
  ck_assert(!lathe_target_check(&(struct lathe_target){NULL, wide}, 0, &err));
  assert_words(err.text, "another machine|lacks avx512f:");
}
END_TEST

/* This file is compiled as the macros say. */
START_TEST(flags_are_recorded)
{
  const uint64_t features = lathe_built_for.features;
  ck_assert_ptr_null(lathe_built_for.name);
#ifdef __AVX2__
  ck_assert(features >> LATHE_FEATURE_AVX2 & 1);
#else
  ck_assert(!(features >> LATHE_FEATURE_AVX2 & 1));
#endif
#ifdef __SSE3__
  ck_assert(features >> LATHE_FEATURE_SSE3 & 1);
#else
  ck_assert(!(features >> LATHE_FEATURE_SSE3 & 1));
#endif
}
END_TEST

/* ---- Binaries ---- */

static void build(const char *binary, const char *target, const char *flags)
{
  SPAWN_QUIETLY(LATHE, "build", in_folder("tiny.lathe"), "-o", binary, "--target", target,
                "--cflags", flags);
}

static const struct level {
  const char *name, *needs, *needs_not;
} levels[] = {
    {"x86-64", "", "sse3"},
    {"x86-64-v2", "sse3 ssse3 sse4.1 sse4.2 popcnt", "avx"},
    {"x86-64-v3", "avx f16c fma avx2 bmi bmi2", "avx512f"},
    {"x86-64-v4", "avx512f avx512cd avx512bw avx512dq avx512vl", "avx512vnni"},
};

/* Each level records what it needs, and runs where that is there. */
START_TEST(levels_run_or_say_why)
{
  const struct level *level = &levels[_i];
  const char *binary = in_folder("level%d", _i);
  char machine[LATHE_FEATURES_TEXT];
  lathe_features_text(lathe_machine_features(), machine);
  build(binary, level->name, "-O1");
  struct said said = SPAWN(binary, "info", "--json");
  if (strstr(machine, level->needs) == NULL) {
    ck_assert_int_eq(said.status, 1);
    assert_words(said.err, level->name);
    said_free(&said);
    return;
  }
  json_t *json = json_loads(said.out, 0, NULL);
  ck_assert_msg(json != NULL, "%s%s", said.out, said.err);
  const char *needs = json_string_value(json_object_get(json, "needs"));
  ck_assert_str_eq(json_string_value(json_object_get(json, "target")), level->name);
  ck_assert_msg(strstr(needs, level->needs) != NULL, "%s needs %s", level->name, needs);
  ck_assert_msg(strstr(needs, level->needs_not) == NULL, "%s needs %s", level->name, needs);
  assert_words(json_string_value(json_object_get(json, "cflags")), level->name);
  json_decref(json);
  said_free(&said);
  SPAWN_QUIETLY(binary, "bench", "--seconds", "0.05");
}
END_TEST

/* No processor has these two, which different makers invented: every command says so, and none dies
 * of an illegal instruction. */
START_TEST(a_lacking_machine_is_told)
{
  const char *binary = in_folder("lacking");
  build(binary, "x86-64-v2", "-mxop -mavx512fp16");
  static const char *const commands[] = {"info", "bench", "help", "--version", "no-such"};
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    struct said said = SPAWN(binary, commands[i]);
    ck_assert_int_eq(said.status, 1);
    ck_assert_str_eq(said.out, "");
    ck_assert_int_eq(lines_of(said.err), 1);
    assert_words(said.err, "lacking: |built for x86-64-v2|this machine lacks|--target LEVEL");
    ck_assert(strstr(said.err, "xop") != NULL || strstr(said.err, "avx512fp16") != NULL);
    said_free(&said);
  }
}
END_TEST

#endif

START_TEST(unknown_targets_are_refused)
{
  struct said said =
      SPAWN(LATHE, "build", in_folder("tiny.lathe"), "-o", in_folder("x"), "--target", "x86-64-v5");
  ck_assert_int_eq(said.status, 2);
  assert_words(said.err, "x86-64-v5|lathe help build");
  ck_assert(!exists(in_folder("x")));
  said_free(&said);
  said = SPAWN_GOOD(LATHE, "help", "build");
  assert_words(said.out, "--target|native|x86-64-v4|armv8-a");
  said_free(&said);
}
END_TEST

/* ---- ARM ---- */

/* Emitted code, and the check itself, compile for ARM; the check runs there, too. */
START_TEST(arm)
{
  static const char check[] =
      "#include <lathe/built_for.h>\n"
      "#include <stdio.h>\n"
      "int main(void)\n{\n"
      "  struct lathe_error err;\n"
      "  char text[LATHE_FEATURES_TEXT];\n"
      "  const struct lathe_target other = {\"armv9-a\", UINT64_C(1) << LATHE_FEATURE_SVE2};\n"
      "  puts(lathe_features_text(lathe_machine_features(), text));\n"
      "  if (lathe_target_check(&other, 0, &err))\n    return 2;\n"
      "  puts(err.text);\n"
      "  return lathe_target_check(&lathe_built_for, lathe_machine_features(), &err) ? 0 : 1;\n"
      "}\n";
  static const char gcc[] = "aarch64-linux-gnu-gcc";
  if (!installed(gcc)) {
    printf("arm: skipped, for there is no %s\n", gcc);
    return;
  }
  const char *include = built("include");
  char place[SPAWN_PATH];
  strcpy(place, in_folder("arm"));
  SPAWN_QUIETLY(LATHE, "emit", in_folder("tiny.lathe"), "-o", place);
  write_text(in_folder("arm/cblas.h"),
             "enum { CblasRowMajor, CblasNoTrans, CblasTrans };\n"
             "void cblas_sgemm(int, int, int, int, int, int, float, const float *, int,\n"
             "                 const float *, int, float, float *, int);\n");
  static const char *const parts[] = {"forward", "backward", "train", "em", "model", "main"};
  static const char *const targets[] = {"armv8-a", "armv8.2-a", "armv9-a"};
  for (size_t t = 0; t < sizeof targets / sizeof *targets; t++)
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
      char march[64];
      snprintf(march, sizeof march, "-march=%s", targets[t]);
      SPAWN_QUIETLY(gcc, "-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion",
                    "-Werror", march, "-I", include, "-I", place, "-c", "-o",
                    in_folder("arm/part.o"), in_folder("arm/tiny_%s.c", parts[i]));
    }

  write_text(in_folder("arm/check.c"), check);
  SPAWN_QUIETLY(gcc, "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Werror",
                "-static", "-march=armv8-a", "-I", include, "-o", in_folder("arm/check"),
                in_folder("arm/check.c"), "runtime/target.c", "runtime/error.c");
  if (!installed("qemu-aarch64")) {
    printf("arm: not run, for there is no qemu-aarch64\n");
    return;
  }
  struct said said = SPAWN_GOOD("qemu-aarch64", "-cpu", "max", in_folder("arm/check"));
  assert_words(said.out, "lse|dotprod sve fp16fml sve2|built for armv9-a|lacks sve2:");
  said_free(&said);
  said = SPAWN_GOOD("qemu-aarch64", "-cpu", "cortex-a57", in_folder("arm/check"));
  ck_assert_msg(strncmp(said.out, "crc32\n", 6) == 0, "%s", said.out); /* ARMv8.0 */
  said_free(&said);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("target");
  TCase *tests = tcase_create("target");
  tcase_add_unchecked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 2 * SPAWN_SECONDS);
  tcase_add_test(tests, every_feature_has_a_name);
#if defined LATHE_FEATURES_X86
  tcase_add_test(tests, machine_is_seen_aright);
  tcase_add_test(tests, what_is_lacking_is_named);
  tcase_add_test(tests, flags_are_recorded);
  tcase_add_loop_test(tests, levels_run_or_say_why, 0, sizeof levels / sizeof *levels);
  tcase_add_test(tests, a_lacking_machine_is_told);
#endif
  tcase_add_test(tests, unknown_targets_are_refused);
  tcase_add_test(tests, arm);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
