/* The command `trace` of model binaries: what it writes is named as documented, the same however it
 * was made, and nothing is written of wrong input. */
#include "traced.h"

/* ---- Names, shapes, types ---- */

/* Convolutions and linear layers are one with what follows them; so are batch-norm and its relu. */
static const struct named in_fast_code[] = {
    {"activation.encoder.0", 4, {BATCH, 3, 3, 3}},
    {"activation.encoder.1.moments", 2, {3, 3}},
    {"activation.encoder.2", 4, {BATCH, 3, 3, 3}},
    {"activation.encoder.4", 4, {BATCH, 4, 2, 2}},
    {"activation.mean", 2, {BATCH, LATENT}},
    {"activation.logvar", 2, {BATCH, LATENT}},
    {"activation.z", 2, {BATCH, LATENT}},
    {"activation.decoder.2", 4, {BATCH, 3, 3, 2}},
    {"activation.decoder.3", 4, {BATCH, 2, 6, 4}},
    {"activation.decoder.5", 2, {BATCH, PIXELS}},
    {"gradient.activation.decoder.6", 4, {BATCH, 2, 6, 5}},
    {"gradient.activation.z", 2, {BATCH, LATENT}},
    {"gradient.activation.mean", 2, {BATCH, LATENT}},
    {"gradient.activation.logvar", 2, {BATCH, LATENT}},
    {"gradient.activation.encoder.3", 4, {BATCH, 4, 2, 2}},
    {"gradient.activation.encoder.0", 4, {BATCH, 3, 3, 3}},
};

/* Every layer that computes something, and what reaches it. */
static const struct named in_plain_code[] = {
    {"activation.encoder.0", 4, {BATCH, 3, 3, 3}},
    {"activation.encoder.1", 4, {BATCH, 3, 3, 3}},
    {"activation.encoder.2", 4, {BATCH, 3, 3, 3}},
    {"activation.encoder.3", 4, {BATCH, 4, 2, 2}},
    {"activation.encoder.4", 4, {BATCH, 4, 2, 2}},
    {"activation.mean", 2, {BATCH, LATENT}},
    {"activation.logvar", 2, {BATCH, LATENT}},
    {"activation.z", 2, {BATCH, LATENT}},
    {"activation.decoder.0", 2, {BATCH, 18}},
    {"activation.decoder.2", 4, {BATCH, 3, 3, 2}},
    {"activation.decoder.3", 4, {BATCH, 2, 6, 4}},
    {"activation.decoder.5", 2, {BATCH, PIXELS}},
    {"gradient.activation.decoder.6", 4, {BATCH, 2, 6, 5}},
    {"gradient.activation.decoder.4", 2, {BATCH, 48}},
    {"gradient.activation.decoder.2", 4, {BATCH, 3, 3, 2}},
    {"gradient.activation.decoder.1", 4, {BATCH, 3, 3, 2}},
    {"gradient.activation.z", 2, {BATCH, LATENT}},
    {"gradient.activation.mean", 2, {BATCH, LATENT}},
    {"gradient.activation.logvar", 2, {BATCH, LATENT}},
    {"gradient.activation.encoder.3", 4, {BATCH, 4, 2, 2}},
    {"gradient.activation.encoder.2", 4, {BATCH, 3, 3, 3}},
    {"gradient.activation.encoder.1", 4, {BATCH, 3, 3, 3}},
    {"gradient.activation.encoder.0", 4, {BATCH, 3, 3, 3}},
};

static void check_tensor(const struct lathe_tensors *out, const char *name, enum lathe_dtype dtype,
                         int rank, const int64_t *shape)
{
  const struct lathe_array *array = tensor_of(out, name);
  char found[LATHE_SHAPE_TEXT], expected[LATHE_SHAPE_TEXT];
  ck_assert_msg(array->dtype == dtype, "%s is %s", name, lathe_dtype_name(array->dtype));
  ck_assert_str_eq(lathe_shape_text(found, array->rank, array->shape),
                   lathe_shape_text(expected, rank, shape));
  for (int64_t i = 0; dtype != LATHE_I64 && i < array->count; i++)
    ck_assert_double_finite(lathe_array_real(array, i));
}

