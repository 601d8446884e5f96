/* The parts of the loss in float32, where they are small: they are sums of doubles, and no digit is
 * lost before it is added. */
#include "emitted.h"
#include "emitted_state.h"
#include <math.h>

/* Latents to a posterior: eight sums side by side, and one. */
static const int latents[] = {8, 3};

static void fill(struct watched *w, const struct lathe_model *model, const char *name, double value)
{
  for (int t = 0; t < model->tensor_count; t++) {
    const struct lathe_tensor *tensor = &model->tensors[t];
    bool mine = strcmp(tensor->name, name) == 0;
    for (int64_t i = 0; i < lathe_tensor_size(tensor) && mine; i++)
      w->state.fixed[tensor->offset + lathe_stored_index(tensor, i)] = (lathe_real)value;
  }
}

/* A posterior near the prior: exp(logvar) - 1 - logvar and mean^2 are below the rounding of 1. */
START_TEST(divergence_keeps_its_digits)
{
  const double mean = 0x1p-13, logvar = -0x1p-12;
  char text[512];
  int latent = latents[_i];
  snprintf(text, sizeof text,
           "model near {\n  input image [4]; latent z [%d];\n  encoder { gaussian z; }\n"
           "  decoder { linear 4; sigmoid; }\n}\n",
           latent);
  struct emitted e = emitted_open_text(text);
  struct lathe_pool *pool = lathe_pool_new(1);
  struct watched w = watched_new(e.model, 2, pool, false);
  memset(w.arena, 0, w.bytes);
  fill(&w, e.model, "mean.bias", mean);
  fill(&w, e.model, "logvar.bias", logvar);
  struct batch batch = random_batch(e.model, 2, 1);
  struct lathe_loss loss = e.model->evaluate(&w.state, 2, batch.images, batch.noise);
  double exact = latent * 0.5 * (mean * mean + (expm1(logvar) - logvar));
  ck_assert_double_eq_tol(loss.kl, exact, 1e-8 * exact);
  batch_free(&batch);
  watched_free(&w);
  lathe_pool_free(pool);
  emitted_close(&e);
}
END_TEST

/* ---- Log-variances kept within bounds ---- */

enum { BATCH = 2, LATENT = 3 };

static const struct {
  const char *bounds; /* as the description says it */
  double logvar, kept;
  int clamped; /* of a batch */
} exploding[] = {
    {"", 25, 20, BATCH *LATENT},
    {"", 1e30, 20, BATCH *LATENT},
    {"", -31, -30, BATCH *LATENT},
    {"", -INFINITY, -30, BATCH *LATENT},
    {"", 19.5, 19.5, 0},
    {"", -29.5, -29.5, 0},
    {"", 20, 20, BATCH *LATENT},
    {", logvar [-1, 2]", 2.5, 2, BATCH *LATENT},
    {", logvar [-1, 2]", 1.5, 1.5, 0},
    {", logvar [-80, 80]", 70, 70, 0},
    {", logvar [-80, 80]", 1e4, 80, BATCH *LATENT},
};

static double gradient_norm(const struct watched *w, const struct lathe_model *model,
                            const char *name)
{
  double sum = 0;
  for (int t = 0; t < model->tensor_count; t++)
    for (int64_t i = 0;
         i < lathe_tensor_size(&model->tensors[t]) && strcmp(model->tensors[t].name, name) == 0;
         i++)
      sum += fabs((double)w->state.fixed[model->gradients + model->tensors[t].offset + (size_t)i]);
  return sum;
}

/* The loss, what is encoded and the gradient are those of the value at the bound; beyond it the
 * gradient is 0. What is clamped is counted. */
START_TEST(log_variances_stay_within_bounds)
{
  char text[512];
  snprintf(text, sizeof text,
           "model bounds {\n  input image [4]; latent z [%d]%s;\n  encoder { gaussian z; }\n"
           "  decoder { linear 4; sigmoid; }\n}\n",
           LATENT, exploding[_i].bounds);
  struct emitted e = emitted_open_text(text);
  struct lathe_pool *pool = lathe_pool_new(1);
  struct watched w = watched_new(e.model, BATCH, pool, true);
  memset(w.arena, 0, w.bytes);
  w.state.keep_gradients = true;
  fill(&w, e.model, "logvar.bias", exploding[_i].logvar);
  struct batch batch = random_batch(e.model, BATCH, 1);
  lathe_real mean[BATCH * LATENT], logvar[BATCH * LATENT];
  e.model->encode(&w.state, BATCH, batch.images, mean, logvar);
  for (int i = 0; i < BATCH * LATENT; i++)
    ck_assert_double_eq((double)logvar[i], exploding[_i].kept);
  struct lathe_loss evaluated = e.model->evaluate(&w.state, BATCH, batch.images, batch.noise);
  struct lathe_loss trained =
      e.model->train_step(&w.state, BATCH, batch.images, batch.noise, 1e-3, 1);
  double exact = LATENT * 0.5 * (expm1(exploding[_i].kept) - exploding[_i].kept);
  ck_assert_double_eq_tol(evaluated.kl, exact, 1e-7 * exact);
  ck_assert_double_eq(trained.kl, evaluated.kl);
  ck_assert_double_eq(evaluated.clamped, exploding[_i].clamped);
  ck_assert_double_eq(trained.clamped, exploding[_i].clamped);
  bool learns = gradient_norm(&w, e.model, "logvar.bias") > 0;
  ck_assert_int_eq(learns, exploding[_i].clamped == 0);
  batch_free(&batch);
  watched_free(&w);
  lathe_pool_free(pool);
  emitted_close(&e);
}
END_TEST

