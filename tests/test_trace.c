/* The command `trace` of model binaries: the numbers that it writes follow from each other. */
#include "traced.h"

static const double *numbers(const struct lathe_tensors *tensors, const char *name)
{
  const struct lathe_array *array = tensor_of(tensors, name);
  ck_assert_int_eq(array->dtype, LATHE_F64);
  return array->data;
}

static void check_numbers(const struct lathe_tensors *out, const char *name, int count,
                          const double *expected)
{
  const double *found = numbers(out, name);
  ck_assert_int_eq(tensor_of(out, name)->count, count);
  for (int i = 0; i < count; i++)
    ck_assert_msg(fabs(found[i] - expected[i]) <= 1e-12 * (1 + fabs(expected[i])),
                  "%s is %.17g, not %.17g, at %d", name, found[i], expected[i], i);
}

/* The encoder's values, each from the one before; the order within a tensor with them. */
START_TEST(encoder_follows_from_images)
{
  struct lathe_tensors p = small_parameters(), out = TRACE("double_plain", "encoder", NULL);
  double images[BATCH * PIXELS], y[BATCH * PIXELS], mean[3], variance[3];
  const int sizes[3][3] = {{CHANNELS, HEIGHT, WIDTH}, {3, 3, 3}, {4, 2, 2}};
  for (int i = 0; i < BATCH * PIXELS; i++)
    images[i] = (double)pixels[i];
  naive_conv(BATCH, (struct window){3, 2, 1}, sizes[0], sizes[1], images,
             numbers(&p, "encoder.0.weight"), numbers(&p, "encoder.0.bias"), y);
  check_numbers(&out, "activation.encoder.0", BATCH * 27, y);

  naive_moments(BATCH, 3, 9, numbers(&out, "activation.encoder.0"), mean, variance);
  double moments[9];
  for (int c = 0; c < 3; c++) {
    moments[c] = mean[c];
    moments[3 + c] = variance[c];
    moments[6 + c] = 1 / sqrt(variance[c] + 1e-5);
  }
  check_numbers(&out, "activation.encoder.1.moments", 9, moments);
  for (int i = 0; i < BATCH * 27; i++) {
    int c = i / 9 % 3;
    y[i] = (value_of(&out, "activation.encoder.0", i) - mean[c]) * moments[6 + c] *
               value_of(&p, "encoder.1.weight", c) +
           value_of(&p, "encoder.1.bias", c);
  }
  check_numbers(&out, "activation.encoder.1", BATCH * 27, y);
  for (int i = 0; i < BATCH * 27; i++)
    y[i] = relu_of(y[i]);
  check_numbers(&out, "activation.encoder.2", BATCH * 27, y);

  naive_conv(BATCH, (struct window){2, 1, 0}, sizes[1], sizes[2],
             numbers(&out, "activation.encoder.2"), numbers(&p, "encoder.3.weight"),
             numbers(&p, "encoder.3.bias"), y);
  check_numbers(&out, "activation.encoder.3", BATCH * 16, y);
  for (int i = 0; i < BATCH * 16; i++)
    y[i] = relu_of(y[i]);
  check_numbers(&out, "activation.encoder.4", BATCH * 16, y);
  naive_linear(BATCH, 16, LATENT, numbers(&out, "activation.encoder.4"), numbers(&p, "mean.weight"),
               numbers(&p, "mean.bias"), y);
  check_numbers(&out, "activation.mean", BATCH * LATENT, y);
  naive_linear(BATCH, 16, LATENT, numbers(&out, "activation.encoder.4"),
               numbers(&p, "logvar.weight"), numbers(&p, "logvar.bias"), y);
  check_numbers(&out, "activation.logvar", BATCH * LATENT, y);

  /* The running statistics after the step: momentum 0.1, the variance unbiased. */
  for (int c = 0; c < 3; c++) {
    double m = 0.9 * value_of(&p, "encoder.1.running_mean", c) + 0.1 * mean[c];
    double v = 0.9 * value_of(&p, "encoder.1.running_var", c) +
               0.1 * variance[c] * (BATCH * 9) / (BATCH * 9 - 1);
    ck_assert_double_eq_tol(value_of(&out, "encoder.1.running_mean", c), m, 1e-12);
    ck_assert_double_eq_tol(value_of(&out, "encoder.1.running_var", c), v, 1e-12);
  }
  lathe_tensors_free(&p);
  lathe_tensors_free(&out);
}
END_TEST