/* What is there whatever the values in memory: losses, gradients, the state after the step. */
static void check_common(const struct lathe_tensors *out, enum lathe_dtype real, bool adam)
{
  static const char *const losses[] = {"loss.reconstruction", "loss.kl", "loss.total"};
  char name[128];
  for (int i = 0; i < 3; i++)
    check_tensor(out, losses[i], LATHE_F64, 1, (const int64_t[]){1});
  check_tensor(out, "loss.image.reconstruction", LATHE_F64, 1, (const int64_t[]){BATCH});
  check_tensor(out, "loss.image.kl", LATHE_F64, 1, (const int64_t[]){BATCH});
  for (int t = 0; t < SMALL_TENSORS; t++) {
    const struct named *n = &small_tensors[t];
    check_tensor(out, n->name, real, n->rank, n->shape);
    static const char *const prefixes[][3] = {
        {"gradient.", "optimiser.momentum_buffer.", NULL},
        {"gradient.", "optimiser.exp_avg.", "optimiser.exp_avg_sq."},
    };
    for (int i = 0; i < 3 && prefixes[adam][i]; i++) {
      snprintf(name, sizeof name, "%s%s", prefixes[adam][i], n->name);
      if (t < SMALL_TRAINED)
        check_tensor(out, name, real, n->rank, n->shape);
      else
        ck_assert_ptr_null(lathe_tensors_find(out, name));
    }
  }
  check_tensor(out, "optimiser.step", LATHE_I64, 0, NULL);
  check_tensor(out, "encoder.1.num_batches_tracked", LATHE_I64, 0, NULL);
}

START_TEST(names_in_fast_code)
{
  static const char *const fused[] = {"activation.encoder.1", "activation.encoder.3"};
  struct lathe_tensors out = TRACE("single", "names", NULL);
  check_common(&out, LATHE_F32, false);
  for (int i = 0; i < LENGTH(in_fast_code); i++)
    check_tensor(&out, in_fast_code[i].name, LATHE_F32, in_fast_code[i].rank,
                 in_fast_code[i].shape);
  for (int i = 0; i < LENGTH(fused); i++)
    ck_assert_msg(!lathe_tensors_find(&out, fused[i]), "%s was said to be fused away", fused[i]);
  ck_assert_str_eq(lathe_tensors_metadata(&out, "model"), "small");
  lathe_tensors_free(&out);
}
END_TEST

START_TEST(names_in_plain_code)
{
  struct lathe_tensors out = TRACE("double_plain", "names_plain", NULL);
  check_common(&out, LATHE_F64, true);
  for (int i = 0; i < LENGTH(in_plain_code); i++)
    check_tensor(&out, in_plain_code[i].name, LATHE_F64, in_plain_code[i].rank,
                 in_plain_code[i].shape);
  lathe_tensors_free(&out);
}
END_TEST

/* ---- Steps, batches, threads, kernels ---- */

static void check_same(const struct lathe_array *a, const struct lathe_array *b, const char *name)
{
  ck_assert_int_eq(a->count, b->count);
  ck_assert_msg(a->dtype == b->dtype &&
                    memcmp(a->data, b->data, (size_t)a->count * lathe_dtype_size(a->dtype)) == 0,
                "%s is not the same", name);
}

/* Two steps in one call are a step, and another from where the first one ended. */
START_TEST(steps_go_on_from_a_trace)
{
  static const char *const parts[] = {"activation.", "gradient.", "loss.", NULL};
  const char *binary = _i ? "double" : "single";
  struct lathe_tensors all = TRACE(binary, "all", "--steps", "2");
  struct lathe_tensors first = TRACE(binary, "first", NULL);
  struct lathe_tensors state = tensors_without(&first, parts);
  write_tensors(&state, in_folder("state.safetensors"));
  struct lathe_array x = array_of(LATHE_F32, 4, (const int64_t[]){BATCH, CHANNELS, HEIGHT, WIDTH},
                                  pixels + BATCH * PIXELS);
  struct lathe_array e =
      array_of(LATHE_F64, 2, (const int64_t[]){BATCH, LATENT}, noise + BATCH * LATENT);
  write_member(in_folder("next_x.npz"), "data", x);
  write_member(in_folder("next_e.npz"), "data", e); /* the member's other name */
  SPAWN_QUIETLY(in_folder("%s", binary), "trace", "--params", in_folder("state.safetensors"),
                "--data", in_folder("next_x.npz"), "--noise", in_folder("next_e.npz"), "-o",
                in_folder("next.safetensors"), "--quiet");
  struct lathe_tensors next = read_tensors(in_folder("next.safetensors"));
  for (int i = 0; i < state.count; i++) {
    const char *name = state.items[i].name;
    check_same(tensor_of(&all, name), tensor_of(&next, name), name);
  }
  check_same(tensor_of(&all, "activation.z"), tensor_of(&first, "activation.z"), "the first z");
  check_same(tensor_of(&all, "gradient.mean.bias"), tensor_of(&first, "gradient.mean.bias"),
             "the first gradient");
  ck_assert_int_eq(tensor_of(&all, "loss.total")->count, 2);
  ck_assert(value_of(&all, "loss.total", 0) == value_of(&first, "loss.total", 0));
  ck_assert(value_of(&all, "loss.total", 1) == value_of(&next, "loss.total", 0));
  ck_assert_int_eq(*(int64_t *)tensor_of(&all, "optimiser.step")->data, 2);
  ck_assert_int_eq(*(int64_t *)tensor_of(&all, "encoder.1.num_batches_tracked")->data,
                   *(int64_t *)tensor_of(&first, "encoder.1.num_batches_tracked")->data + 1);
  lathe_tensors_free(&all);
  lathe_tensors_free(&first);
  lathe_tensors_free(&state);
  lathe_tensors_free(&next);
}
END_TEST