/* What is no number stays none: it is to be found, not hidden at a bound. */
START_TEST(nan_is_not_clamped)
{
  struct emitted e = emitted_open_text("model bounds {\n  input image [4]; latent z [3];\n"
                                       "  encoder { gaussian z; }\n"
                                       "  decoder { linear 4; sigmoid; }\n}\n");
  struct lathe_pool *pool = lathe_pool_new(1);
  struct watched w = watched_new(e.model, BATCH, pool, false);
  memset(w.arena, 0, w.bytes);
  fill(&w, e.model, "logvar.bias", NAN);
  struct batch batch = random_batch(e.model, BATCH, 1);
  struct lathe_loss loss = e.model->evaluate(&w.state, BATCH, batch.images, batch.noise);
  ck_assert(isnan(loss.total));
  ck_assert_double_eq(loss.clamped, 0);
  batch_free(&batch);
  watched_free(&w);
  lathe_pool_free(pool);
  emitted_close(&e);
}
END_TEST

/* What may follow the sigmoid. */
static const char *const endings[] = {
    "linear [1, 4, 6]; sigmoid;",
    "linear 24; sigmoid; reshape [1, 4, 6];",
    "linear [3, 4, 6]; conv2d 4, kernel 2, stride 2; sigmoid; reshape [1, 4, 6];",
    "linear [3, 4, 6]; conv2d 4, kernel 2, stride 2; sigmoid; flatten; reshape [1, 4, 6];",
};

/* The likelihood is computed from what the sigmoid receives, and is of what is decoded. */
START_TEST(bernoulli_is_of_what_is_decoded)
{
  enum { PIXELS = 24 };
  char text[512];
  snprintf(text, sizeof text,
           "model ends {\n  input image [1, 4, 6]; latent z [%d];\n"
           "  encoder { flatten; gaussian z; }\n  decoder { %s }\n}\n",
           LATENT, endings[_i]);
  struct emitted e = emitted_open_text(text);
  struct lathe_pool *pool = lathe_pool_new(1);
  struct watched w = watched_new(e.model, BATCH, pool, false);
  lathe_state_initialise(&w.state, e.model, 3);
  struct batch batch = random_batch(e.model, BATCH, 1);
  lathe_real mean[BATCH * LATENT], decoded[BATCH * PIXELS];
  e.model->encode(&w.state, BATCH, batch.images, mean, NULL);
  e.model->decode(&w.state, BATCH, mean, decoded);
  double exact = 0;
  for (int i = 0; i < BATCH * PIXELS; i++) {
    double x = (double)batch.images[i], y = (double)decoded[i];
    exact -= (x * log(y) + (1 - x) * log(1 - y)) / BATCH;
  }
  for (int i = 0; i < BATCH * LATENT; i++)
    batch.noise[i] = 0;
  struct lathe_loss loss = e.model->evaluate(&w.state, BATCH, batch.images, batch.noise);
  ck_assert_double_eq_tol(loss.reconstruction, exact, 1e-5 * exact);
  batch_free(&batch);
  watched_free(&w);
  lathe_pool_free(pool);
  emitted_close(&e);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("losses");
  TCase *cases = tcase_create("losses");
  tcase_set_timeout(cases, 120);
  tcase_add_loop_test(cases, divergence_keeps_its_digits, 0, sizeof latents / sizeof *latents);
  tcase_add_loop_test(cases, log_variances_stay_within_bounds, 0,
                      sizeof exploding / sizeof *exploding);
  tcase_add_test(cases, nan_is_not_clamped);
  tcase_add_loop_test(cases, bernoulli_is_of_what_is_decoded, 0, sizeof endings / sizeof *endings);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
