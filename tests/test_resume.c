/* Trainings that are cut off and gone on with: they end with the same bits as one that was not. And
 * what a run folder says of its making, and refuses to be gone on with. */
#include "resumed.h"

static void setup(void)
{
  make_undisturbed();
  check_ended(BEGIN("dense", "--quiet", "--save-minutes", "1e-9", "--keep", "1000"), 0, "");
}

/* A run of which all after `steps` steps is as if it had not happened. */
static void cut_off(const char *run, int steps)
{
  SPAWN_QUIETLY("cp", "-r", in_folder("dense"), in_folder("%s", run));
  for (int i = steps + 1; i <= EPOCHS * STEPS_AN_EPOCH; i++)
    ck_assert_int_eq(unlink(checkpoint_of(run, i)), 0);
  ck_assert_int_eq(rename(in_folder("%s/run.json", run), in_folder("%s/unfinished.json", run)), 0);
  ck_assert_int_eq(unlink(in_folder("%s/weights.safetensors", run)), 0);
}

/* Checkpoints do not change what training does, and are there after every step. */
START_TEST(checkpoints_disturb_nothing)
{
  check_same("dense", "whole");
  ck_assert_int_eq(entries_of(in_folder("dense/checkpoints")), EPOCHS * STEPS_AN_EPOCH);
  ck_assert_int_le(entries_of(in_folder("whole/checkpoints")), 3); /* two, and the best epoch's */
  ck_assert(exists(checkpoint_of("whole", 54)) && exists(checkpoint_of("whole", 45)));
}
END_TEST

/* In the midst of an epoch, early and late, and at its end. */
START_TEST(goes_on_from_any_step)
{
  int steps = 11 * _i + 1;
  cut_off("cut", steps);
  struct said said = RESUME("cut", "--json", "--threads", steps % 3 == 0 ? "2" : "1");
  char words[64];
  snprintf(words, sizeof words, "\"event\":\"resume\"|\"epoch\":%d,\"step\":%d,",
           steps / STEPS_AN_EPOCH, steps);
  assert_words(said.out, words);
  check_ended(said, 0, "");
  check_same("cut", "whole");
  remove_below(in_folder("cut"));
}
END_TEST

/* Before the first checkpoint there is only what the run was begun with. */
START_TEST(goes_on_from_nothing)
{
  cut_off("cut", 0);
  check_ended(RESUME("cut", "--quiet"), 0, "");
  check_same("cut", "whole");
  remove_below(in_folder("cut"));

  ck_assert_int_eq(mkdir(in_folder("cut"), 0777), 0);
  check_ended(RESUME("cut", "--quiet"), 2, "no run to go on with|--data");
  check_ended(RESUME("cut", "--quiet", TRAINED_ON), 0, "");
  check_same("cut", "whole");
  struct said said = RESUME("cut", "--quiet");
  ck_assert_str_eq(said.out, "");
  check_ended(said, 0, "");
  said = RESUME("cut", "--json");
  assert_words(said.out, "\"event\":\"finished\"");
  check_ended(said, 0, "");
  remove_below(in_folder("cut"));
}
END_TEST

/* A finished run is trained on as if it had been begun with more epochs; not with fewer. */
START_TEST(more_epochs)
{
  check_ended(BEGIN("short", "--quiet", "--epochs", "4"), 0, "");
  check_ended(RESUME("short", "--quiet", "--epochs", "3"), 1, "has 4 epochs behind it");
  ck_assert(exists(in_folder("short/run.json")));
  check_ended(RESUME("short", "--quiet", "--epochs", "6"), 0, "");
  check_same("short", "whole");
  remove_below(in_folder("short"));
}
END_TEST

static void damage(const char *path, int kind)
{
  size_t size;
  char *bytes = read_file(path, &size);
  bytes[size - 9] ^= 4;
  write_file(path, bytes, kind == 0 ? size : kind == 1 ? size / 2 : 0);
  free(bytes);
}

/* A bit, half of the file, all of it: the newest checkpoint is named, and the one before serves. */
START_TEST(damaged_checkpoints)
{
  static const char *const words[] = {"checksum", "truncated", "too short"};
  char said[160];
  cut_off("cut", 14);
  damage(checkpoint_of("cut", 14), _i);
  damage(checkpoint_of("cut", 13), _i);
  snprintf(said, sizeof said, "step-000000014|step-000000013|%s|the checkpoint before it is used",
           words[_i]);
  check_ended(RESUME("cut", "--quiet"), 0, said);
  check_same("cut", "whole");
  remove_below(in_folder("cut"));
}
END_TEST

