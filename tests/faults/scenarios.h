/* Programs that faults are tried on, in the private folder: what they are run on, what they write.
 */
#ifndef TESTS_FAULTS_SCENARIOS_H
#define TESTS_FAULTS_SCENARIOS_H

#include "../resumed.h"
#include <limits.h>

enum { WORDS = 24, OUTPUTS = 3 };

/* What is run, in the private folder, and what it writes. */
struct scenario {
  const char *name, *line; /* a program, built here ("lathe") or in the folder, and its words */
  const char *from;        /* the folder that is copied to "r" before it; NULL: there is no "r" */
  const char *outputs[OUTPUTS]; /* left as they were, or whole as the first run's */
  bool trains;                  /* its run, "r", is that of "ref" in the end */
};

static const struct scenario scenarios[] = {
    {"train", "small train --data x.npz --labelled few.npz --epochs 2 --quiet --run r --threads 1",
     .trains = true},
    {"resume", "small train --resume --quiet --run r --threads 1", .from = "half", .trains = true},
    {.name = "eval", .line = "small eval --run ref --data x.npz --threads 1"},
    {.name = "eval in JSON", .line = "small eval --run ref --data few.npz --json --threads 2"},
    {"classify", "small classify --run ref --data x.npz.gz -o out --quiet --threads 1",
     .outputs = {"out"}},
    {"classify a table",
     "small classify --run named --data x.csv.gz --label-column kind -o out --quiet --threads 1",
     .outputs = {"out"}},
    {.name = "eval a table",
     .line = "small eval --run named --data x.csv --label-column kind --json --threads 1"},
    {"reconstruct", "small reconstruct --run ref --data x.npz -o out --quiet --threads 1",
     .outputs = {"out"}},
    {"encode", "small encode --run ref --data x.npz -o out --quiet --threads 1",
     .outputs = {"out"}},
    {"sample", "small sample --run ref -n 7 -o out.png --quiet --threads 1",
     .outputs = {"out.png"}},
    {"manifold", "small manifold --run ref -o out.png --grid 3 --quiet --threads 1",
     .outputs = {"out.png"}},
    {"report", "small report --run r --data x.npz --quiet --threads 1", .from = "ref",
     .outputs = {"r/report.html"}},
    {"compare", "small compare ref finished -o out --quiet", .outputs = {"out"}},
    {"import",
     "small import --params ref/weights.safetensors --run r --data x.npz --labelled few.npz "
     "--quiet --threads 1",
     .outputs = {"r/weights.safetensors"}},
    {"trace",
     "small trace --params ref/weights.safetensors --data few.npz --noise points.npz -o out "
     "--quiet --threads 1",
     .outputs = {"out"}},
    {"em", "small em --data points.npz --start start.npz -o out --quiet --threads 1",
     .outputs = {"out"}},
    {.name = "info", .line = "small info --run ref --threads 1"},
    {"lathe emit", "lathe emit small.lathe -o r",
     .outputs = {"r/small.h", "r/small_main.c", "r/small_train.c"}},
    {"lathe build", "lathe build small.lathe -o out --cc ./cc --quiet", .outputs = {"out"}},
    {"lathe fmt", "lathe fmt -w r/loose.lathe", .from = "loose", .outputs = {"r/loose.lathe"}},
    {"lathe new", "lathe new fresh", .outputs = {"fresh.lathe"}},
    {.name = "lathe summary", .line = "lathe summary small.lathe"},
    {"lathe plan", "lathe plan small.lathe -o out", .outputs = {"out"}},
    {"lathe graph", "lathe graph small.lathe -o out", .outputs = {"out"}},
    {.name = "lathe dump", .line = "lathe dump small.lathe --stage=plan"},
    {.name = "lathe diff", .line = "lathe diff small.lathe loose/loose.lathe --json"},
    {.name = "lathe check", .line = "lathe check small.lathe --json"},
};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

/* ---- What they are run on ---- */

/* A compiler that takes no time: what it is to make it makes of its own text. */
static const char compiler[] =
    "#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\nexec cp \"$0\" \"$1\" 2>/dev/null\n";

/* A folder of fonts with one font, so that reading fonts is a small part of all. */
static const char fonts[] =
    "<?xml version=\"1.0\"?>\n<!DOCTYPE fontconfig SYSTEM \"fonts.dtd\">\n<fontconfig>\n"
    "<dir>/usr/share/fonts/truetype/dejavu</dir><cachedir>%s/fonts</cachedir>\n</fontconfig>\n";

/* The images as a table, a row each, and words for labels. */
static inline void write_table(void)
{
  FILE *file = fopen(in_folder("x.csv"), "w");
  ck_assert_ptr_nonnull(file);
  for (int p = 0; p < PIXELS; p++)
    fprintf(file, "p%d,", p);
  fprintf(file, "kind\n");
  for (int i = 0; i < ALL; i++) {
    for (int p = 0; p < PIXELS; p++)
      fprintf(file, "%.9g,", (double)pixels[i * PIXELS + p]);
    fprintf(file, "%s\n", i % 2 == 0 ? "dark" : "bright");
  }
  ck_assert_int_eq(fclose(file), 0);
}

static inline void use_fonts(void)
{
  char text[512];
  snprintf(text, sizeof text, fonts, folder);
  write_text(in_folder("fonts.conf"), text);
  setenv("FONTCONFIG_FILE", in_folder("fonts.conf"), 1);
}