START_TEST(decoder_follows_from_noise)
{
  struct lathe_tensors p = small_parameters(), out = TRACE("double_plain", "decoder", NULL);
  double y[BATCH * PIXELS];
  const int sizes[2][3] = {{3, 3, 2}, {2, 6, 4}};
  for (int i = 0; i < BATCH * LATENT; i++)
    y[i] = value_of(&out, "activation.mean", i) +
           exp(value_of(&out, "activation.logvar", i) / 2) * noise[i];
  check_numbers(&out, "activation.z", BATCH * LATENT, y);
  naive_linear(BATCH, LATENT, 18, numbers(&out, "activation.z"), numbers(&p, "decoder.0.weight"),
               numbers(&p, "decoder.0.bias"), y);
  check_numbers(&out, "activation.decoder.0", BATCH * 18, y);
  for (int i = 0; i < BATCH * 18; i++)
    y[i] = relu_of(y[i]);
  check_numbers(&out, "activation.decoder.2", BATCH * 18, y);
  naive_conv_transpose(BATCH, (struct window){2, 2, 0}, sizes[0], sizes[1],
                       numbers(&out, "activation.decoder.2"), numbers(&p, "decoder.3.weight"),
                       numbers(&p, "decoder.3.bias"), y);
  check_numbers(&out, "activation.decoder.3", BATCH * 48, y);
  naive_linear(BATCH, 48, PIXELS, numbers(&out, "activation.decoder.3"),
               numbers(&p, "decoder.5.weight"), numbers(&p, "decoder.5.bias"), y);
  check_numbers(&out, "activation.decoder.5", BATCH * PIXELS, y);
  lathe_tensors_free(&p);
  lathe_tensors_free(&out);
}
END_TEST

/* Binary cross-entropy of the logits and KL divergence of the posterior, an image and on average.
 */
START_TEST(losses_follow_from_values)
{
  struct lathe_tensors out = TRACE("double", "losses", NULL);
  double reconstruction[BATCH] = {0}, kl[BATCH] = {0}, sums[3] = {0};
  for (int i = 0; i < BATCH * PIXELS; i++) {
    double logit = value_of(&out, "activation.decoder.5", i), x = (double)pixels[i];
    reconstruction[i / PIXELS] += fmax(logit, 0) - logit * x + log1p(exp(-fabs(logit)));
  }
  for (int i = 0; i < BATCH * LATENT; i++) {
    double m = value_of(&out, "activation.mean", i), l = value_of(&out, "activation.logvar", i);
    kl[i / LATENT] += 0.5 * (m * m + exp(l) - 1 - l);
  }
  check_numbers(&out, "loss.image.reconstruction", BATCH, reconstruction);
  check_numbers(&out, "loss.image.kl", BATCH, kl);
  for (int i = 0; i < BATCH; i++) {
    sums[0] += reconstruction[i] / BATCH;
    sums[1] += kl[i] / BATCH;
  }
  sums[2] = sums[0] + 0.5 * sums[1];
  check_numbers(&out, "loss.reconstruction", 1, &sums[0]);
  check_numbers(&out, "loss.kl", 1, &sums[1]);
  check_numbers(&out, "loss.total", 1, &sums[2]);
  lathe_tensors_free(&out);
}
END_TEST

/* A bias's gradient is the sum of the gradient of what it was added to: over images and places. */
START_TEST(bias_gradients_are_sums)
{
  static const struct {
    const char *layer, *value; /* under another name where a layer only changes the shape */
    int channels, places;
  } layers[] = {
      {"encoder.0", "encoder.0", 3, 9},      {"encoder.3", "encoder.3", 4, 4},
      {"mean", "mean", LATENT, 1},           {"logvar", "logvar", LATENT, 1},
      {"decoder.0", "decoder.1", 18, 1},     {"decoder.3", "decoder.4", 2, 24},
      {"decoder.5", "decoder.6", PIXELS, 1},
  };
  struct lathe_tensors out = TRACE(_i ? "double_plain" : "double", "sums", NULL);
  for (int l = 0; l < LENGTH(layers); l++) {
    int channels = layers[l].channels, places = layers[l].places;
    char name[64];
    double sums[PIXELS] = {0};
    snprintf(name, sizeof name, "gradient.activation.%s", layers[l].value);
    const double *d = numbers(&out, name);
    for (int i = 0; i < BATCH * channels * places; i++)
      sums[i / places % channels] += d[i];
    snprintf(name, sizeof name, "gradient.%s.bias", layers[l].layer);
    check_numbers(&out, name, channels, sums);
  }
  lathe_tensors_free(&out);
}
END_TEST

static double loss_at(struct lathe_tensors *p, double *parameter, double value)
{
  double old = *parameter;
  *parameter = value;
  write_tensors(p, in_folder("moved.safetensors"));
  *parameter = old;
  SPAWN_QUIETLY(in_folder("double"), "trace", "--params", in_folder("moved.safetensors"), "--data",
                in_folder("x.npz"), "--noise", in_folder("e.npz"), "-o",
                in_folder("moved_out.safetensors"), "--threads", "1", "--quiet");
  struct lathe_tensors out = read_tensors(in_folder("moved_out.safetensors"));
  double loss = value_of(&out, "loss.total", 0);
  lathe_tensors_free(&out);
  return loss;
}

