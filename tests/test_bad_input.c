/* What cannot be done: each is refused with the right status and one line that says what is wrong
 * and where; nothing half-written is left, and nothing that was there is lost. */
#include "binary.h"

#define MLP_RUN in_folder("mlp_run")
#define SMALL_RUN in_folder("small_run")
#define BAD(name) in_folder("bad/%s", name)

enum { WORDS = 16 };

/* Copies the first `part` of a file's bytes (1: all of them), one of them changed if asked to. */
static void copy_part(const char *from, const char *to, double part, long changed)
{
  size_t size;
  char *bytes = read_file(from, &size);
  if (changed >= 0)
    bytes[changed] = (char)(bytes[changed] ^ 0x40);
  write_file(to, bytes, (size_t)((double)size * part));
  free(bytes);
}

static void make_bad_data(void)
{
  static const int64_t good[3] = {9, SIDE, SIDE}, narrow[3] = {9, SIDE, SIDE - 1},
                       none[3] = {0, SIDE, SIDE}, few[3] = {2, SIDE, SIDE};
  ck_assert_int_eq(mkdir(in_folder("bad"), 0777), 0);
  copy_part(TEST, BAD("truncated.npz"), 0.5, -1);
  copy_part(TEST, BAD("changed.npz"), 1, 3000);
  copy_part("models/digits_mlp.lathe", BAD("text.npz"), 1, -1);
  write_text(BAD("empty.npz"), "");
  write_zeros(BAD("narrow.npz"), LATHE_U8, narrow, LATHE_I64, 9);
  write_zeros(BAD("none.npz"), LATHE_U8, none, LATHE_I64, 0);
  write_zeros(BAD("int32.npz"), LATHE_I32, good, LATHE_I64, 9);
  write_zeros(BAD("nolabels.npz"), LATHE_U8, good, LATHE_I64, 0);
  write_zeros(BAD("fewlabels.npz"), LATHE_U8, good, LATHE_I64, 8);
  write_zeros(BAD("floatlabels.npz"), LATHE_U8, good, LATHE_F32, 9);
  write_zeros(BAD("good.npz"), LATHE_U8, good, LATHE_I64, 9);
  write_zeros(BAD("twoclasses.npz"), LATHE_U8, few, LATHE_I64, 2);

  struct lathe_array floats = new_array(LATHE_F32, 3, good);
  ((float *)floats.data)[4 * IMAGE + 5] = 255;
  write_data(BAD("large.npz"), &floats, NULL);
  uint32_t nan = 0x7fc00000;
  memcpy((float *)floats.data + 4 * IMAGE + 5, &nan, sizeof nan);
  write_data(BAD("nan.npz"), &floats, NULL);
  lathe_array_free(&floats);
}

static void setup(void)
{
  make_digits_and_small();
  train_small(SMALL_RUN);
  train_mlp(MLP_RUN);
  make_bad_data();
}

/* What lies in the private folder, before a test and after it: each name and size, in order. */
static void list_folder(const char *path, char *list, size_t size)
{
  struct dirent **entries;
  int count = scandir(path, &entries, NULL, alphasort);
  ck_assert_int_ge(count, 0);
  for (int i = 0; i < count; i++) {
    char below[2 * SPAWN_PATH];
    struct stat status;
    const char *name = entries[i]->d_name;
    snprintf(below, sizeof below, "%s/%s", path, name);
    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && lstat(below, &status) == 0) {
      size_t used = strlen(list);
      snprintf(list + used, size - used, "%s %lld\n", below + strlen(folder),
               S_ISDIR(status.st_mode) ? -1 : (long long)status.st_size);
      if (S_ISDIR(status.st_mode))
        list_folder(below, list, size);
    }
    free(entries[i]);
  }
  free(entries);
}

static char before[1 << 14];

static void remember(void)
{
  before[0] = '\0';
  list_folder(folder, before, sizeof before);
}

static void assert_unchanged(const char *what)
{
  static char after[sizeof before];
  after[0] = '\0';
  list_folder(folder, after, sizeof after);
  ck_assert_msg(strcmp(before, after) == 0, "%s has changed files:\n%.1500s---\n%.1500s", what,
                before, after);
}

