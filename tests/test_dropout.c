/* Dropout in an emitted model: what a training step's masks depend on and what not, and that
 * nothing is dropped outside of training. */
#include "emitted.h"
#include "emitted_state.h"
#include <math.h>

enum { N = 9, HIDDEN = 400 };

static const char text[] = "model dropped {\n"
                           "  input  x [6];\n"
                           "  latent z [2];\n"
                           "  encoder { linear 400; dropout 0.3; gaussian z; }\n"
                           "  decoder { dropout 0.5; linear 6; dropout 0.3; }\n"
                           "  loss { gaussian; }\n"
                           "}\n";

static struct emitted emitted;
static const struct lathe_model *model;

static void set_up(void)
{
  emitted = emitted_open_text(text);
  model = emitted.model;
}

static void tear_down(void)
{
  emitted_close(&emitted);
}

/* The loss of one training step that moves nothing. */
static double loss_of(uint64_t seed, int64_t step, struct lathe_pool *pool, int capacity)
{
  struct watched w = watched_new(model, capacity, pool, true);
  struct batch b = random_batch(model, N, 1);
  random_weights(&w.state, model, 2);
  ck_assert_uint_eq(w.state.draw.seed, model->training.seed);
  w.state.draw.seed = seed;
  double loss = model->train_step(&w.state, N, b.images, b.noise, 0, step).total;
  batch_free(&b);
  watched_free(&w);
  return loss;
}

START_TEST(masks_follow_from_seed_and_step)
{
  double loss = loss_of(3, 5, NULL, N);
  ck_assert(loss == loss_of(3, 5, NULL, N));
  ck_assert(loss == loss_of(3, 5, NULL, N + 30));
  ck_assert(loss != loss_of(3, 6, NULL, N));
  ck_assert(loss != loss_of(4, 5, NULL, N));
  struct lathe_pool *pool = lathe_pool_new(3);
  ck_assert_ptr_nonnull(pool);
  ck_assert(loss == loss_of(3, 5, pool, N));
  lathe_pool_free(pool);
}
END_TEST

/* Nothing but the weights and what they are given decides on what comes out. */
START_TEST(nothing_is_dropped_outside_of_training)
{
  struct watched w = watched_new(model, N, NULL, false);
  struct batch b = random_batch(model, N, 1);
  lathe_real mean[2][N * 2], logvar[N * 2], decoded[2][N * 6];
  double loss[2];
  random_weights(&w.state, model, 2);
  for (int i = 0; i < 2; i++) {
    w.state.draw = (struct lathe_draw){(uint64_t)i, (uint64_t)i};
    model->encode(&w.state, N, b.images, mean[i], logvar);
    model->decode(&w.state, N, b.noise, decoded[i]);
    loss[i] = model->evaluate(&w.state, N, b.images, b.noise).total;
  }
  ck_assert_mem_eq(mean[0], mean[1], sizeof mean[0]);
  ck_assert_mem_eq(decoded[0], decoded[1], sizeof decoded[0]);
  ck_assert(loss[0] == loss[1]);
  for (int i = 0; i < N * 6; i++)
    ck_assert(decoded[0][i] != 0);
  batch_free(&b);
  watched_free(&w);
}
END_TEST

static const struct lathe_value *value_named(const char *name)
{
  for (int i = 0; i < model->value_count; i++)
    if (strcmp(model->values[i].name, name) == 0)
      return &model->values[i];
  ck_abort_msg("there is no value %s", name);
}

struct seen {
  const struct lathe_value *value;
  const struct lathe_state *state;
  lathe_real mask[N * HIDDEN];
};

static void look(void *arg, int kernel)
{
  struct seen *seen = arg;
  if (kernel == seen->value->kernel)
    memcpy(seen->mask, seen->state->batch + seen->value->offset * (size_t)seen->state->capacity,
           sizeof seen->mask);
}

/* The masks are among what `trace` writes, so that another implementation can use them. */
START_TEST(masks_can_be_seen)
{
  static struct seen seen;
  struct watched w = watched_new(model, N, NULL, true);
  struct batch b = random_batch(model, N, 1);
  seen.value = value_named("encoder.1.dropout_mask");
  seen.state = &w.state;
  w.state.after_kernel = look;
  w.state.after_arg = &seen;
  model->train_step(&w.state, N, b.images, b.noise, 0, 1);
  int dropped = 0;
  for (int i = 0; i < N * HIDDEN; i++) {
    dropped += seen.mask[i] == 0;
    ck_assert(seen.mask[i] == 0 || fabs((double)seen.mask[i] - 1 / 0.7) < 1e-6);
  }
  ck_assert_double_eq_tol(dropped / (double)(N * HIDDEN), 0.3, 0.03); /* 4 sigma */
  ck_assert(memcmp(seen.mask, seen.mask + HIDDEN, HIDDEN * sizeof *seen.mask) != 0);
  batch_free(&b);
  watched_free(&w);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("dropout");
  TCase *cases = tcase_create("dropout");
  tcase_set_timeout(cases, 60);
  tcase_add_unchecked_fixture(cases, set_up, tear_down);
  tcase_add_test(cases, masks_follow_from_seed_and_step);
  tcase_add_test(cases, nothing_is_dropped_outside_of_training);
  tcase_add_test(cases, masks_can_be_seen);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