/* Central differences in one number of each parameter, the one at which its name's gradient is:
 * names and orders go together. */
START_TEST(gradients_are_differences)
{
  static const double h = 1e-5;
  struct lathe_tensors p = small_parameters(), out = TRACE("double", "gradients", NULL);
  const struct named *n = &small_tensors[_i];
  const struct lathe_array *array = tensor_of(&p, n->name);
  for (int64_t at = array->count / 3; at < array->count; at += array->count / 2 + 1) {
    double *parameter = (double *)array->data + at, value = *parameter;
    double difference =
        (loss_at(&p, parameter, value + h) - loss_at(&p, parameter, value - h)) / (2 * h);
    char name[64];
    snprintf(name, sizeof name, "gradient.%s", n->name);
    ck_assert_double_eq_tol(value_of(&out, name, at), difference, 1e-6 * (1 + fabs(difference)));
  }
  lathe_tensors_free(&p);
  lathe_tensors_free(&out);
}
END_TEST

/* From a fresh start SGD's momentum is the gradient, and the step is rate x that, to the bit. */
START_TEST(sgd_takes_one_step)
{
  static const char *const rates[] = {NULL, "0.5"};
  float rate = _i ? 0.5F : 0.0625F;
  struct lathe_tensors p = small_parameters();
  struct lathe_tensors out =
      _i ? TRACE("single", "sgd", "--lr", rates[_i]) : TRACE("single", "sgd", NULL);
  for (int t = 0; t < SMALL_TRAINED; t++) {
    char name[64];
    const struct lathe_array *before = tensor_of(&p, small_tensors[t].name);
    const float *after = tensor_of(&out, small_tensors[t].name)->data;
    snprintf(name, sizeof name, "gradient.%s", small_tensors[t].name);
    const float *gradient = tensor_of(&out, name)->data;
    snprintf(name, sizeof name, "optimiser.momentum_buffer.%s", small_tensors[t].name);
    const float *momentum = tensor_of(&out, name)->data;
    for (int64_t i = 0; i < before->count; i++) {
      volatile float step = rate * gradient[i], start = (float)lathe_array_real(before, i);
      ck_assert(momentum[i] == gradient[i]);
      ck_assert_msg(after[i] == start - step, "%s at %d", small_tensors[t].name, (int)i);
    }
  }
  lathe_tensors_free(&p);
  lathe_tensors_free(&out);
}
END_TEST

START_TEST(adam_takes_one_step)
{
  struct lathe_tensors p = small_parameters(), out = TRACE("double", "adam", NULL);
  for (int t = 0; t < SMALL_TRAINED; t++) {
    char g[64], m[64], v[64];
    const char *name = small_tensors[t].name;
    snprintf(g, sizeof g, "gradient.%s", name);
    snprintf(m, sizeof m, "optimiser.exp_avg.%s", name);
    snprintf(v, sizeof v, "optimiser.exp_avg_sq.%s", name);
    for (int64_t i = 0; i < tensor_of(&p, name)->count; i++) {
      double d = value_of(&out, g, i);
      double after = value_of(&p, name, i) - 1e-3 * d / (fabs(d) + 1e-8);
      ck_assert_double_eq_tol(value_of(&out, m, i), 0.1 * d, 1e-14 * (1 + fabs(d)));
      ck_assert_double_eq_tol(value_of(&out, v, i), 0.001 * d * d, 1e-14 * (1 + d * d));
      /* Before batch-norm a bias changes nothing: its gradient is rounding alone. */
      if (strcmp(name, "encoder.0.bias") != 0)
        ck_assert_double_eq_tol(value_of(&out, name, i), after, 1e-12);
    }
  }
  ck_assert_int_eq(*(int64_t *)tensor_of(&out, "optimiser.step")->data, 1);
  ck_assert_int_eq(*(int64_t *)tensor_of(&out, "encoder.1.num_batches_tracked")->data, 8);
  lathe_tensors_free(&p);
  lathe_tensors_free(&out);
}
END_TEST

int main(void)
{
  TCase *tests = tcase_create("trace");
  tcase_add_test(tests, encoder_follows_from_images);
  tcase_add_test(tests, decoder_follows_from_noise);
  tcase_add_test(tests, losses_follow_from_values);
  tcase_add_loop_test(tests, bias_gradients_are_sums, 0, 2);
  tcase_add_loop_test(tests, gradients_are_differences, 0, SMALL_TRAINED);
  tcase_add_loop_test(tests, sgd_takes_one_step, 0, 2);
  tcase_add_test(tests, adam_takes_one_step);
  return run_traced(tests);
}