START_TEST(nothing_usable)
{
  cut_off("cut", 2);
  damage(checkpoint_of("cut", 1), 1);
  damage(checkpoint_of("cut", 2), 2);
  check_ended(RESUME("cut", "--quiet"), 1, "no checkpoint|can be used|--force|step-000000002");
  ck_assert(exists(in_folder("cut/unfinished.json")));
  check_ended(BEGIN("cut", "--quiet"), 1, "unfinished run of 2 steps|--resume|--force");
  check_ended(BEGIN("cut", "--quiet", "--force"), 0, "");
  check_same("cut", "whole");
  remove_below(in_folder("cut"));
}
END_TEST

/* Options and files that are not those the run was begun with, and what is said of them. */
static const struct {
  const char *option, *value, *words;
} OTHERS[] = {
    {"--lr", "0.5", "--lr 0.5|0.01"},
    {"--batch", "8", "--batch 8|with 4"},
    {"--seed", "12", "--seed 12|with 11"},
    {"--split", "0.5", "--split 0.5|with 0.75"},
    {"--only", "4", "nothing|only"},
    {"--valid", "x.npz", "nothing|valid"},
    {"--data", "few.npz", "few.npz|6 images|44"},
    {"--data", "other.npz", "other.npz|other images"},
    {"--labelled", "renamed.npz", "renamed.npz|other labels"},
    {"--epochs", "1", "2 epochs behind it"},
};
enum { OTHER_COUNT = sizeof OTHERS / sizeof *OTHERS };

START_TEST(settings_stay)
{
  const char *value = OTHERS[_i].value;
  cut_off("cut", 20);
  pixels[(ALL - 1) * PIXELS] = 0.125;
  write_some("other.npz", ALL, false);
  labels[1] = 4;
  write_some("renamed.npz", FEW, true);
  check_ended(RESUME("cut", "--quiet", OTHERS[_i].option,
                     strstr(value, ".npz") ? in_folder("%s", value) : value),
              1, OTHERS[_i].words);
  ck_assert(exists(checkpoint_of("cut", 20)));
  remove_below(in_folder("cut"));
}
END_TEST

/* The same settings may be said again, and files may have moved. */
START_TEST(the_same_again)
{
  cut_off("cut", 20);
  SPAWN_QUIETLY("cp", in_folder("x.npz"), in_folder("moved.npz"));
  check_ended(RESUME("cut", "--quiet", "--data", in_folder("moved.npz"), "--lr", "1e-2", "--batch",
                     "4", "--seed", "11", "--split", "0.75"),
              0, "");
  check_same("cut", "whole");
  remove_below(in_folder("cut"));
}
END_TEST

/* Binaries of another architecture, and of the same one with other things compiled in. */
static const struct {
  const char *text;
  const char *words, *resumed;
} MODELS[] = {
    {"model small { input image [2, 6, 5]; latent z [2]; encoder { flatten; linear 9; gaussian z; "
     "} "
     "decoder { linear 60; reshape [2, 6, 5]; sigmoid; } mixture { components 2; } }\n",
     "trained by model small|encoder.0 is `conv2d 3,|there and `flatten [60]` here", ""},
    {SMALL_VAE("  mixture { components 3; init labelled; }\n", "adam 1e-2"),
     "components is `2` there and `3` here", ""},
    {SMALL_VAE("  mixture { components 2; init labelled; }\n", "adam 1e-2, beta1 0.8"), "",
     "another build|optimiser is `adam, beta1 0.9|there and `adam, beta1 0.8"},
    {SMALL_VAE("  mixture { components 2; init labelled; floor 0.5; }\n", "adam 1e-2"), "",
     "another build|mixture is `init labelled|floor 0.5"},
    {SMALL_VAE("  mixture { components 2; init labelled; }\n", "adam 1e-2; cosine"), "",
     "another build|the schedule is `step` there and `cosine` here"},
    {SMALL_VAE("  mixture { components 2; init labelled; }\n", "adam 1e-2; step 3, gamma 0.5"), "",
     "another build|every is `2` there and `3` here"},
    {SMALL_VAE("  mixture { components 2; init labelled; }\n",
               "adam 1e-2; step 2, gamma 0.5; augment, noise 0.1"),
     "", "another build|augment_noise is `0` there and `0.1` here"},
};
enum { MODEL_COUNT = sizeof MODELS / sizeof *MODELS };

