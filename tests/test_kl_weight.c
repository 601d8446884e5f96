/* The weight of the divergence: its course, what a training step makes of the weight in force, and
 * trainings that are cut off in the midst of a cycle and gone on with. */
#define SMALL_LOSS "kl 0.5, cycles 3, ramp 0.6, unit steps"
#include "emitted.h"
#include "emitted_state.h"
#include "resumed.h"
#include "runtime/schedule.h"

/* ---- Its course ---- */

static const struct {
  const char *name;
  struct lathe_training training;
  int steps_an_epoch;
  int count;
  struct {
    int epochs, steps;
    double share;
  } at[8];
} courses[] = {
    {"none", {.epochs = 4}, 5, 2, {{0, 0, 1}, {3, 19, 1}}},
    {"warm-up by epochs",
     {.epochs = 20, .kl_warmup = 4},
     5,
     6,
     {{0, 0, 0}, {0, 4, 0}, {1, 5, 0.25}, {3, 19, 0.75}, {4, 20, 1}, {19, 99, 1}}},
    {"warm-up by steps",
     {.epochs = 20, .kl_warmup = 8, .kl_steps = true},
     5,
     5,
     {{0, 0, 0}, {0, 4, 0.5}, {1, 6, 0.75}, {1, 8, 1}, {9, 49, 1}}},
    {"warm-up beyond the end",
     {.epochs = 2, .kl_warmup = 8, .kl_steps = true},
     3,
     2,
     {{0, 2, 0.25}, {1, 5, 0.625}}},
    {"cycles by epochs",
     {.epochs = 12, .kl_cycles = 3, .kl_ramp = 0.5},
     5,
     8,
     {{0, 0, 0},
      {1, 5, 0.5},
      {2, 10, 1},
      {3, 15, 1},
      {4, 20, 0},
      {5, 29, 0.5},
      {8, 40, 0},
      {11, 59, 1}}},
    {"cycles that are all ramp",
     {.epochs = 8, .kl_cycles = 2, .kl_ramp = 1},
     5,
     4,
     {{1, 5, 0.25}, {3, 15, 0.75}, {4, 20, 0}, {7, 35, 0.75}}},
    {"cycles by steps",
     {.epochs = 2, .kl_cycles = 4, .kl_ramp = 0.5, .kl_steps = true},
     16,
     6,
     {{0, 0, 0}, {0, 1, 0.25}, {0, 4, 1}, {0, 7, 1}, {0, 8, 0}, {1, 26, 0.5}}},
    /* 7 epochs in 3 cycles of 2 1/3: the second begins within the third epoch. */
    {"cycles that fit no epochs",
     {.epochs = 7, .kl_cycles = 3, .kl_ramp = 1},
     5,
     3,
     {{2, 10, 6 / 7.0}, {3, 15, 2 / 7.0}, {6, 30, 4 / 7.0}}},
};

START_TEST(course)
{
  for (int i = 0; i < courses[_i].count; i++) {
    double share = lathe_kl_share(&courses[_i].training, courses[_i].at[i].epochs,
                                  courses[_i].at[i].steps, courses[_i].steps_an_epoch);
    ck_assert_msg(fabs(share - courses[_i].at[i].share) < 1e-14, "%s, after step %d: %.17g",
                  courses[_i].name, courses[_i].at[i].steps, share);
  }
}
END_TEST

/* ---- What a step makes of it ---- */

#define WEIGHED(name, kl)                                                                          \
  "model " name " {" PRECISION " input x [6]; latent z [3];\n"                                     \
  "  encoder { linear 5; tanh; gaussian z; }\n  decoder { linear 6; }\n"                           \
  "  loss { gaussian; kl " kl "; }\n}\n"
#ifdef LATHE_FLOAT64
#define PRECISION " precision float64;"
#else
#define PRECISION ""
#endif

enum { N = 7 };

/* One step that moves nothing, its gradients [trained] left in the state; weight < 0: as attached.
 */
static struct lathe_loss step_of(const struct lathe_model *model, double weight, struct watched *w)
{
  *w = watched_new(model, N, NULL, true);
  struct batch b = random_batch(model, N, 1);
  random_weights(&w->state, model, 2);
  if (weight >= 0)
    w->state.kl_weight = weight;
  struct lathe_loss loss = model->train_step(&w->state, N, b.images, b.noise, 0, 1);
  struct lathe_loss whole = model->evaluate(&w->state, N, b.images, b.noise);
  ck_assert_double_eq_tol(whole.total, loss.total, 1e-5 * loss.total);
  batch_free(&b);
  return loss;
}

