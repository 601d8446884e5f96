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

/* The model's steps are those of a fixture. */
static void check_steps(const struct lathe_model *model, const char *optimiser)
{
  char name[64];
  snprintf(name, sizeof name, "optimisers/%s", optimiser);
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
    snprintf(what, sizeof what, "%s, step %d", optimiser, (int)step + 1);
    int epoch = (int)(step / sizes[STEPS_AN_EPOCH]);
    double rate = lathe_learning_rate(&model->training, epoch);
    within(what, "rate", fabs(rate - rates[epoch]), rates[epoch], 1e-14);
    struct batch b = generate_batch(model, step * n, n);
    near_losses(what, model->train_step(&w.state, n, b.images, b.noise, rate, step + 1),
                losses + 2 * step, LAYERS.trained);
    batch_free(&b);
  }
  struct comparison c = {
      .what = optimiser, .tensors = &tensors, .prefix = "after.", .tolerance = LAYERS.trained};
  near_block(&c, model, w.state.fixed);
  check_state(optimiser, model, &w.state, &tensors);

  watched_free(&w);
  lathe_tensors_free(&tensors);
}

START_TEST(many_steps)
{
  char name[64];
  snprintf(name, sizeof name, "optimisers/%s", OPTIMISERS[_i]);
  struct emitted e = torch_open(name);
  check_steps(e.model, OPTIMISERS[_i]);
  emitted_close(&e);
}
END_TEST

/* Gradients within their bound are left as they are. */
START_TEST(bound_that_is_not_reached)
{
  char text[1024];
  FILE *file = fopen(TORCH_FOLDER "optimisers/sgd.lathe", "r");
  ck_assert_ptr_nonnull(file);
  text[fread(text, 1, sizeof text - 32, file)] = '\0';
  fclose(file);
  char *rule = strstr(text, "step 3,");
  ck_assert_ptr_nonnull(rule);
  memmove(rule + strlen("clip 1000; "), rule, strlen(rule) + 1);
  memcpy(rule, "clip 1000; ", strlen("clip 1000; "));
  struct emitted e = emitted_open_text(text);
  ck_assert_double_eq(e.model->training.clip, 1000);
  check_steps(e.model, "sgd");
  emitted_close(&e);
}
END_TEST

/* ---- Schedules ---- */

enum { SCHEDULE_EPOCHS, SCHEDULE_STEPS, SCHEDULE_SIZES };

static const struct {
  const char *name;
  struct lathe_training training;
} SCHEDULES[] = {
    {"constant", {.schedule = LATHE_CONSTANT}},
    {"step", {.schedule = LATHE_STEP, .every = 7, .gamma = 0.3}},
    {"exponential", {.schedule = LATHE_EXPONENTIAL, .gamma = 0.9}},
    {"cosine", {.schedule = LATHE_COSINE}},
    {"cosine_minimum", {.schedule = LATHE_COSINE, .every = 40, .minimum = 0.01}},
    {"plateau", {.schedule = LATHE_PLATEAU, .gamma = 0.1, .patience = 2, .threshold = 1e-4}},
    {"plateau_all",
     {.schedule = LATHE_PLATEAU,
      .gamma = 0.5,
      .patience = 1,
      .threshold = 0.02,
      .cooldown = 3,
      .minimum = 0.015}},
    {"plateau_once", {.schedule = LATHE_PLATEAU, .gamma = 1e-9, .patience = 1, .threshold = 1e-4}},
    {"constant_warmup", {.schedule = LATHE_CONSTANT, .warmup = 5, .warmup_start = 0.1}},
    {"cosine_warmup",
     {.schedule = LATHE_COSINE, .minimum = 0.01, .warmup = 6, .warmup_start = 0.25}},
    {"step_warmup_steps",
     {.schedule = LATHE_STEP,
      .every = 2,
      .gamma = 0.5,
      .warmup = 10,
      .warmup_steps = true,
      .warmup_start = 0.05}},
    {"plateau_warmup_steps",
     {.schedule = LATHE_PLATEAU,
      .gamma = 0.1,
      .threshold = 1e-4,
      .warmup = 25,
      .warmup_steps = true,
      .warmup_start = 1.0 / 3}},
};

START_TEST(schedules)
{
  struct lathe_tensors tensors = torch_read("schedules");
  const int64_t *sizes = fixture_integers(&tensors, "sizes", SCHEDULE_SIZES);
  int64_t epochs = sizes[SCHEDULE_EPOCHS], steps = sizes[SCHEDULE_STEPS];
  struct lathe_training training = SCHEDULES[_i].training;
  training.rate = 0.2;
  training.epochs = (int)epochs;
  const double *losses = fixture_values(&tensors, "", "losses", epochs);
  const double *rates = fixture_values(&tensors, "rates.", SCHEDULES[_i].name, epochs * steps);
  struct lathe_course course = lathe_course_start(&training);
  for (int64_t step = 0; step < epochs * steps; step++) {
    char what[96];
    snprintf(what, sizeof what, "%s, step %d", SCHEDULES[_i].name, (int)step);
    within(what, "rate", fabs(lathe_course_rate(&course, &training, step) - rates[step]),
           fmax(rates[step], 1e-9), 1e-12);
    if (step % steps == steps - 1)
      lathe_course_add(&course, &training, losses[step / steps]);
  }
  lathe_tensors_free(&tensors);
}
END_TEST

/* A loss below 0 must get less, too; the first counts whatever it is. */
START_TEST(plateau_below_zero)
{
  struct lathe_training training = {
      .schedule = LATHE_PLATEAU, .rate = 1, .gamma = 0.5, .patience = 1, .threshold = 0.1};
  struct lathe_course course = lathe_course_start(&training);
  static const double losses[] = {-100, -105, -120, -125, -130};
  static const double rates[] = {1, 1, 1, 1, 0.5};
  for (int i = 0; i < 5; i++) {
    lathe_course_add(&course, &training, losses[i]);
    ck_assert_double_eq(course.rate, rates[i]);
  }
}
END_TEST

START_TEST(early_stopping)
{
  struct lathe_training training = {.rate = 1, .stop_patience = 2, .stop_gain = 0.5};
  struct lathe_course course = lathe_course_start(&training);
  static const double losses[] = {9, 8, 7.6, 7.4, 7.3, 7.2};
  static const bool ended[] = {false, false, false, false, false, true};
  for (int i = 0; i < 6; i++) {
    lathe_course_add(&course, &training, losses[i]);
    ck_assert_msg(lathe_course_ended(&course, &training) == ended[i], "after epoch %d", i + 1);
  }
  training.stop_patience = 0;
  ck_assert(!lathe_course_ended(&course, &training));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("optimisers");
  TCase *cases = tcase_create("optimisers");
  tcase_set_timeout(cases, 120);
  tcase_add_loop_test(cases, many_steps, 0, sizeof OPTIMISERS / sizeof *OPTIMISERS);
  tcase_add_test(cases, bound_that_is_not_reached);
  tcase_add_loop_test(cases, schedules, 0, sizeof SCHEDULES / sizeof *SCHEDULES);
  tcase_add_test(cases, plateau_below_zero);
  tcase_add_test(cases, early_stopping);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