/* The last of three batches holds the two images that are left; one of ten holds all. */
START_TEST(last_batch_may_be_short)
{
  struct lathe_tensors out = TRACE("double", "short", "--steps", "3");
  ck_assert_int_eq(tensor_of(&out, "loss.total")->count, 3);
  lathe_tensors_free(&out);
  out = TRACE("double", "large", "--batch", "64");
  ck_assert_int_eq(tensor_of(&out, "activation.z")->shape[0], IMAGES);
  double sum = 0;
  for (int i = 0; i < IMAGES; i++)
    sum += value_of(&out, "loss.image.kl", i) / IMAGES;
  ck_assert_double_eq_tol(value_of(&out, "loss.kl", 0), sum, 1e-12);
  lathe_tensors_free(&out);
}
END_TEST

START_TEST(threads_change_no_bit)
{
  static const char *const binaries[] = {"single", "single_plain", "double", "double_plain"};
  struct lathe_tensors one = TRACE(binaries[_i], "one", "--steps", "3", "--threads", "1");
  struct lathe_tensors two = TRACE(binaries[_i], "two", "--steps", "3", "--threads", "2");
  ck_assert(same_file(in_folder("one.safetensors"), in_folder("two.safetensors")));
  lathe_tensors_free(&one);
  lathe_tensors_free(&two);
}
END_TEST

/* The fast code's values, those of the plain one among them, and float32's those of float64. */
START_TEST(kernels_and_precisions_agree)
{
  static const struct {
    const char *a, *b;
    double tolerance, least;
  } pairs[] = {
      {"double", "double_plain", 1e-12, 1e-3},
      {"single", "single_plain", 1e-5, 1e-2},
      {"single", "double_plain", 1e-5, 1e-2},
  };
  static const char *const after[] = {"optimiser.", "encoder.", "decoder.",
                                      "mean.",      "logvar.",  NULL};
  struct lathe_tensors a = TRACE(pairs[_i].a, "a", NULL), b = TRACE(pairs[_i].b, "b", NULL);
  struct lathe_tensors some = tensors_without(&a, after); /* the optimisers differ */
  int compared = 0;
  for (int i = 0; i < some.count; i++) {
    const char *name = some.items[i].name;
    const struct lathe_array *twin = lathe_tensors_find(&b, name);
    if (!twin || strstr(name, ".part"))
      continue;
    double difference = relative_difference(&some.items[i].array, twin, pairs[_i].least);
    ck_assert_msg(difference <= pairs[_i].tolerance, "%s differs by %g", name, difference);
    compared++;
  }
  ck_assert_int_ge(compared, 5 + LENGTH(in_fast_code) + SMALL_TRAINED - 1);
  lathe_tensors_free(&a);
  lathe_tensors_free(&b);
  lathe_tensors_free(&some);
}
END_TEST

/* ---- What cannot be done ---- */

static void write_wrong_files(void)
{
  double spoilt[IMAGES * LATENT];
  int64_t whole[IMAGES * LATENT] = {0};
  memcpy(spoilt, noise, sizeof spoilt);
  spoilt[5] = NAN;
  write_member(in_folder("nan.npz"), "noise",
               array_of(LATHE_F64, 2, (const int64_t[]){IMAGES, LATENT}, spoilt));
  write_member(in_folder("whole.npz"), "noise",
               array_of(LATHE_I64, 2, (const int64_t[]){IMAGES, LATENT}, whole));
  write_member(in_folder("wide.npz"), "noise",
               array_of(LATHE_F64, 2, (const int64_t[]){LATENT, IMAGES}, noise));
  write_member(in_folder("other.npz"), "eps", noise_array(IMAGES));
  write_member(in_folder("few.npz"), "noise", noise_array(BATCH - 1));
  write_member(in_folder("three.npz"), "data", images_array(BATCH - 1));
  write_member(in_folder("flat.npz"), "data",
               array_of(LATHE_F32, 2, (const int64_t[]){IMAGES, PIXELS}, pixels));
  write_text(in_folder("words"), "no tensors, no arrays\n");
}