/* With 0.25 in force the gradients are those of `kl 0.25`, bit by bit, and the loss is that of the
 * full weight; before anybody sets it, the full weight is in force. */
START_TEST(weight_in_force)
{
  struct emitted scheduled = emitted_open_text(WEIGHED("rising", "0.75, warmup 9"));
  struct emitted plain = emitted_open_text(WEIGHED("fixed", "0.75"));
  struct emitted quarter = emitted_open_text(WEIGHED("quarter", "0.25"));
  const struct {
    const struct lathe_model *same;
    double weight;
  } cases[] = {{plain.model, -1}, {plain.model, 0.75}, {quarter.model, 0.25}};
  for (int i = 0; i < 3; i++) {
    struct watched mine, theirs;
    struct lathe_loss loss = step_of(scheduled.model, cases[i].weight, &mine);
    struct lathe_loss other = step_of(cases[i].same, 9, &theirs); /* which it takes no notice of */
    const struct lathe_model *model = scheduled.model;
    ck_assert_mem_eq(mine.state.fixed + model->gradients, theirs.state.fixed + model->gradients,
                     model->trained * sizeof(lathe_real));
    ck_assert(loss.kl == other.kl && loss.kl > 0);
    ck_assert(loss.total == loss.reconstruction + 0.75 * loss.kl);
    watched_free(&mine);
    watched_free(&theirs);
  }
  emitted_close(&scheduled);
  emitted_close(&plain);
  emitted_close(&quarter);
}
END_TEST

/* ---- Trainings ---- */

/* The last column of metrics.csv. */
static void read_weights(const char *run, double weights[EPOCHS])
{
  char *text = read_file(in_folder("%s/metrics.csv", run), NULL), *line = strchr(text, '\n');
  ck_assert_ptr_eq(strstr(text, ",kl_weight\n"), line - strlen(",kl_weight"));
  for (int i = 0; i < EPOCHS; i++) {
    char *row = line + 1;
    line = strchr(row, '\n');
    ck_assert_ptr_nonnull(line);
    *line = '\0';
    weights[i] = strtod(strrchr(row, ',') + 1, NULL);
  }
  free(text);
}

static void setup(void)
{
  make_undisturbed();
  check_ended(BEGIN("dense", "--quiet", "--save-minutes", "1e-9", "--keep", "1000"), 0, "");
}

/* What is recorded of an epoch is the weight in its last step. */
START_TEST(weights_are_recorded)
{
  const struct lathe_training training = {
      .epochs = EPOCHS, .kl_cycles = 3, .kl_ramp = 0.6, .kl_steps = true};
  double weights[EPOCHS];
  read_weights("whole", weights);
  for (int i = 0; i < EPOCHS; i++) {
    double share = lathe_kl_share(&training, i, (i + 1) * STEPS_AN_EPOCH - 1, STEPS_AN_EPOCH);
    ck_assert_double_eq_tol(weights[i], 0.5 * share, 1e-9);
  }
  ck_assert(weights[0] < 0.5 && weights[1] == 0.5 && weights[2] < 0.5);
  char *page = read_file(in_folder("whole/report.html"), NULL);
  ck_assert(strstr(page, "kl_cycles") && strstr(page, "kl_ramp"));
  free(page);
}
END_TEST

/* After the first step, within a ramp, at its end, between epochs, at a cycle's beginning, and when
 * only the end is left to do. */
START_TEST(goes_on_from_any_step)
{
  enum { LAST = EPOCHS * STEPS_AN_EPOCH };
  static const int steps[] = {1, 5, 11, 2 * STEPS_AN_EPOCH, 3 * STEPS_AN_EPOCH + 4, LAST - 1, LAST};
  double whole[EPOCHS], weights[EPOCHS];
  SPAWN_QUIETLY("cp", "-r", in_folder("dense"), in_folder("cut"));
  for (int i = steps[_i] + 1; i <= LAST; i++)
    ck_assert_int_eq(unlink(checkpoint_of("cut", i)), 0);
  ck_assert_int_eq(rename(in_folder("cut/run.json"), in_folder("cut/unfinished.json")), 0);
  ck_assert_int_eq(unlink(in_folder("cut/weights.safetensors")), 0);
  check_ended(RESUME("cut", "--quiet", "--threads", _i % 2 == 0 ? "2" : "1"), 0, "");
  check_same("cut", "whole");
  read_weights("whole", whole);
  read_weights("cut", weights);
  ck_assert_mem_eq(weights, whole, sizeof whole);
  remove_below(in_folder("cut"));
}
END_TEST