START_TEST(other_models)
{
  const char *binary = in_folder("other");
  build_text("other", MODELS[_i].text, NULL);
  bool compatible = MODELS[_i].words[0] == '\0';
  check_ended(SPAWN(binary, "eval", "--run", in_folder("whole"), "--data", in_folder("x.npz")),
              !compatible, MODELS[_i].words);
  check_ended(SPAWN(binary, "train", "--resume", "--epochs", "9", "--run", in_folder("whole")), 1,
              compatible ? MODELS[_i].resumed : MODELS[_i].words);
}
END_TEST

static json_t *record_of(const char *run)
{
  json_error_t why;
  json_t *json = json_load_file(in_folder("%s/run.json", run), 0, &why);
  ck_assert_msg(json != NULL, "%s", why.text);
  return json;
}

static void check_digest(const json_t *json, const char *path)
{
  struct said said = SPAWN_GOOD("sha256sum", path);
  const char *digest = json_string_value(json_object_get(json, "sha256"));
  ck_assert_ptr_nonnull(digest);
  ck_assert_int_eq(strncmp(said.out, digest, 64), 0);
  said_free(&said);
}

START_TEST(record_says_what_made_it)
{
  json_t *json = record_of("whole"), *settings = json_object_get(json, "settings");
  check_digest(json_object_get(json, "data"), in_folder("x.npz"));
  check_digest(json_object_get(json, "labelled"), in_folder("few.npz"));
  check_digest(json_object_get(json, "description"), in_folder("whole/model.lathe"));
  check_digest(json_object_get(json, "description"), in_folder("small.lathe"));
  ck_assert_int_eq(json_integer_value(json_object_get(settings, "seed")), 11);
  ck_assert_int_eq(json_integer_value(json_object_get(settings, "threads")), 1);
  ck_assert(json_real_value(json_object_get(settings, "rate")) == 1e-2);
  ck_assert_ptr_nonnull(json_object_get(json_object_get(json, "build"), "compiler"));
  json_decref(json);
}
END_TEST

/* A rate that ten digits do not hold is kept as it is. */
START_TEST(settings_are_exact)
{
  check_ended(BEGIN("exact", "--quiet", "--epochs", "1", "--lr", "0.012345678901234567"), 0, "");
  json_t *json = record_of("exact");
  const json_t *rate = json_object_get(json_object_get(json, "settings"), "rate");
  ck_assert(json_real_value(rate) == 0.012345678901234567);
  json_decref(json);
  check_ended(RESUME("exact", "--quiet", "--lr", "0.012345678901234567"), 0, "");
  remove_below(in_folder("exact"));
}
END_TEST

/* Format 1 had less in it, and is read; what is later than this program is not. */
START_TEST(formats)
{
  static const char *const added[] = {"architecture", "compiled", "build", "description"};
  SPAWN_QUIETLY("cp", "-r", in_folder("whole"), in_folder("old"));
  json_t *json = record_of("old");
  json_object_set_new(json, "format", json_integer(1));
  for (int i = 0; i < 4; i++)
    json_object_del(json, added[i]);
  ck_assert_int_eq(json_dump_file(json, in_folder("old/run.json"), 0), 0);
  check_ended(
      SPAWN(in_folder("small"), "eval", "--run", in_folder("old"), "--data", in_folder("x.npz")), 0,
      "");
  json_object_set_new(json, "format", json_integer(3));
  ck_assert_int_eq(json_dump_file(json, in_folder("old/run.json"), 0), 0);
  json_decref(json);
  check_ended(
      SPAWN(in_folder("small"), "eval", "--run", in_folder("old"), "--data", in_folder("x.npz")), 1,
      "format 3|reads 1 to 2");
  check_ended(RESUME("old", "--epochs", "9"), 1, "format 3|reads 1 to 2");
  remove_below(in_folder("old"));
}
END_TEST

