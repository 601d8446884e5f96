/* Trainings that their losses lower the rate of, and end: by a plateau, behind a warm-up, with
 * bounded gradients and images changed at random; and the same cut off and gone on with. */
#define RESUMED_TRAINING                                                                           \
  "adamw 3e-2; plateau, patience 0, gamma 0.5; warmup 7, unit steps; early_stopping 3, gain 0.01;" \
  " clip 5; augment, shift 1, noise 0.01, flip 0.5; split 0.75; epochs 60; seed 11"
#include "resumed.h"
#include "runtime/safetensors.h"
#include "runtime/schedule.h"
#include <math.h>

enum { MOST = 60, COLUMNS = 8 };

/* What metrics.csv says: the losses of validation, and the rates. */
static struct {
  int epochs, best;
  double losses[MOST], rates[MOST];
} found;

static void read_found(const char *run)
{
  char *text = losses_of(run), *line = strchr(text, '\n') + 1;
  found.epochs = found.best = 0;
  for (char *end; *line; line = end + 1) {
    double column[COLUMNS];
    end = strchr(line, '\n');
    ck_assert_int_lt(found.epochs, MOST);
    for (int i = 0; i < COLUMNS; i++, line++)
      column[i] = strtod(line, &line);
    found.losses[found.epochs] = column[4];
    found.rates[found.epochs++] = column[7];
    if (found.best == 0 || column[4] < found.losses[found.best - 1])
      found.best = found.epochs;
  }
  free(text);
}

static void setup(void)
{
  make_undisturbed();
  read_found("whole");
  check_ended(BEGIN("dense", "--quiet", "--save-minutes", "1e-9", "--keep", "1000"), 0, "");
}

/* Rates and end are those that the losses make, one after the other. */
START_TEST(losses_decide)
{
  const struct lathe_training training = {.rate = 3e-2,
                                          .schedule = LATHE_PLATEAU,
                                          .gamma = 0.5,
                                          .threshold = 1e-4,
                                          .warmup = 7,
                                          .warmup_steps = true,
                                          .warmup_start = 0.1,
                                          .stop_patience = 3,
                                          .stop_gain = 0.01};
  struct lathe_course course = lathe_course_start(&training);
  for (int i = 0; i < found.epochs; i++) {
    ck_assert_msg(!lathe_course_ended(&course, &training), "epoch %d came too late", i + 1);
    double rate = lathe_course_rate(&course, &training, (i + 1) * STEPS_AN_EPOCH - 1);
    ck_assert_double_eq_tol(found.rates[i], rate, 1e-9 * rate);
    lathe_course_add(&course, &training, found.losses[i]);
  }
  ck_assert(lathe_course_ended(&course, &training));
  ck_assert_int_lt(found.epochs, MOST);
  ck_assert_int_lt(found.best, found.epochs);
  ck_assert_double_lt(found.rates[found.epochs - 1], 0.5 * found.rates[1]);
}
END_TEST

/* The record and the page say how it ended; the weights are the best epoch's. */
START_TEST(the_best_epoch_is_kept)
{
  json_t *record = json_load_file(in_folder("whole/run.json"), 0, NULL);
  const json_t *ending = json_object_get(record, "training");
  ck_assert_int_eq(json_integer_value(json_object_get(ending, "epochs")), found.epochs);
  ck_assert_int_eq(json_integer_value(json_object_get(ending, "best_epoch")), found.best);
  ck_assert_int_eq(json_integer_value(json_object_get(ending, "kept_epoch")), found.best);
  ck_assert(json_is_true(json_object_get(ending, "stopped_early")));
  json_decref(record);

  struct lathe_tensors weights, best;
  ck_assert(lathe_tensors_read(&weights, in_folder("whole/weights.safetensors"), NULL));
  ck_assert(lathe_tensors_read(&best, checkpoint_of("whole", found.best * STEPS_AN_EPOCH), NULL));
  int compared = 0;
  for (int i = 0; i < weights.count; i++) {
    const struct lathe_array *kept = lathe_tensors_find(&best, weights.items[i].name);
    if (!kept)
      continue; /* of the mixture */
    const struct lathe_array *array = &weights.items[i].array;
    ck_assert_msg(
        memcmp(array->data, kept->data, (size_t)array->count * lathe_dtype_size(array->dtype)) == 0,
        "%s is another", weights.items[i].name);
    compared++;
  }
  ck_assert_int_gt(compared, 8);
  lathe_tensors_free(&weights);
  lathe_tensors_free(&best);

  char *page = read_file(in_folder("whole/report.html"), NULL);
  ck_assert(strstr(page, "Stopped early after") && strstr(page, "stop_patience"));
  free(page);
}
END_TEST

