/* Trainings that come upon NaN or infinity: where it began is found, what was good is kept, and the
 * folder remembers. And what other commands make of weights that give no numbers. */
#include "resumed.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

static void setup(void)
{
  make_undisturbed();
}

static json_t *record_of(const char *run)
{
  json_t *record = json_load_file(in_folder("%s/unfinished.json", run), 0, NULL);
  ck_assert_ptr_nonnull(record);
  return record;
}

static const char *member(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

/* ---- Where it began ---- */

static const struct {
  const char *rate;
  const char *said; /* words on standard error */
} begun[] = {
    {"1e6", "training diverged|is not finite after step|the loss is"}, /* one or the other */
    {"1e4", "training diverged|it began in epoch 1, step|--resume --lr 1000"},
    {"1e5", "training diverged|it began in epoch 1, step|--resume --lr 10000"},
};

/* Whatever the rate, what is named is a layer of the model and a tensor of `trace`. */
START_TEST(names_layer_pass_and_step)
{
  const char *rate = begun[_i].rate;
  struct said said = BEGIN("bad", "--lr", rate, "--quiet");
  ck_assert_msg(said.status == 1, "status %d: %s", said.status, said.err);
  if (_i > 0)
    assert_words(said.err, begun[_i].said);
  ck_assert_int_eq(lines_of(said.err), 1);
  said_free(&said);
  ck_assert(!exists(in_folder("bad/run.json")));

  json_t *record = record_of("bad"), *all = json_object_get(record, "diverged");
  ck_assert_uint_eq(json_array_size(all), 1);
  const json_t *it = json_array_get(all, 0);
  static const char *const passes[] = {"forward", "backward", "update"};
  bool known = false, layer = false;
  for (int i = 0; i < 3; i++)
    known = known || strcmp(member(it, "pass"), passes[i]) == 0;
  for (int i = 0; i < SMALL_TENSORS; i++)
    layer = layer ||
            strncmp(small_tensors[i].name, member(it, "layer"), strlen(member(it, "layer"))) == 0;
  ck_assert_msg(known && layer, "%s of %s", member(it, "pass"), member(it, "layer"));
  ck_assert(json_integer_value(json_object_get(it, "step")) <=
            json_integer_value(json_object_get(it, "noticed")));
  ck_assert(strstr("nan inf -inf", member(it, "value")) != NULL);
  ck_assert(strstr(member(it, "words"), member(it, "tensor")) != NULL);
  ck_assert(strstr(member(it, "words"), member(it, "place")) != NULL);
  json_decref(record);
  remove_below(in_folder("bad"));
}
END_TEST

/* Any number of threads, and a second try, find the same. */
START_TEST(finds_the_same_again)
{
  said_free(&(struct said[]){BEGIN("bad", "--lr", "1e5", "--quiet")}[0]);
  json_t *first = record_of("bad");
  check_ended(RESUME("bad", "--quiet", "--threads", "2"), 1, "training diverged");
  json_t *second = record_of("bad");
  ck_assert(json_equal(json_object_get(first, "diverged"), json_object_get(second, "diverged")));
  json_decref(first);
  json_decref(second);
  remove_below(in_folder("bad"));
}
END_TEST

START_TEST(says_it_as_json)
{
  struct said said = BEGIN("bad", "--lr", "1e5", "--json");
  assert_words(said.out, "\"event\":\"diverged\"|\"pass\":|\"layer\":|\"tensor\":|\"step\":");
  check_ended(said, 1, "training diverged");
  said = RESUME("bad", "--json");
  assert_words(said.out, "\"event\":\"resume\"|\"diverged\":{|\"words\":");
  said_free(&said);
  remove_below(in_folder("bad"));
}
END_TEST

/* ---- What is kept, and how it goes on ---- */

/* A checkpoint after every step: those before the fault stay, and none of it is written. */
START_TEST(keeps_the_last_good_checkpoint)
{
  struct said said =
      BEGIN("bad", "--lr", "1e5", "--quiet", "--save-minutes", "1e-9", "--keep", "1000");
  assert_words(said.err, "the checkpoint of step|is kept: go on from it|--resume --lr 10000");
  check_ended(said, 1, "training diverged");
  json_t *record = record_of("bad");
  const json_t *it = json_array_get(json_object_get(record, "diverged"), 0);
  int step = (int)json_integer_value(json_object_get(it, "step"));
  int kept = (int)json_integer_value(json_object_get(it, "checkpoint"));
  json_decref(record);
  ck_assert_int_eq(kept, step - 1);
  ck_assert_int_eq(entries_of(in_folder("bad/checkpoints")), kept);
  struct lathe_tensors good = read_tensors(checkpoint_of("bad", kept));
  for (int i = 0; i < good.count; i++)
    for (int64_t j = 0; j < good.items[i].array.count && good.items[i].array.dtype != LATHE_I64;
         j++)
      ck_assert(isfinite(lathe_array_real(&good.items[i].array, j)));
  lathe_tensors_free(&good);

  check_ended(RESUME("bad", "--quiet"), 1, "bad: this run diverged|it will again|--lr");
  ck_assert_int_eq(entries_of(in_folder("bad/checkpoints")), kept);
  check_ended(RESUME("bad", "--quiet", "--batch", "5"), 1, "--batch 5|was begun with 4");
  for (int i = 1; i <= kept; i++) /* the weights were far too large before they were infinite */
    ck_assert_int_eq(unlink(checkpoint_of("bad", i)), 0);
  check_ended(RESUME("bad", "--quiet", "--lr", "1e-2"), 0,
              "bad: this run diverged|goes on with --lr 0.01 instead of 100000");
  check_same("bad", "whole");
  char *page = read_file(in_folder("bad/report.html"), NULL);
  assert_words(page, "This run diverged at the learning rate 100000");
  free(page);
  check_ended(RESUME("bad", "--quiet", "--epochs", "7"), 0, ""); /* it lies behind */
  remove_below(in_folder("bad"));
}
END_TEST

/* Only a run that has diverged may go on at another rate. */
START_TEST(others_keep_their_rate)
{
  check_ended(RESUME("whole", "--quiet", "--lr", "1e-9"), 1, "--lr 1e-09: the run in|begun with");
}
END_TEST

/* ---- A mixture that had to be mended ---- */

/* Labelled images of two classes that are the same ones: where EM began is said in all places. */
START_TEST(what_em_did_is_told)
{
  static float alike[FEW * PIXELS];
  static int64_t two[FEW];
  for (int i = 0; i < FEW; i++) {
    memcpy(alike + i * PIXELS, pixels, PIXELS * sizeof *pixels);
    two[i] = 4 + 4 * (i % 2);
  }
  const struct lathe_array arrays[2] = {
      array_of(LATHE_F32, 4, (const int64_t[]){FEW, CHANNELS, HEIGHT, WIDTH}, alike),
      array_of(LATHE_I64, 1, (const int64_t[]){FEW}, two),
  };
  static const char words[] = "component 1 (class 8) began with the mean of component 0 (class 4); "
                              "it was moved to point ";
  write_npz(in_folder("alike.npz"), 2, (const char *const[]){"data", "labels"}, arrays);
  struct said said = SPAWN(in_folder("small"), "train", "--data", in_folder("x.npz"), "--labelled",
                           in_folder("alike.npz"), "--run", in_folder("mended"), "--epochs", "1");
  assert_words(said.out, words);
  check_ended(said, 0, "");
  static const char *const files[] = {"run.json", "metrics.json", "report.html"};
  for (int i = 0; i < LENGTH(files); i++) {
    char *text = read_file(in_folder("mended/%s", files[i]), NULL);
    ck_assert_msg(strstr(text, words) != NULL, "%s does not say it", files[i]);
    free(text);
  }
  remove_below(in_folder("mended"));
}
END_TEST

/* ---- Weights that give no numbers ---- */

static void spoil(const char *name, double value, const char *to)
{
  struct lathe_tensors p = small_parameters();
  const struct lathe_array *array = lathe_tensors_find(&p, name);
  for (int64_t i = 0; i < array->count; i++)
    ((double *)array->data)[i] = value;
  write_tensors(&p, in_folder("%s", to));
  lathe_tensors_free(&p);
}

static const struct {
  const char *tensor;
  double value;
  const char *said;
} spoilt[] = {
    {"encoder.3.weight", NAN, "encoder.3.weight holds nan at 0"},
    {"encoder.1.running_var", INFINITY, "running_var holds inf at 0"},
    {"encoder.3.weight", 3e38, "point 0 is not a finite number"},
};

START_TEST(commands_refuse_them)
{
  spoil(spoilt[_i].tensor, spoilt[_i].value, "spoilt.safetensors");
  check_ended(SPAWN(in_folder("small"), "import", "--params", in_folder("spoilt.safetensors"),
                    "--run", in_folder("imported"), "--data", in_folder("x.npz"), "--labelled",
                    in_folder("few.npz"), "--quiet"),
              1, spoilt[_i].said);
  ck_assert(!exists(in_folder("imported/run.json")));
  if (exists(in_folder("imported")))
    remove_below(in_folder("imported"));
}
END_TEST

/* A finished run whose weights were exchanged. */
START_TEST(commands_refuse_a_run_of_them)
{
  static const char *const commands[] = {"eval", "classify", "encode", "reconstruct"};
  for (int i = 0; i < LENGTH(spoilt); i++) {
    struct lathe_tensors w = read_tensors(in_folder("whole/weights.safetensors"));
    const struct lathe_array *array = lathe_tensors_find(&w, spoilt[i].tensor);
    for (int64_t j = 0; j < array->count; j++)
      ((float *)array->data)[j] = (float)spoilt[i].value;
    SPAWN_QUIETLY("cp", "-r", in_folder("whole"), in_folder("spoilt"));
    write_tensors(&w, in_folder("spoilt/weights.safetensors"));
    lathe_tensors_free(&w);
    for (int c = 0; c < LENGTH(commands); c++) {
      const char *out = c == 0 ? NULL : "-o";
      struct said said =
          SPAWN(in_folder("small"), commands[c], "--run", in_folder("spoilt"), "--data",
                in_folder("x.npz"), out, c == 1 ? in_folder("o.csv") : in_folder("o.npz"));
      ck_assert_msg(said.status == 1, "%s: status %d: %s", commands[c], said.status, said.err);
      ck_assert_int_eq(lines_of(said.err), 1);
      if (i < 2)
        assert_words(said.err, spoilt[i].said);
      said_free(&said);
      ck_assert(!exists(in_folder("o.csv")) && !exists(in_folder("o.npz")));
    }
    remove_below(in_folder("spoilt"));
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("divergence");
  TCase *cases = tcase_create("divergence");
  tcase_set_timeout(cases, 300);
  tcase_add_unchecked_fixture(cases, setup, remove_folder);
  tcase_add_loop_test(cases, names_layer_pass_and_step, 0, LENGTH(begun));
  tcase_add_test(cases, finds_the_same_again);
  tcase_add_test(cases, says_it_as_json);
  tcase_add_test(cases, keeps_the_last_good_checkpoint);
  tcase_add_test(cases, others_keep_their_rate);
  tcase_add_test(cases, what_em_did_is_told);
  tcase_add_loop_test(cases, commands_refuse_them, 0, LENGTH(spoilt));
  tcase_add_test(cases, commands_refuse_a_run_of_them);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
