/* Where the time of a training step is said to go: kernels that take a known time each, in a model
 * that does nothing else. */
#include "runtime/clock.h"
#include "runtime/kernel.h"
#include "runtime/profile.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

enum { IMAGES = 40, BATCH = 8, LATENT = 2, KERNELS = 4 };

static const double takes[KERNELS] = {4e-4, 0, 1e-3, 2e-4};
static const double between = 6e-4; /* outside of the kernels */
static int steps, stray, wrong;

static void wait_for(double seconds)
{
  for (double start = lathe_now(); lathe_now() - start < seconds;)
    ;
}

static void work(void *arg, int task, int thread)
{
  (void)task;
  (void)thread;
  wait_for(*(const double *)arg);
}

static struct lathe_loss train_step(struct lathe_state *state, int n, const lathe_real *images,
                                    const lathe_real *noise, double rate, int64_t step)
{
  (void)noise;
  steps++;
  wrong += n != BATCH || rate != 0 || step != steps;
  for (int i = 0; i < n; i++)
    wrong += !(images[i] >= 0 && images[i] < IMAGES);
  for (int k = 0; k < KERNELS; k++) {
    double seconds = takes[k];
    lathe_kernel(state, k, 1, work, &seconds);
    if (k == 1)
      wait_for(between);
  }
  double none = 0;
  if (stray) /* a kernel that the table does not have */
    lathe_kernel(state, KERNELS, 1, work, &none);
  return (struct lathe_loss){0};
}

static const struct lathe_model model = {.name = "clockwork",
                                         .input_rank = 1,
                                         .input_shape = {1},
                                         .input_size = 1,
                                         .range = {0, 255},
                                         .latent = LATENT,
                                         .kernel_count = KERNELS,
                                         .train_step = train_step};

static unsigned char numbers[IMAGES];
static const struct lathe_dataset dataset = {.images = {LATHE_U8, 2, {IMAGES, 1}, IMAGES, numbers},
                                             .count = IMAGES};

static struct lathe_profile take(double seconds)
{
  struct lathe_session session;
  struct lathe_profile profile;
  const struct lathe_session_size size = {.batch = BATCH, .threads = 1, .training = true};
  for (int i = 0; i < IMAGES; i++)
    numbers[i] = (unsigned char)i;
  steps = wrong = 0;
  ck_assert(lathe_session_open(&session, &model, size, NULL));
  ck_assert(lathe_profile_take(&profile, &session, BATCH, &dataset, seconds, NULL));
  ck_assert_ptr_null(session.state.before_kernel);
  ck_assert_ptr_null(session.state.after_kernel);
  lathe_session_close(&session);
  return profile;
}

/* Each part takes no less than it was made to, so that none has what is another's; how much more
 * depends on what else runs here. */
START_TEST(parts_are_what_they_take)
{
  struct lathe_profile profile = take(0.3);
  ck_assert_int_eq(wrong, 0);
  ck_assert_int_eq(steps, 2 * profile.steps + 1);
  ck_assert_int_ge(profile.steps, 4);
  for (int k = 0; k < KERNELS; k++)
    ck_assert_double_ge(profile.kernels[k], takes[k]);
  ck_assert_double_ge(profile.rest, between);
  ck_assert_double_ge(profile.data, 0);
  ck_assert_double_ge(profile.noise, 0);
  ck_assert_double_ge(profile.step, 2.2e-3);
  lathe_profile_free(&profile);
}
END_TEST

START_TEST(parts_add_up)
{
  stray = 1;
  struct lathe_profile profile = take(0.05);
  double sum = profile.data + profile.noise + profile.rest;
  for (int k = 0; k < KERNELS; k++)
    sum += profile.kernels[k];
  ck_assert_double_lt(fabs(sum - profile.watched), 1e-9 * profile.watched);
  ck_assert_double_gt(profile.watched, 2.2e-3);
  lathe_profile_free(&profile);
}
END_TEST

/* However little time there is, some steps are taken. */
START_TEST(some_steps_at_least)
{
  struct lathe_profile profile = take(0);
  ck_assert_int_eq(profile.steps, 4);
  lathe_profile_free(&profile);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("profile");
  TCase *tests = tcase_create("profile");
  tcase_add_test(tests, parts_are_what_they_take);
  tcase_add_test(tests, parts_add_up);
  tcase_add_test(tests, some_steps_at_least);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
