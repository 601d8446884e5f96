/* For tests of trainings that are cut off: a small model with Adam, batch-norm and a schedule, what
 * it is trained on, and what an undisturbed training makes of it. */
#ifndef TESTS_RESUMED_H
#define TESTS_RESUMED_H

#include "small_vae.h"
#include <jansson.h>

/* 33 images to train on: the ninth step of an epoch has one. */
enum { ALL = 44, FEW = 6, STEPS_AN_EPOCH = 9, EPOCHS = 6 };

#ifndef RESUMED_TRAINING /* another may be wanted */
#define RESUMED_TRAINING "adam 1e-2; step 2, gamma 0.5; split 0.75; epochs 6; seed 11"
#endif
static const char description[] =
    SMALL_VAE("  mixture { components 2; init labelled; }\n", RESUMED_TRAINING);

static float pixels[ALL * PIXELS];
static int64_t labels[ALL];

static inline void write_some(const char *name, int n, bool labelled)
{
  const struct lathe_array arrays[2] = {
      array_of(LATHE_F32, 4, (const int64_t[]){n, CHANNELS, HEIGHT, WIDTH}, pixels),
      array_of(LATHE_I64, 1, (const int64_t[]){n}, labels),
  };
  write_npz(in_folder("%s", name), 1 + labelled, (const char *const[]){"data", "labels"}, arrays);
}

#define TRAINED_ON                                                                                 \
  "--data", in_folder("x.npz"), "--labelled", in_folder("few.npz"), "--threads", "1"
#define BEGIN(run, ...)                                                                            \
  SPAWN(in_folder("small"), "train", TRAINED_ON, "--run", in_folder("%s", run), __VA_ARGS__)
#define RESUME(run, ...)                                                                           \
  SPAWN(in_folder("small"), "train", "--resume", "--run", in_folder("%s", run), __VA_ARGS__)

/* Asserts an exit status, and words, separated by '|', on standard error. */
static inline void check_ended(struct said said, int status, const char *words)
{
  ck_assert_msg(said.status == status, "status %d, not %d: %.2000s", said.status, status, said.err);
  assert_words(said.err, words);
  said_free(&said);
}

static inline void make_undisturbed(void)
{
  make_folder();
  build_text("small", description, NULL);
  for (int i = 0; i < ALL; i++) {
    labels[i] = 4 + 4 * (i % 2);
    for (int p = 0; p < PIXELS; p++)
      pixels[i * PIXELS + p] =
          (float)number_of(7, i * PIXELS + p, 0.4 * (i % 2), 0.6 + 0.4 * (i % 2));
  }
  write_some("x.npz", ALL, false);
  write_some("few.npz", FEW, true);
  check_ended(BEGIN("whole", "--quiet"), 0, "");
}

/* metrics.csv without what time has made of it. */
static inline char *losses_of(const char *run)
{
  char *text = read_file(in_folder("%s/metrics.csv", run), NULL), *to = text;
  int column = 0;
  for (const char *from = text; *from; from++) {
    column = *from == ',' ? column + 1 : *from == '\n' ? 0 : column;
    if (column < 8)
      *to++ = *from;
  }
  *to = '\0';
  return text;
}

/* Asserts that a run ended with the bits of another: weights, mixture, EM, metrics and losses. */
static inline void check_same(const char *run, const char *other)
{
  static const char *const names[] = {"weights.safetensors", "metrics.json", "em.csv",
                                      "reconstructions.png", "samples.png",  "clusters.png",
                                      "interpolations.png",  "unsure.png",   "losses.png",
                                      "learning_rate.png",   "em.png"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    ck_assert_msg(same_file(in_folder("%s/%s", run, names[i]), in_folder("%s/%s", other, names[i])),
                  "%s is another in %s than in %s", names[i], run, other);
  char *mine = losses_of(run), *theirs = losses_of(other);
  ck_assert_str_eq(mine, theirs);
  free(mine);
  free(theirs);
  ck_assert(!exists(in_folder("%s/unfinished.json", run)));
  ck_assert(!exists(in_folder("%s/lock", run)));
}

/* The path of a run's checkpoint. */
static inline const char *checkpoint_of(const char *run, int steps)
{
  return in_folder("%s/checkpoints/step-%09d.safetensors", run, steps);
}

#endif