/* Runs a binary with a line of words, in which a leading @ stands for the private folder, and
 * asserts that it is refused and that no file was changed. */
static void refuse(const char *binary, const char *line, int status, const char *words)
{
  char copy[512], text[WORDS][SPAWN_PATH];
  const char *argv[WORDS + 2] = {binary};
  int count = 0;
  snprintf(copy, sizeof copy, "%s", line);
  for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
    ck_assert_int_lt(count, WORDS);
    snprintf(text[count], SPAWN_PATH, "%s", word[0] == '@' ? in_folder("%s", word + 1) : word);
    argv[count + 1] = text[count];
    count++;
  }
  remember();
  assert_refused(spawn_in(NULL, argv), binary, status, words);
  assert_unchanged(line);
}

/* ---- Data ---- */

static const struct {
  const char *data, *words;
} bad_data[] = {
    {"gone.npz", "gone.npz|No such file"},
    {"truncated.npz", "truncated.npz"},
    {"changed.npz", "changed.npz"},
    {"text.npz", "text.npz"},
    {"empty.npz", "empty.npz|empty"},
    {"", "bad/|folder"},
    {"narrow.npz", "narrow.npz|[9, 28, 27]|[N, 28, 28]"},
    {"none.npz", "none.npz|no images"},
    {"int32.npz", "int32.npz|int32|uint8"},
    {"large.npz", "large.npz|image 4|255|[0, 1]"},
    {"nan.npz", "nan.npz|image 4|nan"},
};

START_TEST(data_is_refused)
{
  static const char *const commands[] = {
      "eval --run @small_run --data @bad/%s",
      "classify --run @small_run -o @out.csv --data @bad/%s",
      "reconstruct --run @small_run -o @out.npz --data @bad/%s",
      "encode --run @small_run -o @out.npz --data @bad/%s",
      "train --run @new --data @bad/%s",
      "train --run @new --data @bad/good.npz --valid @bad/%s",
      "train --run @new --data @bad/good.npz --labelled @bad/%s",
      "train --run @small_run --force --data @bad/%s",
  };
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    char line[256];
    snprintf(line, sizeof line, "%s", commands[i]);
    snprintf(strstr(line, "%s"), 64, "%s", bad_data[_i].data);
    refuse(SMALL, line, 1, bad_data[_i].words);
  }
}
END_TEST

