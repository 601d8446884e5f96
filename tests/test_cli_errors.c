/* What a model's binary says when it cannot do what it is asked: exit status, one line on standard
 * error, and nothing half-written or lost. */
#include "cli.h"

#define TRAINS "train --data @/train.npz --labelled @/few.npz "

struct wrong {
  const struct lathe_model *model;
  const char *line, *words;
};

static const struct wrong usage[] = {
    {&fake_plane, "", "no command"},
    {&fake_plane, "trian", "did you mean train?"},
    {&fake_plane, "paint", "unknown command 'paint'"},
    {&fake_plane, "help paint", "unknown command 'paint'"},
    {&fake_plane, "eval --run @/run", "eval needs --data FILE"},
    {&fake_plane, "classify --run @/run --data @/test.npz", "classify needs -o FILE"},
    {&fake_plane, "eval --run @/run --dta @/test.npz", "did you mean --data?"},
    {&fake_plane, "eval --run @/run --data", "--data needs a value"},
    {&fake_plane, "sample --run @/run -o @/x.npz -n", "-n needs a value"},
    {&fake_plane, "sample --run @/run -o @/x.npz -n 0",
     "--count (-n) needs a whole number from 1 to"},
    {&fake_plane, "sample --run @/run -o @/x.npz -n 5x", "whole number"},
    {&fake_plane, "sample --run @/run -o @/x.npz -n 99999999999999999999", "whole number"},
    {&fake_plane, "sample --run @/run -o @/x.jpg -n 5", ".npz or .png"},
    {&fake_plane, "sample --run @/run -o @/x.npz -n 5 --prior --cluster 1", "exclude each other"},
    {&fake_plane, "sample --run @/run -o @/x.npz -n 5 --seed -1", "--seed needs"},
    {&fake_plane, "classify -x", "unknown option -x"},
    {&fake_plane, "classify --force", "classify takes no --force"},
    {&fake_plane, "classify --quiet=1", "--quiet takes no value"},
    {&fake_plane, "info more", "'more' belongs to no option"},
    {&fake_plane, "eval --run @/run --data @/test.npz --part some", "--part is all"},
    {&fake_plane, TRAINS "--run @/x --epochs 0", "--epochs needs"},
    {&fake_plane, TRAINS "--run @/x --keep 0", "--keep needs"},
    {&fake_plane, TRAINS "--run @/x --resume --force", "exclude each other"},
    {&fake_plane, "train --run @/x --resume", "holds no run to go on with"},
    {&fake_plane, "train --run @/x", "train needs --data FILE"},
    {&fake_plane, TRAINS "--run @/x --lr nan", "--lr needs"},
    {&fake_plane, TRAINS "--run @/x --lr -0.5", "--lr needs"},
    {&fake_plane, TRAINS "--run @/x --split 1.5", "--split needs"},
    {&fake_plane, TRAINS "--run @/x --valid @/test.npz --split 0.5", "exclude each other"},
    {&fake_plane, TRAINS "--run @/x --only 1,4", "--only needs --labels"},
    {&fake_plane, TRAINS "--run @/x --labels @/train.npz", "--labels serves --only"},
    {&fake_plane, "train --data @/train.npz --run @/x", "--labelled FILE"},
    {&fake_plane, "manifold --run @/run -o @/x.png --from 0.9 --to 0.1", "0 < from < to < 1"},
    {&fake_plane, "manifold --run @/run -o @/x.png --from 0", "0 < from < to < 1"},
    {&fake_plane, "manifold --run @/run -o @/x.npz", "manifold writes .png files"},
    {&fake_plane, "manifold --run @/run -o @/x", "manifold writes a .png file"},
    {&fake_plane, "sample --run @/run -o @/x -n 5", "sample writes .npz or .png files"},
    {&fake_plane, "encode --run @/run --data @/test.npz -o @/x.csv", "encode writes .npz files"},
    {&fake_plane, "reconstruct --run @/run --data @/test.npz -o @/x.png", "writes .npz files"},
    {&fake_plane, "classify --run @/run --data @/test.npz -o @/x.npz",
     "classify writes .csv files"},
    {&fake_plane, "report --run @/run -o @/x.png", "report writes .html files"},
    {&fake_plane, "classify --run @/run --data @/test.npz -o @/test.npz", "that --data names"},
    {&fake_plane, "encode --run @/run --data @/test.npz -o @/run/../test.npz", "that --data names"},
    {&fake_plane, "help eval more", "'more' is one word too many"},
    {&fake_plane, "--version more", "'more' is one word too many"},
};