/* What each earlier format of a checkpoint had not: training goes on from one of them, too. */
static const struct {
  const char *version, *lacks[2];
} older[] = {{"1", {"clamped", "kl_weight"}}, {"2", {"kl_weight", "kl_weight"}}};

START_TEST(older_checkpoints)
{
  struct lathe_tensors from = read_tensors(checkpoint_of("whole", EPOCHS * STEPS_AN_EPOCH));
  struct lathe_tensors to = {0};
  SPAWN_QUIETLY("cp", "-r", in_folder("whole"), in_folder("old"));
  ck_assert_int_eq(rename(in_folder("old/run.json"), in_folder("old/unfinished.json")), 0);
  for (int i = 0; i < from.count; i++) {
    const struct lathe_array *array = &from.items[i].array;
    const char *name = from.items[i].name;
    if (strstr(name, older[_i].lacks[0]) || strstr(name, older[_i].lacks[1]))
      continue;
    void *data = lathe_tensors_add(&to, name, array->dtype, array->rank, array->shape, NULL);
    memcpy(data, array->data, (size_t)array->count * lathe_dtype_size(array->dtype));
  }
  ck_assert_int_lt(to.count, from.count);
  ck_assert(lathe_tensors_add_metadata(&to, "model", "small", NULL) &&
            lathe_tensors_add_metadata(&to, "fingerprint",
                                       lathe_tensors_metadata(&from, "fingerprint"), NULL) &&
            lathe_tensors_add_metadata(&to, "checkpoint", older[_i].version, NULL) &&
            lathe_tensors_want_checksum(&to, NULL) &&
            lathe_tensors_write(&to, checkpoint_of("old", EPOCHS * STEPS_AN_EPOCH), NULL));
  lathe_tensors_free(&from);
  lathe_tensors_free(&to);
  check_ended(RESUME("old", "--quiet"), 0, "");
  check_same("old", "whole");
  remove_below(in_folder("old"));
}
END_TEST

/* The weights of any checkpoint can be taken by themselves. */
START_TEST(checkpoints_are_weights)
{
  check_ended(SPAWN(in_folder("small"), "import", "--params", checkpoint_of("dense", 30), "--data",
                    in_folder("x.npz"), "--labelled", in_folder("few.npz"), "--run",
                    in_folder("taken")),
              0, "");
  struct lathe_tensors from = read_tensors(checkpoint_of("dense", 30));
  struct lathe_tensors to = read_tensors(in_folder("taken/weights.safetensors"));
  for (int t = 0; t < SMALL_TENSORS; t++) {
    const struct lathe_array *a = tensor_of(&from, small_tensors[t].name);
    const struct lathe_array *b = tensor_of(&to, small_tensors[t].name);
    ck_assert_mem_eq(a->data, b->data, (size_t)a->count * sizeof(float));
  }
  ck_assert_int_eq(*(int64_t *)tensor_of(&from, "training.image")->data, 3 * BATCH);
  ck_assert_int_eq(tensor_of(&from, "training.epochs.valid_kl")->shape[0], 3);
  ck_assert_double_gt(*(double *)tensor_of(&from, "training.loss")->data, 0);
  lathe_tensors_free(&from);
  lathe_tensors_free(&to);
  remove_below(in_folder("taken"));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("resume");
  TCase *tests = tcase_create("resume");
  tcase_add_unchecked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 2 * SPAWN_SECONDS);
  tcase_add_test(tests, checkpoints_disturb_nothing);
  tcase_add_loop_test(tests, goes_on_from_any_step, 0, 5);
  tcase_add_test(tests, goes_on_from_nothing);
  tcase_add_test(tests, more_epochs);
  tcase_add_loop_test(tests, damaged_checkpoints, 0, 3);
  tcase_add_test(tests, nothing_usable);
  tcase_add_loop_test(tests, settings_stay, 0, OTHER_COUNT);
  tcase_add_test(tests, the_same_again);
  tcase_add_loop_test(tests, other_models, 0, MODEL_COUNT);
  tcase_add_test(tests, record_says_what_made_it);
  tcase_add_test(tests, settings_are_exact);
  tcase_add_test(tests, formats);
  tcase_add_loop_test(tests, older_checkpoints, 0, 2);
  tcase_add_test(tests, checkpoints_are_weights);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