/* Parameters with one tensor left out, or one more. */
static void write_wrong_parameters(void)
{
  struct lathe_tensors p = small_parameters();
  struct lathe_tensors less = tensors_without(&p, (const char *const[]){"decoder.3.weight", NULL});
  write_tensors(&less, in_folder("less.safetensors"));
  lathe_tensors_free(&less);
  static const char *const unknown[] = {"optimiser.exp_avg.mean.bias", "optimiser.step",
                                        "optimiser.momentum_buffer.mean.typo", "optimiser.step"};
  static const int64_t steps[] = {0, -1, 0, (INT64_C(1) << 53) + 1};
  for (int i = 0; i < LENGTH(unknown); i++) {
    struct lathe_tensors more = tensors_without(&p, (const char *const[]){NULL});
    if (steps[i] != 0)
      *(int64_t *)lathe_tensors_add(&more, unknown[i], LATHE_I64, 0, NULL, NULL) = steps[i];
    else
      ck_assert_ptr_nonnull(
          lathe_tensors_add(&more, unknown[i], LATHE_F64, 1, (const int64_t[]){2}, NULL));
    write_tensors(&more, in_folder("more%d.safetensors", i));
    lathe_tensors_free(&more);
  }
  struct lathe_tensors named = tensors_without(&p, (const char *const[]){NULL});
  ck_assert(lathe_tensors_add_metadata(&named, "fingerprint", "0123456789abcdef", NULL));
  ck_assert(lathe_tensors_add_metadata(&named, "model", "another", NULL));
  write_tensors(&named, in_folder("another.safetensors"));
  lathe_tensors_free(&named);
  struct lathe_tensors other = tensors_without(&p, (const char *const[]){NULL});
  *(int64_t *)lathe_tensors_add(&other, "optimiser.step", LATHE_I64, 0, NULL, NULL) = 1;
  ck_assert(lathe_tensors_add_metadata(&other, "optimiser", "adamw", NULL));
  write_tensors(&other, in_folder("adamw.safetensors"));
  lathe_tensors_free(&other);
  double *bias = (double *)tensor_of(&p, "mean.bias")->data;
  bias[0] = 3e38; /* products with it are beyond float32, */
  write_tensors(&p, in_folder("large.safetensors"));
  const struct lathe_array *weight = tensor_of(&p, "decoder.3.weight");
  for (int64_t i = 0; i < weight->count; i++) /* and sums of these */
    ((double *)weight->data)[i] = 3e38;
  write_tensors(&p, in_folder("huge.safetensors"));
  lathe_tensors_free(&p);
}

