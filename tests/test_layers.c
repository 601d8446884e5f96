/* Emitted layers, losses and their derivatives against PyTorch: one step of small models laid open,
 * each layer in several shapes, on one image and on more. */
#include "runtime/tensor_check.h"
#include "runtime/trace.h"
#include "torch_reference.h"

static const char *const MODELS[] = {
    "activations",   "batchnorm",      "batchnorm_images", "batchnorm_relu",
    "depthwise",     "bias_off",       "bias_off_series",  "dilation",
    "groups",        "linear",         "rectangles",       "series_groups",
    "series_layers", "series_strides", "squared_error",    "squared_error_vector",
    "stride1_pad0",  "stride1_pad1",   "stride1_pad2",     "stride1_pad3",
    "stride2_pad0",  "stride2_pad1",   "stride2_pad2",     "stride2_pad3",
    "stride3_pad0",  "stride3_pad1",   "stride3_pad2",     "stride3_pad3",
};

/* Every layer's output and the derivative by it: what the fixture has, the step must have. */
static void check_trace(const char *what, const struct lathe_tensors *tensors, const char *prefix,
                        const struct lathe_tensors *trace)
{
  int compared = 0;
  for (int t = 0; t < tensors->count; t++) {
    const char *full = tensors->items[t].name, *name = full + strlen(prefix);
    if (strncmp(full, prefix, strlen(prefix)) != 0)
      continue;
    const struct lathe_array *array = lathe_tensors_find(trace, name);
    ck_assert_msg(array != NULL, "%s: the step has no %s", what, name);
    double *values = calloc((size_t)array->count, sizeof *values);
    for (int64_t i = 0; i < array->count; i++)
      values[i] = lathe_array_real(array, i);
    bool gradient = strncmp(name, "gradient.", strlen("gradient.")) == 0;
    near_fixture(what, tensors, prefix, name, values, array->count, 0,
                 gradient ? LAYERS.gradients : LAYERS.values);
    free(values);
    compared++;
  }
  ck_assert_int_ge(compared, 8);
}

static void check_batch(const char *name, const struct lathe_model *model,
                        const struct lathe_tensors *tensors, int n)
{
  char what[96], prefix[5][32];
  static const char *const parts[5] = {"eval.", "gradient.", "trace.", "after.", ""};
  snprintf(what, sizeof what, "%s, %d images", name, n);
  for (int i = 0; i < 5; i++)
    snprintf(prefix[i], sizeof prefix[i], "n%d.%s", n, parts[i]);
  struct watched w = watched_new(model, n, NULL, true);
  struct batch b = generate_batch(model, 0, n);
  generate_weights(&w.state, model, 0.3);
  check_evaluation(what, model, &w.state, tensors, prefix[0], &b, LAYERS.values);

  struct lathe_tensors out = {0};
  struct lathe_trace trace;
  struct lathe_error err;
  ck_assert_msg(lathe_trace_start(&trace, model, &w.state, n, &out, &err), "%s", err.text);
  model->train_step(&w.state, n, b.images, b.noise, model->training.rate, 1);
  ck_assert_msg(lathe_trace_stop(&trace, &err), "%s", err.text);

  double least = LAYERS.least * gradient_norm(tensors, model, prefix[1]);
  struct comparison c = {.what = what,
                         .tensors = tensors,
                         .prefix = prefix[1],
                         .tolerance = LAYERS.gradients,
                         .least = least};
  near_block(&c, model, w.state.fixed + model->gradients);
  c = (struct comparison){.what = what,
                          .tensors = tensors,
                          .prefix = prefix[3],
                          .tolerance = LAYERS.values,
                          .buffers = true};
  near_block(&c, model, w.state.fixed);
  check_trace(what, tensors, prefix[2], &out);

  lathe_tensors_free(&out);
  batch_free(&b);
  watched_free(&w);
}

START_TEST(step_is_pytorchs)
{
  char name[64];
  snprintf(name, sizeof name, "layers/%s", MODELS[_i]);
  struct emitted e = torch_open(name);
  struct lathe_tensors tensors = torch_read(name);
  const struct lathe_array *batches = fixture_array(&tensors, "", "batches");
  for (int64_t i = 0; i < batches->count; i++)
    check_batch(MODELS[_i], e.model, &tensors, (int)fixture_integers(&tensors, "batches", 0)[i]);
  lathe_tensors_free(&tensors);
  emitted_close(&e);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("layers");
  TCase *cases = tcase_create("layers");
  tcase_set_timeout(cases, 120);
  tcase_add_loop_test(cases, step_is_pytorchs, 0, sizeof MODELS / sizeof *MODELS);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
