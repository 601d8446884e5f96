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

int main(void)
{
  Suite *suite = suite_create("losses");
  TCase *cases = tcase_create("losses");
  tcase_set_timeout(cases, 120);
  tcase_add_loop_test(cases, divergence_keeps_its_digits, 0, sizeof latents / sizeof *latents);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
