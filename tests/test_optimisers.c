/* Every optimiser and its settings, and bounds of gradients, against PyTorch's, with StepLR: forty
 * steps through six falls of the learning rate, and the state that they leave. */
#include "runtime/schedule.h"
#include "torch_reference.h"

static const char *const OPTIMISERS[] = {
    "adam",    "adam_settings",    "adam_decay",  "adamw",        "adamw_settings",
    "sgd",     "sgd_momentum",     "sgd_decay",   "sgd_nesterov", "sgd_nesterov_decay",
    "rmsprop", "rmsprop_centered", "rmsprop_all", "clip_norm",    "clip_value",
};

enum { IMAGES_A_STEP, EPOCHS, STEPS_AN_EPOCH, SIZES };

/* The optimiser's state, under PyTorch's names. */
static void check_state(const char *what, const struct lathe_model *model,
                        const struct lathe_state *state, const struct lathe_tensors *tensors)
{
  static const char *const names[LATHE_OPTIMISERS][LATHE_MOMENTS] = {
      [LATHE_ADAM] = {"exp_avg.", "exp_avg_sq."},
      [LATHE_ADAMW] = {"exp_avg.", "exp_avg_sq."},
      [LATHE_SGD] = {"momentum_buffer."},
      [LATHE_RMSPROP] = {"momentum_buffer.", "square_avg.", "grad_avg."},
  };
  struct comparison c = {.what = what, .tensors = tensors, .tolerance = LAYERS.trained};
  for (int i = 0; i < LATHE_MOMENTS; i++) {
    c.prefix = names[model->training.optimiser][i];
    char first[64];
    snprintf(first, sizeof first, "%s%s", c.prefix ? c.prefix : "", model->tensors[0].name);
    bool theirs = c.prefix && lathe_tensors_find(tensors, first);
    ck_assert_msg(theirs == (model->moments[i] > 0), "%s keeps %s", what,
                  c.prefix ? c.prefix : "?");
    if (theirs)
      near_block(&c, model, state->fixed + model->moments[i]);
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