/* After the first step, in the warm-up, in the midst, and behind the last step but before the end.
 */
START_TEST(goes_on_from_any_step)
{
  int last = found.epochs * STEPS_AN_EPOCH;
  const int steps[] = {1, 5, STEPS_AN_EPOCH + 3, last / 2, last - STEPS_AN_EPOCH, last - 1, last};
  SPAWN_QUIETLY("cp", "-r", in_folder("dense"), in_folder("cut"));
  for (int i = steps[_i] + 1; i <= last; i++)
    ck_assert_int_eq(unlink(checkpoint_of("cut", i)), 0);
  ck_assert_int_eq(rename(in_folder("cut/run.json"), in_folder("cut/unfinished.json")), 0);
  ck_assert_int_eq(unlink(in_folder("cut/weights.safetensors")), 0);
  struct said said = RESUME("cut", "--json", "--threads", _i % 2 == 0 ? "2" : "1");
  char words[96];
  snprintf(words, sizeof words, "\"event\":\"early_stopping\",\"epoch\":%d,\"kept_epoch\":%d",
           found.epochs, found.best);
  assert_words(said.out, words);
  check_ended(said, 0, "");
  check_same("cut", "whole");
  remove_below(in_folder("cut"));
}
END_TEST

/* It has ended, however many epochs it might have had. */
START_TEST(more_epochs_are_none)
{
  SPAWN_QUIETLY("cp", "-r", in_folder("whole"), in_folder("more"));
  check_ended(RESUME("more", "--quiet", "--epochs", "80"), 0, "");
  check_same("more", "whole");
  remove_below(in_folder("more"));
}
END_TEST

/* Without the best epoch's checkpoint its weights are not to be had. */
START_TEST(a_lost_checkpoint_is_named)
{
  SPAWN_QUIETLY("cp", "-r", in_folder("whole"), in_folder("lost"));
  ck_assert_int_eq(unlink(checkpoint_of("lost", found.best * STEPS_AN_EPOCH)), 0);
  check_ended(RESUME("lost", "--quiet", "--epochs", "80"), 1, "step-|No such file");
  remove_below(in_folder("lost"));
}
END_TEST

START_TEST(a_rate_below_the_minimum)
{
  build_text("falling",
             SMALL_VAE("  mixture { components 2; }\n", "adam 1e-2; cosine, minimum 1e-3"), NULL);
  check_ended(
      SPAWN(in_folder("falling"), "train", TRAINED_ON, "--run", in_folder("f"), "--lr", "1e-4"), 2,
      "--lr 0.0001|0.001|minimum");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("early stopping");
  TCase *cases = tcase_create("early stopping");
  tcase_set_timeout(cases, 600);
  tcase_add_unchecked_fixture(cases, setup, remove_folder);
  tcase_add_test(cases, losses_decide);
  tcase_add_test(cases, the_best_epoch_is_kept);
  tcase_add_loop_test(cases, goes_on_from_any_step, 0, 7);
  tcase_add_test(cases, more_epochs_are_none);
  tcase_add_test(cases, a_lost_checkpoint_is_named);
  tcase_add_test(cases, a_rate_below_the_minimum);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