START_TEST(wrong_usage)
{
  const struct wrong *w = &usage[_i];
  call_badly(w->model, w->line, 2, w->words);
  ck_assert(!is_there("@/x") && !is_there("@/x.npz") && !is_there("@/x.png"));
  ck_assert_str_eq(printed, "");
}
END_TEST

static const struct wrong undoable[] = {
    /* data */
    {&fake_plane, "eval --run @/run --data @/absent.npz", "absent.npz"},
    {&fake_plane, "eval --run @/run --data @/two\nlines.npz", "two lines.npz"},
    {&fake_plane, "eval --run @/run --data @/cut.npz", "cut.npz"},
    {&fake_plane, "eval --run @/run --data @/words.npz", "words.npz"},
    {&fake_plane, "eval --run @/run --data @/small.npz", "[5, 5, 5]"},
    {&fake_plane, "eval --run @/run --data @/integers.npz", "int64"},
    {&fake_plane, "eval --run @/run --data @/empty.npz", "no images"},
    {&fake_plane, "eval --run @/run --data @/mismatched.npz", "labels"},
    {&fake_plane, "classify --run @/run --data @/cut.npz -o @/x.csv", "cut.npz"},
    {&fake_plane, "reconstruct --run @/run --data @/small.npz -o @/x.npz", "[5, 5, 5]"},
    {&fake_plane, "encode --run @/run --data @/empty.npz -o @/x.npz", "no images"},
    {&fake_plane, "train --data @/cut.npz --labelled @/few.npz --run @/x", "cut.npz"},
    {&fake_plane, "train --data @/train.npz --labelled @/bare.npz --run @/x", "labels"},
    {&fake_plane, "train --data @/train.npz --labelled @/two.npz --run @/x", "2 classes"},
    {&fake_plane, TRAINS "--valid @/small.npz --run @/x", "[5, 5, 5]"},
    {&fake_plane, TRAINS "--split 0.01 --run @/x", "fewer than the mixture's 3"},
    {&fake_plane, "eval --run @/run --data @/test.npz --part training", "150 of them"},
    {&fake_plane, "eval --run @/run --data @/same_count.npz --part training", "holds others"},
    /* run folders */
    {&fake_plane, "eval --run @/nowhere --data @/test.npz", "there is no run folder"},
    {&fake_plane, "eval --run @/vacant --data @/test.npz", "no finished run"},
    {&fake_plane, "eval --run @/unnamed --data @/test.npz", "fake_space"},
    {&fake_plane, "classify --run @/garbled --data @/test.npz -o @/x.csv", "is damaged"},
    {&fake_plane, "classify --run @/other --data @/test.npz -o @/x.csv", "not what train writes"},
    {&fake_plane, "sample --run @/cut_weights -n 3 -o @/x.npz", "weights.safetensors"},
    {&fake_plane, "sample --run @/swapped -n 3 -o @/x.npz", "fake_space"},
    {&fake_plane, "manifold --run @/no_weights -o @/x.png", "weights.safetensors"},
    {&fake_plane, TRAINS "--run @/run", "--force"},
    {&fake_plane, TRAINS "--run @/foreign", "thesis.txt"},
    {&fake_plane, TRAINS "--run @/test.npz", "cannot be used as the run folder"},
    {&fake_plane, TRAINS "--run /dev/null/x", "/dev/null"},
    /* outputs */
    {&fake_plane, "classify --run @/run --data @/test.npz -o @/no/x.csv", "cannot be written"},
    {&fake_plane, "reconstruct --run @/run --data @/test.npz -o @/vacant", "cannot be written"},
    {&fake_plane, "encode --run @/run --data @/test.npz -o @/no/x.npz", "cannot be written"},
    {&fake_plane, "sample --run @/run -n 5 -o @/no/x.png", "cannot be written"},
    {&fake_plane, "sample --run @/run -n 5 -o @/no/x.npz", "cannot be written"},
    {&fake_plane, "manifold --run @/run -o @/no/x.png", "cannot be written"},
    /* what this model or this run cannot do */
    {&fake_plane, "sample --run @/run -n 5 -o @/x.npz --cluster 3", "3 clusters, 0 to 2"},
    {&fake_space, "manifold --run @/unnamed -o @/x.png", "2 dimensions"},
    {&fake_space, "classify --run @/unnamed --data @/flat.npz -o @/x.csv", "--labelled"},
};