START_TEST(labels_are_refused)
{
  static const struct {
    const char *line, *words;
  } lines[] = {
      {"eval --run @mlp_run --data @bad/fewlabels.npz", "fewlabels.npz|[8]|9"},
      {"eval --run @mlp_run --data @bad/floatlabels.npz", "floatlabels.npz|labels|float32"},
      {"eval --run @mlp_run --data @bad/nolabels.npz --only 1", "nolabels.npz|no labels|--only"},
      {"eval --run @mlp_run --data @bad/good.npz --only 7", "--only 7|0, 1, 2"},
      {"eval --run @mlp_run --data @bad/good.npz --labels @bad/nolabels.npz",
       "nolabels.npz|labels"},
      {"train --run @new --data @bad/good.npz --labelled @bad/nolabels.npz",
       "nolabels.npz|no labels"},
      {"train --run @new --data @bad/good.npz --labelled @bad/fewlabels.npz",
       "fewlabels.npz|[8]|9"},
      {"train --run @new --data @bad/good.npz --labelled @bad/floatlabels.npz",
       "floatlabels.npz|labels|float32"},
      {"train --run @new --data @bad/good.npz --labelled @bad/twoclasses.npz",
       "twoclasses.npz|2 classes|3 components"},
      {"train --run @new --data @bad/twoclasses.npz --labelled @bad/good.npz",
       "twoclasses.npz|3 components"},
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    refuse(MLP, lines[i].line, 1, lines[i].words);
  /* Where labels are of use but not needed, none are no fault. */
  SPAWN_QUIETLY(MLP, "eval", "--run", MLP_RUN, "--data", BAD("nolabels.npz"));
}
END_TEST

/* ---- Run folders ---- */

/* Copies the small run to "broken". */
static void copy_run(void)
{
  SPAWN_QUIETLY("cp", "-r", SMALL_RUN, in_folder("broken"));
}

static void truncate_weights(void)
{
  copy_part(in_folder("small_run/weights.safetensors"), in_folder("broken/weights.safetensors"),
            0.7, -1);
}

static void spoil_weights(void)
{
  copy_part(in_folder("small_run/weights.safetensors"), in_folder("broken/weights.safetensors"), 1,
            20);
}

static void mistake_weights(void)
{
  copy_part(in_folder("mlp_run/weights.safetensors"), in_folder("broken/weights.safetensors"), 1,
            -1);
}

static void lose_weights(void)
{
  ck_assert_int_eq(unlink(in_folder("broken/weights.safetensors")), 0);
}

static void empty_weights(void)
{
  write_text(in_folder("broken/weights.safetensors"), "");
}

static void truncate_record(void)
{
  copy_part(in_folder("small_run/run.json"), in_folder("broken/run.json"), 0.5, -1);
}

static void empty_record(void)
{
  write_text(in_folder("broken/run.json"), "{}\n");
}

static void lose_record(void)
{
  ck_assert_int_eq(unlink(in_folder("broken/run.json")), 0);
}

static const struct {
  void (*spoil)(void); /* NULL: the run is named in `run` */
  const char *run, *words;
} bad_runs[] = {
    {NULL, "nowhere", "nowhere|no run folder|train"},
    {NULL, "mlp_run", "mlp_run was trained by model digits_mlp|model small"},
    {NULL, "digits", "digits|no finished run|run.json"},
    {NULL, "small", "small|"},
    {truncate_weights, "broken", "broken/weights.safetensors"},
    {spoil_weights, "broken", "broken/weights.safetensors"},
    {mistake_weights, "broken", "broken/weights.safetensors|digits_mlp|small"},
    {lose_weights, "broken", "broken/weights.safetensors|No such file"},
    {empty_weights, "broken", "broken/weights.safetensors"},
    {truncate_record, "broken", "broken/run.json|damaged|line"},
    {empty_record, "broken", "broken/run.json|train"},
    {lose_record, "broken", "broken|no finished run|run.json"},
};

START_TEST(run_is_refused)
{
  static const char *const commands[] = {
      "eval --run @%s --data @digits/mnist_1_4_8_val_recon.npz",
      "classify --data @digits/mnist_1_4_8_val_recon.npz -o @out.csv --run @%s",
      "reconstruct --data @digits/mnist_1_4_8_val_recon.npz -o @out.npz --run @%s",
      "encode --data @digits/mnist_1_4_8_val_recon.npz -o @out.npz --run @%s",
      "sample -n 3 -o @out.npz --run @%s",
      "sample -n 3 -o @out.png --run @%s",
  };
  if (bad_runs[_i].spoil != NULL) {
    copy_run();
    bad_runs[_i].spoil();
  }
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    char line[256];
    const char *hole = strstr(commands[i], "%s");
    snprintf(line, sizeof line, "%.*s%s%s", (int)(hole - commands[i]), commands[i],
             bad_runs[_i].run, hole + 2);
    refuse(SMALL, line, 1, bad_runs[_i].words);
  }
  if (bad_runs[_i].spoil != NULL)
    remove_below(in_folder("broken"));
}
END_TEST

START_TEST(manifold_of_another_run)
{
  refuse(MLP, "manifold --run @small_run -o @out.png", 1, "small_run|digits_mlp|small");
  refuse(MLP, "manifold --run @nowhere -o @out.png", 1, "nowhere|no run folder");
}
END_TEST

/* Without a label for any cluster there is nothing to predict. */
START_TEST(unnamed_clusters)
{
  SPAWN_QUIETLY(SMALL, "train", "--data", TEST, "--run", in_folder("unnamed"), "--epochs", "1",
                "--quiet");
  refuse(SMALL, "classify --run @unnamed --data @digits/mnist_1_4_8_test.npz -o @out.csv", 1,
         "unnamed|no labels|--labelled");
  remove_below(in_folder("unnamed"));
}
END_TEST