/* A program without a schedule cannot follow one. */
START_TEST(another_program_does_not_go_on)
{
  SPAWN_QUIETLY("cp", "-r", in_folder("dense"), in_folder("other"));
  ck_assert_int_eq(rename(in_folder("other/run.json"), in_folder("other/unfinished.json")), 0);
  char *text = strdup(description), *from = strstr(text, ", cycles"), *to = strstr(text, " steps;");
  memmove(from, to + strlen(" steps"), strlen(to + strlen(" steps")) + 1);
  build_text("steady", text, NULL);
  free(text);
  check_ended(SPAWN(in_folder("steady"), "train", "--resume", "--run", in_folder("other")), 1,
              "kl is `0.5, by a schedule` there and `0.5` here");
  remove_below(in_folder("other"));
}
END_TEST

/* Of a checkpoint of the format before, which does not say it, the weight was the full one. */
START_TEST(older_checkpoints)
{
  SPAWN_QUIETLY("cp", "-r", in_folder("dense"), in_folder("old"));
  ck_assert_int_eq(rename(in_folder("old/run.json"), in_folder("old/unfinished.json")), 0);
  for (int i = 3 * STEPS_AN_EPOCH + 1; i <= EPOCHS * STEPS_AN_EPOCH; i++)
    ck_assert_int_eq(unlink(checkpoint_of("old", i)), 0);
  const char *path = checkpoint_of("old", 3 * STEPS_AN_EPOCH);
  for (int version = 2; version <= 3; version++) {
    struct lathe_tensors from = read_tensors(checkpoint_of("dense", 3 * STEPS_AN_EPOCH)), to = {0};
    for (int i = 0; i < from.count; i++) {
      const struct lathe_array *array = &from.items[i].array;
      if (strstr(from.items[i].name, "kl_weight"))
        continue;
      void *data =
          lathe_tensors_add(&to, from.items[i].name, array->dtype, array->rank, array->shape, NULL);
      memcpy(data, array->data, (size_t)array->count * lathe_dtype_size(array->dtype));
    }
    ck_assert_int_eq(to.count, from.count - 1);
    lathe_tensors_add_metadata(&to, "model", "small", NULL);
    lathe_tensors_add_metadata(&to, "fingerprint", lathe_tensors_metadata(&from, "fingerprint"),
                               NULL);
    lathe_tensors_add_metadata(&to, "checkpoint", version == 2 ? "2" : "3", NULL);
    ck_assert(lathe_tensors_want_checksum(&to, NULL) && lathe_tensors_write(&to, path, NULL));
    lathe_tensors_free(&from);
    lathe_tensors_free(&to);
    struct said said = RESUME("old", "--quiet");
    if (version == 2) {
      double weights[EPOCHS];
      check_ended(said, 0, "");
      read_weights("old", weights);
      ck_assert(weights[0] == 0.5 && weights[2] == 0.5 && weights[4] < 0.5);
      ck_assert_int_eq(rename(in_folder("old/run.json"), in_folder("old/unfinished.json")), 0);
      for (int i = 3 * STEPS_AN_EPOCH + 1; i <= EPOCHS * STEPS_AN_EPOCH; i++)
        unlink(checkpoint_of("old", i));
    } else {
      ck_assert_msg(strstr(said.err, "training.epochs.kl_weight"), "%s", said.err);
      said_free(&said);
    }
  }
  remove_below(in_folder("old"));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("weight of the divergence");
  TCase *steps = tcase_create("steps");
  tcase_set_timeout(steps, SPAWN_SECONDS);
  tcase_add_loop_test(steps, course, 0, sizeof courses / sizeof *courses);
  tcase_add_test(steps, weight_in_force);
  suite_add_tcase(suite, steps);
  TCase *tests = tcase_create("trainings");
  tcase_add_unchecked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 2 * SPAWN_SECONDS);
  tcase_add_test(tests, weights_are_recorded);
  tcase_add_loop_test(tests, goes_on_from_any_step, 0, 7);
  tcase_add_test(tests, another_program_does_not_go_on);
  tcase_add_test(tests, older_checkpoints);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