/* What EM starts from, and points for it. */
static inline void write_start(void)
{
  static double weights[2] = {0.25, 0.75}, means[2 * LATENT] = {0, 1, 1, 0};
  static double covariances[2 * LATENT * LATENT] = {1, 0, 0, 1, 2, 0, 0, 2};
  const struct lathe_array arrays[3] = {
      array_of(LATHE_F64, 1, (const int64_t[]){2}, weights),
      array_of(LATHE_F64, 2, (const int64_t[]){2, LATENT}, means),
      array_of(LATHE_F64, 3, (const int64_t[]){2, LATENT, LATENT}, covariances),
  };
  write_npz(in_folder("start.npz"), 3, (const char *const[]){"weights", "means", "covariances"},
            arrays);
  const int64_t shape[2] = {ALL, LATENT}; /* numbers that will do for noise, too */
  write_member(in_folder("points.npz"), "data", array_of(LATHE_F32, 2, shape, pixels));
}

static inline void make_scenarios(void)
{
  make_undisturbed();
  remove_below(in_folder("whole"));
  use_fonts();
  write_start();
  write_text(in_folder("cc"), compiler);
  ck_assert_int_eq(chmod(in_folder("cc"), 0755), 0);
  ck_assert_int_eq(mkdir(in_folder("loose"), 0777), 0);
  write_text(in_folder("loose/loose.lathe"), "model  loose{input image [1,2,2];latent z [1];\n"
                                             "encoder{gaussian z;}decoder{linear [1,2,2];\n"
                                             "sigmoid;}}\n");
  SPAWN_QUIETLY("gzip", "-k", in_folder("x.npz"));
  write_table();
  SPAWN_QUIETLY("gzip", "-k", in_folder("x.csv"));
  check_ended(BEGIN("ref", "--quiet", "--epochs", "2"), 0, "");
  check_ended(SPAWN(in_folder("small"), "train", "--data", in_folder("x.csv"), "--labelled",
                    in_folder("x.csv"), "--label-column", "kind", "--epochs", "1", "--quiet",
                    "--run", in_folder("named"), "--threads", "1"),
              0, "");
  /* killed after the second step of the second epoch */
  check_ended(BEGIN("half", "--quiet", "--epochs", "2", "--save-minutes", "1e-9", "--keep", "99"),
              0, "");
  for (int i = STEPS_AN_EPOCH + 3; i <= 2 * STEPS_AN_EPOCH; i++)
    ck_assert_int_eq(unlink(checkpoint_of("half", i)), 0);
  SPAWN_QUIETLY("cp", "-r", in_folder("half"), in_folder("finished"));
  ck_assert_int_eq(rename(in_folder("half/run.json"), in_folder("half/unfinished.json")), 0);
  ck_assert_int_eq(unlink(in_folder("half/weights.safetensors")), 0);
}

/* Goes on in a copy of all this, where another process does not disturb it. */
static inline void take_a_copy(void)
{
  char copy[FOLDER_PATH];
  new_folder(copy);
  SPAWN_QUIETLY("cp", "-r", in_folder("."), copy);
  memcpy(folder, copy, sizeof folder);
  use_fonts();
}

/* The copy of an output that the undisturbed program made. */
static inline const char *kept(const char *output)
{
  const char *slash = strrchr(output, '/');
  return in_folder("kept/%s", slash != NULL ? slash + 1 : output);
}

static const char *const left_over[] = {"out", "out.png", "fresh.lathe"};

/* Everything as it was before the first run. */
static inline void prepare(const struct scenario *scenario)
{
  remove_below(in_folder("r"));
  for (size_t i = 0; i < sizeof left_over / sizeof *left_over; i++)
    remove_below(in_folder("%s", left_over[i]));
  if (scenario->from != NULL)
    SPAWN_QUIETLY("cp", "-r", in_folder("%s", scenario->from), in_folder("r"));
}

/* A scenario's program and its words, NULL behind them; valid until the next call. */
static inline const char *const *words_of(const struct scenario *scenario)
{
  static char line[SPAWN_PATH], program[SPAWN_PATH];
  static const char *argv[WORDS];
  int count = 0;
  snprintf(line, sizeof line, "%s", scenario->line);
  for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " ")) {
    ck_assert_int_lt(count, WORDS - 1);
    argv[count++] = word;
  }
  argv[count] = NULL;
  bool lathe = strcmp(argv[0], "lathe") == 0;
  snprintf(program, sizeof program, "%s", lathe ? built("lathe") : in_folder("%s", argv[0]));
  argv[0] = program;
  return argv;
}

/* Puts what an undisturbed program has just written aside, to be compared with. */
static inline void keep_outputs(const struct scenario *scenario)
{
  remove_below(in_folder("kept"));
  ck_assert_int_eq(mkdir(in_folder("kept"), 0777), 0);
  for (int i = 0; i < OUTPUTS && scenario->outputs[i] != NULL; i++)
    SPAWN_QUIETLY("cp", in_folder("%s", scenario->outputs[i]), kept(scenario->outputs[i]));
}

/* ---- How many faults ---- */

/* LATHE_FAULTS, or what is done without it. */
static inline long faults_wanted(long otherwise)
{
  const char *wish = getenv("LATHE_FAULTS");
  bool all = wish != NULL && (strcmp(wish, "all") == 0 || strcmp(wish, "places") == 0);
  return wish == NULL ? otherwise : all ? LONG_MAX : atol(wish);
}

/* Whether one of several that are asked for along one path of calls stands for all between. */
static inline bool faults_by_place(void)
{
  const char *wish = getenv("LATHE_FAULTS");
  return wish != NULL && strcmp(wish, "places") == 0;
}

/* Number i of `wanted` spread over 1 to `count`: the first and the last, others between them that
 * are other ones for each `shift`. */
static inline long spread(long i, long wanted, long count, long shift)
{
  if (wanted >= count || i == 0)
    return i + 1;
  if (i == wanted - 1)
    return count;
  long step = count / wanted;
  return 1 + step * i + (shift * 7919) % (step > 0 ? step : 1);
}

#endif