static const struct {
  const char *params, *data, *noise, *option, *value;
  int status;
  const char *words;
} wrong[] = {
    {"absent", "x.npz", "e.npz", NULL, NULL, 1, "absent"},
    {"words", "x.npz", "e.npz", NULL, NULL, 1, "words"},
    {"less.safetensors", "x.npz", "e.npz", NULL, NULL, 1, "decoder.3.weight is missing"},
    {"more0.safetensors", "x.npz", "e.npz", NULL, NULL, 1, "optimiser adam|model small|sgd"},
    {"more1.safetensors", "x.npz", "e.npz", NULL, NULL, 1, "optimiser.step counts -1"},
    {"more3.safetensors", "x.npz", "e.npz", NULL, NULL, 1,
     "optimiser.step counts 9007199254740993"},
    {"more2.safetensors", "x.npz", "e.npz", NULL, NULL, 1, "mean.typo is unknown"},
    {"adamw.safetensors", "x.npz", "e.npz", NULL, NULL, 1, "optimiser adamw|trained by sgd"},
    {"another.safetensors", "x.npz", "e.npz", NULL, NULL, 1, "model another"},
    {"large.safetensors", "x.npz", "e.npz", NULL, NULL, 1, "became inf|training diverged"},
    {"huge.safetensors", "x.npz", "e.npz", NULL, NULL, 1, "the loss is|diverges"},
    {"p.safetensors", "absent", "e.npz", NULL, NULL, 1, "absent"},
    {"p.safetensors", "flat.npz", "e.npz", NULL, NULL, 1, "flat.npz"},
    {"p.safetensors", "x.npz", "absent", NULL, NULL, 1, "absent"},
    {"p.safetensors", "x.npz", "words", NULL, NULL, 1, "words"},
    {"p.safetensors", "x.npz", "nan.npz", NULL, NULL, 1, "nan at 5"},
    {"p.safetensors", "x.npz", "whole.npz", NULL, NULL, 1, "int64"},
    {"p.safetensors", "x.npz", "wide.npz", NULL, NULL, 1, "[2, 10]|[n, 2]"},
    {"p.safetensors", "x.npz", "other.npz", NULL, NULL, 1, "noise|eps"},
    {"p.safetensors", "x.npz", "few.npz", NULL, NULL, 1, "few.npz|3 images|4 are used"},
    {"p.safetensors", "x.npz", "e.npz", "--steps", "4", 1, "10 images|3 batches of 4|4 steps"},
    {"p.safetensors", "three.npz", "e.npz", "--steps", "2", 1, "3 images|1 batch"},
    {"p.safetensors", "x.npz", "e.npz", "--steps", "0", 2, "--steps needs"},
    {"p.safetensors", "x.npz", "e.npz", "--lr", "nan", 2, "--lr needs"},
    {"p.safetensors", "x.npz", "e.npz", "--run", "x", 2, "takes no --run"},
    {"p.safetensors", "x.npz", "e.npz", "-o", "/tmp/lathe/no/such/folder/o", 1, "no/such/folder"},
};

/* A mean whose square is infinite, and which goes no further than into the divergence. */
START_TEST(infinite_loss)
{
  struct lathe_tensors p = small_parameters();
  const struct lathe_array *first = tensor_of(&p, "decoder.0.weight");
  memset(first->data, 0, (size_t)first->count * sizeof(double));
  ((double *)tensor_of(&p, "mean.bias")->data)[0] = 1e200;
  write_tensors(&p, in_folder("far.safetensors"));
  lathe_tensors_free(&p);
  struct said said = SPAWN(in_folder("double"), "trace", "--params", in_folder("far.safetensors"),
                           "--data", in_folder("x.npz"), "--noise", in_folder("e.npz"), "-o",
                           in_folder("wrong.safetensors"));
  ck_assert_int_eq(said.status, 1);
  assert_words(said.err, "the loss is inf at step 1|diverges");
  ck_assert(!exists(in_folder("wrong.safetensors")));
  said_free(&said);
}
END_TEST

START_TEST(says_what_is_wrong)
{
  write_wrong_files();
  write_wrong_parameters();
  struct said said =
      SPAWN(in_folder("single"), "trace", "--params", in_folder("%s", wrong[_i].params), "--data",
            in_folder("%s", wrong[_i].data), "--noise", in_folder("%s", wrong[_i].noise), "-o",
            in_folder("wrong.safetensors"), wrong[_i].option, wrong[_i].value);
  ck_assert_msg(said.status == wrong[_i].status, "status %d: %s", said.status, said.err);
  assert_words(said.err, wrong[_i].words);
  ck_assert_int_eq(lines_of(said.err), 1);
  ck_assert_str_eq(said.out, "");
  ck_assert(!exists(in_folder("wrong.safetensors")));
  said_free(&said);
}
END_TEST

START_TEST(says_what_was_written)
{
  struct said said =
      SPAWN_GOOD(in_folder("single"), "trace", "--params", in_folder("p.safetensors"), "--data",
                 in_folder("x.npz"), "--noise", in_folder("e.npz"), "-o",
                 in_folder("said.safetensors"), "--steps", "2");
  assert_words(said.out, "said.safetensors: |tensors of 2 training steps");
  ck_assert_str_eq(said.err, "");
  said_free(&said);
}
END_TEST

int main(void)
{
  TCase *tests = tcase_create("trace");
  tcase_add_test(tests, names_in_fast_code);
  tcase_add_test(tests, names_in_plain_code);
  tcase_add_loop_test(tests, steps_go_on_from_a_trace, 0, 2);
  tcase_add_test(tests, last_batch_may_be_short);
  tcase_add_loop_test(tests, threads_change_no_bit, 0, 4);
  tcase_add_loop_test(tests, kernels_and_precisions_agree, 0, 3);
  tcase_add_test(tests, infinite_loss);
  tcase_add_loop_test(tests, says_what_is_wrong, 0, LENGTH(wrong));
  tcase_add_test(tests, says_what_was_written);
  return run_traced(tests);
}