/* `n` images of 5x5 zeros, of any type. */
static void write_zeros(const char *path, enum lathe_dtype dtype, int n, int side)
{
  struct lathe_array data = {
      .dtype = dtype, .rank = 3, .shape = {n, side, side}, .count = n * side * side};
  data.data = calloc((size_t)data.count + 1, lathe_dtype_size(dtype));
  struct lathe_npz *npz = lathe_npz_create(expand(path), NULL);
  ck_assert(npz && lathe_npz_add(npz, "data", &data, NULL) && lathe_npz_commit(npz, NULL));
  free(data.data);
}

static void copy_file(const char *from, const char *to, size_t most)
{
  static char text[OUTPUT];
  size_t length = read_text(expand(from), text);
  FILE *file = fopen(expand(to), "wb");
  ck_assert_ptr_nonnull(file);
  fwrite(text, 1, length < most ? length : most, file);
  fclose(file);
}

/* A copy of the run, of which the caller then spoils something. */
static void copy_run(const char *folder)
{
  char record[64], weights[64];
  snprintf(record, sizeof record, "%s/run.json", folder);
  snprintf(weights, sizeof weights, "%s/weights.safetensors", folder);
  ck_assert_int_eq(mkdir(expand(folder), 0777), 0);
  copy_file("@/run/run.json", record, OUTPUT);
  copy_file("@/run/weights.safetensors", weights, OUTPUT);
}

static void spoil(void)
{
  cli_setup();
  copy_file("@/train.npz", "@/cut.npz", 700);
  write_text("@/words.npz", "these are no numbers\n");
  write_zeros("@/small.npz", LATHE_U8, 5, 5);
  write_zeros("@/integers.npz", LATHE_I64, 5, FAKE_SIDE);
  write_zeros("@/empty.npz", LATHE_U8, 0, FAKE_SIDE);
  write_images("@/mismatched.npz", 20, 3, 19, 1);
  write_images("@/two.npz", 2, 3, 2, 1);
  write_images("@/same_count.npz", TRAIN, 3, 0, 99);

  ck_assert_int_eq(mkdir(expand("@/vacant"), 0777), 0);
  ck_assert_int_eq(mkdir(expand("@/foreign"), 0777), 0);
  write_text("@/foreign/thesis.txt", "do not lose me\n");
  copy_run("@/garbled");
  write_text("@/garbled/run.json", "{\"lathe\": ");
  copy_run("@/other");
  write_text("@/other/run.json", "{\"name\": \"another program's\"}");
  copy_run("@/cut_weights");
  copy_file("@/run/weights.safetensors", "@/cut_weights/weights.safetensors", 900);
  copy_run("@/swapped");
  copy_file("@/unnamed/weights.safetensors", "@/swapped/weights.safetensors", OUTPUT);
  copy_run("@/no_weights");
  unlink(expand("@/no_weights/weights.safetensors"));
}

START_TEST(cannot_be_done)
{
  const struct wrong *w = &undoable[_i];
  call_badly(w->model, w->line, 1, w->words);
  ck_assert_msg(entries("@", "x") == 0, "'%s' left something behind", w->line);
  ck_assert_int_eq(entries("@", ".part"), 0);
  ck_assert_str_eq(printed, "");
  ck_assert(is_there("@/foreign/thesis.txt") && is_there("@/run/run.json"));
}
END_TEST