/* ---- Outputs ---- */

static const struct {
  const char *line, *kind; /* of file */
} outputs[] = {
    {"classify --run @small_run --data @digits/mnist_1_4_8_test.npz -o ", "csv"},
    {"reconstruct --run @small_run --data @digits/mnist_1_4_8_test.npz -o ", "npz"},
    {"encode --run @small_run --data @digits/mnist_1_4_8_test.npz -o ", "npz"},
    {"sample --run @small_run -n 200 -o ", "png"},
    {"manifold --run @mlp_run -o ", "png"},
};
enum { OUTPUTS = sizeof outputs / sizeof *outputs };

static const struct {
  const char *path, *words;
} bad_paths[] = {
    {"@no/such/out", "no/such/out.|No such file|folder"},
    {"@small.lathe/out", "small.lathe/out.|Not a directory"},
    {"@folder", "folder.|directory"},
};

/* Asserts that output `i` to the path is refused. */
static void refuse_output(int i, const char *path, const char *words)
{
  char line[256];
  snprintf(line, sizeof line, "%s%s.%s", outputs[i].line, path, outputs[i].kind);
  refuse(i < OUTPUTS - 1 ? SMALL : MLP, line, 1, words);
}

START_TEST(output_is_refused)
{
  static const char *const kinds[] = {"csv", "npz", "png"};
  for (int i = 0; i < 3; i++)
    ck_assert_int_eq(mkdir(in_folder("folder.%s", kinds[i]), 0777), 0);
  for (int i = 0; i < OUTPUTS; i++)
    for (size_t k = 0; k < sizeof bad_paths / sizeof *bad_paths; k++)
      refuse_output(i, bad_paths[k].path, bad_paths[k].words);
  for (int i = 0; i < 3; i++)
    remove_below(in_folder("folder.%s", kinds[i]));
}
END_TEST

START_TEST(run_folder_is_refused)
{
  refuse(SMALL, "train --data @bad/good.npz --run @small.lathe", 1, "small.lathe|Not a directory");
  refuse(SMALL, "train --data @bad/good.npz --run @small.lathe/run", 1,
         "small.lathe/run|Not a directory");
  refuse(SMALL, "train --data @bad/good.npz --run @digits", 1, "digits|not a run folder|mnist");
  refuse(SMALL, "train --data @bad/good.npz --run @small_run", 1, "small_run|finished run|--force");
}
END_TEST

