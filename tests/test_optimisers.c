/* Adam, gradient descent and its momentum against PyTorch's, with StepLR: forty steps through six
 * falls of the learning rate, and the state that they leave. */
#include "runtime/schedule.h"
#include "torch_reference.h"

static const char *const OPTIMISERS[] = {"adam", "adam_settings", "sgd", "sgd_momentum"};

enum { IMAGES_A_STEP, EPOCHS, STEPS_AN_EPOCH, SIZES };

/* The optimiser's state, under PyTorch's names. */
static void check_state(const char *what, const struct lathe_model *model,
                        const struct lathe_state *state, const struct lathe_tensors *tensors)
{
  bool adam = model->training.optimiser == LATHE_ADAM;
  bool momentum = !adam && model->training.momentum > 0;
  struct comparison c = {.what = what, .tensors = tensors, .tolerance = LAYERS.trained};
  if (adam || momentum) {
    c.prefix = adam ? "exp_avg." : "momentum_buffer.";
    near_block(&c, model, state->fixed + model->first_moment);
  }
  if (adam) {
    c.prefix = "exp_avg_sq.";
    near_block(&c, model, state->fixed + model->second_moment);
  }
}

START_TEST(many_steps)
{
  char name[64];
  snprintf(name, sizeof name, "optimisers/%s", OPTIMISERS[_i]);
  struct emitted e = torch_open(name);
  const struct lathe_model *model = e.model;
  struct lathe_tensors tensors = torch_read(name);
  const int64_t *sizes = fixture_integers(&tensors, "sizes", SIZES);
  int n = (int)sizes[IMAGES_A_STEP], epochs = (int)sizes[EPOCHS];
  int64_t steps = epochs * sizes[STEPS_AN_EPOCH];
  const double *losses = fixture_values(&tensors, "", "losses", 2 * steps);
  const double *rates = fixture_values(&tensors, "", "rates", epochs);
  ck_assert(steps >= 40 && rates[epochs - 1] < 0.05 * rates[0]);

  struct watched w = watched_new(model, n, NULL, true);
  generate_weights(&w.state, model, 0.3);
  for (int64_t step = 0; step < steps; step++) {
    char what[96];
    snprintf(what, sizeof what, "%s, step %d", OPTIMISERS[_i], (int)step + 1);
    int epoch = (int)(step / sizes[STEPS_AN_EPOCH]);
    double rate = lathe_learning_rate(&model->training, epoch);
    within(what, "rate", fabs(rate - rates[epoch]), rates[epoch], 1e-14);
    struct batch b = generate_batch(model, step * n, n);
    near_losses(what, model->train_step(&w.state, n, b.images, b.noise, rate, step + 1),
                losses + 2 * step, LAYERS.trained);
    batch_free(&b);
  }
  struct comparison c = {
      .what = OPTIMISERS[_i], .tensors = &tensors, .prefix = "after.", .tolerance = LAYERS.trained};
  near_block(&c, model, w.state.fixed);
  check_state(OPTIMISERS[_i], model, &w.state, &tensors);

  watched_free(&w);
  lathe_tensors_free(&tensors);
  emitted_close(&e);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("optimisers");
  TCase *cases = tcase_create("optimisers");
  tcase_set_timeout(cases, 120);
  tcase_add_loop_test(cases, many_steps, 0, sizeof OPTIMISERS / sizeof *OPTIMISERS);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