/* Both models are named when a run belongs to the other. */
START_TEST(another_model_is_named)
{
  call_badly(&fake_plane, "eval --run @/unnamed --data @/test.npz", 1, "fake_plane");
  call_badly(&fake_plane, "eval --run @/unnamed --data @/test.npz", 1, "fedcba9876543210");
}
END_TEST

/* A failed training leaves what it wrote so far, is not taken for a run, and may be tried again in
 * the same folder. */
START_TEST(divergence_ends_training)
{
  call_badly(&fake_plane, TRAINS "--run @/diverged --lr 100000 --quiet", 1,
             "diverged: the loss is ");
  ck_assert_ptr_nonnull(strstr(complained, "epoch 1, step "));
  call_badly(&fake_plane, TRAINS "--run @/diverged --lr 100000 --batch 1000 --quiet", 1,
             "the validation loss is ");
  ck_assert(!is_there("@/diverged/run.json") && !is_there("@/diverged/weights.safetensors"));
  ck_assert_int_eq(entries("@/diverged", ".part"), 0);
  call_badly(&fake_plane, "eval --run @/diverged --data @/test.npz", 1, "no finished run");
  call_well(&fake_plane, TRAINS "--run @/diverged --quiet");
  call_well(&fake_plane, "eval --run @/diverged --data @/test.npz");
}
END_TEST

/* --force replaces the files of a run, and no others; a failure before training changes nothing. */
START_TEST(force_replaces_a_run)
{
  call_well(&fake_plane, TRAINS "--run @/forced --quiet --epochs 1");
  write_text("@/forced/notes.txt", "mine\n");
  write_text("@/forced/em.csv.1234-0.part", "left by a crash\n");
  call_badly(&fake_plane, "train --data @/cut.npz --labelled @/few.npz --run @/forced --force", 1,
             "cut.npz");
  call_well(&fake_plane, "eval --run @/forced --data @/test.npz");
  call_well(&fake_plane, TRAINS "--run @/forced --quiet --epochs 2 --force");
  ck_assert(is_there("@/forced/notes.txt"));
  ck_assert(!is_there("@/forced/em.csv.1234-0.part"));
  char text[OUTPUT];
  read_text(expand("@/forced/metrics.csv"), text);
  ck_assert_ptr_nonnull(strstr(text, "\n2,"));
}
END_TEST

/* A disk that takes no more: here, files of at most so many bytes. */
START_TEST(full_disk_is_told)
{
  cli_file_limit = 1000;
  call_badly(&fake_plane, TRAINS "--run @/full --quiet", 1, "unfinished.json cannot be written");
  cli_file_limit = 2000;
  call_badly(&fake_plane, TRAINS "--run @/full --quiet --save-epochs 100 --epochs 50", 1,
             "metrics.csv cannot be written");
  call_badly(&fake_plane, TRAINS "--run @/full --quiet --epochs 1", 1,
             "checkpoints/step-000000008.safetensors cannot be written");
  cli_file_limit = 1000;
  ck_assert(!is_there("@/full/run.json") && !is_there("@/full/weights.safetensors"));
  call_badly(&fake_plane, "reconstruct --run @/run --data @/test.npz -o @/x.npz", 1, "x.npz");
  cli_file_limit = RLIM_INFINITY;
  ck_assert_int_eq(entries("@", "x"), 0);

  ck_assert_int_eq(call_to("/dev/full", &fake_plane, "info"), 1);
  ck_assert_ptr_nonnull(strstr(complained, "standard output cannot be written"));
}
END_TEST

int main(void)
{
  TCase *tests = tcase_create("errors");
  tcase_add_loop_test(tests, wrong_usage, 0, sizeof usage / sizeof usage[0]);
  tcase_add_loop_test(tests, cannot_be_done, 0, sizeof undoable / sizeof undoable[0]);
  tcase_add_test(tests, another_model_is_named);
  tcase_add_test(tests, divergence_ends_training);
  tcase_add_test(tests, force_replaces_a_run);
  tcase_add_test(tests, full_disk_is_told);
  return cli_run(tests, spoil);
}