START_TEST(full_disk)
{
  for (int i = 0; i < OUTPUTS; i++) {
    const char *path = in_folder("out.%s", outputs[i].kind);
    write_text(path, "old");
    spawn_file_limit = 128;
    refuse_output(i, "@out", "out.|free some space");
    spawn_file_limit = 0;
    ck_assert_int_eq(unlink(in_folder("out.%s", outputs[i].kind)), 0);
  }

  /* Training finds out only when it writes; what it leaves is no finished run. */
  for (rlim_t bytes = 64; bytes <= 16384; bytes *= 16) {
    spawn_file_limit = bytes;
    struct said said =
        SPAWN(SMALL, "train", "--data", TRAIN, "--run", in_folder("full"), "--quiet");
    spawn_file_limit = 0;
    assert_refused(said, SMALL, 1, "full/|free some space");
    ck_assert(!exists(in_folder("full/run.json")));
    DIR *dir = opendir(in_folder("full"));
    ck_assert_ptr_nonnull(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
      ck_assert_msg(strstr(entry->d_name, ".part") == NULL, "%s is left over", entry->d_name);
    closedir(dir);
    assert_refused(SPAWN(SMALL, "eval", "--run", in_folder("full"), "--data", TEST), SMALL, 1,
                   "full|no finished run");
  }
  SPAWN_QUIETLY(SMALL, "train", "--data", TEST, "--run", in_folder("full"), "--quiet");
  remove_below(in_folder("full"));
}
END_TEST

START_TEST(divergence)
{
  assert_refused(
      SPAWN(SMALL, "train", "--data", TEST, "--run", in_folder("wild"), "--lr", "1e6", "--quiet"),
      SMALL, 1, "diverged|epoch|step|--lr");
  ck_assert(!exists(in_folder("wild/run.json")));
  ck_assert(!exists(in_folder("wild/weights.safetensors")));
  remove_below(in_folder("wild"));
}
END_TEST

/* ---- Usage ---- */

START_TEST(usage)
{
  static const struct {
    const char *line, *words;
  } lines[] = {
      {"", "no command|help"},
      {"trian --data x", "trian|train"},
      {"train --run @new", "--data"},
      {"train --data @bad/good.npz", "--run"},
      {"train --data @bad/good.npz --run @new", "--labelled"},
      {"train --data @bad/good.npz --run @new --labelled @bad/good.npz --epochs 0", "--epochs|0"},
      {"train --data @bad/good.npz --run @new --labelled @bad/good.npz --batch x", "--batch|x"},
      {"train --data @bad/good.npz --run @new --labelled @bad/good.npz --lr", "--lr"},
      {"train --data @bad/good.npz --run @new --labelled @bad/good.npz --seed -1", "--seed|-1"},
      {"eval --run @mlp_run --data @bad/good.npz --part half", "--part|half"},
      {"classify --run @mlp_run --data @bad/good.npz", "-o"},
      {"sample --run @mlp_run -n 5 -o @out.txt", "out.txt|.npz|.png"},
      {"sample --run @mlp_run -n 0 -o @out.npz", "0"},
      {"manifold --run @mlp_run -o @out.png --from 0.9 --to 0.1", "--from|0.9|0.1"},
      {"info --data @bad/good.npz", "info|--data"},
      {"report --run @mlp_run -o @mlp_run/run.json", "run.json|of the run itself"},
      {"classify --run @mlp_run --data @bad/good.npz -o @mlp_run/weights.safetensors",
       "weights.safetensors|of the run itself"},
      {"encode --run @mlp_run --data @bad/good.npz -o @mlp_run/unfinished.json",
       "unfinished.json|of the run itself"},
      {"encode --run @mlp_run --data @bad/good.npz -o @mlp_run/checkpoints/new.npz",
       "checkpoints|of the run itself"},
      {"train --data @bad/good.npz --run @new --labelled @bad/good.npz --split 0",
       "--split 0|above 0"},
      {"eval --run @mlp_run --data @bad/good.npz more", "more"},
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    refuse(MLP, lines[i].line, 2, lines[i].words);
}
END_TEST

/* Folders may have names that are no text, which JSON cannot hold. */
START_TEST(names_beyond_utf8)
{
  const char *run = in_folder("r\xff\xc3n");
  SPAWN_QUIETLY("cp", "-r", SMALL_RUN, run);
  struct said said = SPAWN_GOOD(SMALL, "eval", "--run", run, "--data", TEST, "--json");
  json_t *json = parse_json(said.out, "eval --json");
  const char *named = json_string_value(json_object_get(json, "run"));
  ck_assert_msg(named != NULL && strstr(named, "/r??n") != NULL, "%s", named);
  json_decref(json);
  said_free(&said);
  remove_below(run);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("bad_input");
  TCase *tests = tcase_create("bad_input");
  tcase_add_unchecked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 2 * SPAWN_SECONDS);
  tcase_add_loop_test(tests, data_is_refused, 0, sizeof bad_data / sizeof *bad_data);
  tcase_add_test(tests, labels_are_refused);
  tcase_add_loop_test(tests, run_is_refused, 0, sizeof bad_runs / sizeof *bad_runs);
  tcase_add_test(tests, manifold_of_another_run);
  tcase_add_test(tests, unnamed_clusters);
  tcase_add_test(tests, output_is_refused);
  tcase_add_test(tests, run_folder_is_refused);
  tcase_add_test(tests, full_disk);
  tcase_add_test(tests, divergence);
  tcase_add_test(tests, usage);
  tcase_add_test(tests, names_beyond_utf8);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
