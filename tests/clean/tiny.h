/* For tests that run everything under a tool that slows it down or builds it anew: a model as small
 * as a model can be that has something of everything, its data, and its commands. All of it lies in
 * the private folder of spawn.h, where the commands are run. */
#ifndef TESTS_CLEAN_TINY_H
#define TESTS_CLEAN_TINY_H

#include "../model_files.h"

enum { TINY_IMAGES = 21, TINY_SIDE = 8, TINY_LATENT = 2, TINY_CLUSTERS = 3 };

#define TINY_MODEL(precision, optimiser, mixture)                                                  \
  "model tiny {\n" precision "  input image [1, 8, 8];\n"                                          \
  "  latent z [2];\n"                                                                              \
  "  encoder {\n"                                                                                  \
  "    conv2d 3, kernel 4, stride 2, pad 1, bias on;\n"                                            \
  "    batchnorm;\n"                                                                               \
  "    relu;\n"                                                                                    \
  "    flatten;\n"                                                                                 \
  "    linear 9;\n"                                                                                \
  "    sigmoid;\n"                                                                                 \
  "    gaussian z;\n"                                                                              \
  "  }\n"                                                                                          \
  "  decoder {\n"                                                                                  \
  "    linear [3, 4, 4];\n"                                                                        \
  "    relu;\n"                                                                                    \
  "    conv_transpose2d 1, kernel 4, stride 2, pad 1;\n"                                           \
  "    sigmoid;\n"                                                                                 \
  "  }\n"                                                                                          \
  "  mixture { components 3; covariance " mixture "; floor 1e-2; iterations 5; }\n"                \
  "  train { " optimiser "; batch 4; epochs 2; split 0.8; }\n"                                     \
  "}\n"

static const char tiny_text[] = TINY_MODEL("", "adam 1e-2", "full; init labelled");
static const char tiny_text_f64[] = TINY_MODEL("  precision float64;\n", "sgd 1e-3, momentum 0.9",
                                               "tied; init kmeans++; restarts 2");

/* Every command once, in an order that each finds what it needs. */
static const char *const tiny_commands[][16] = {
    {"train", "--data", "x.npz", "--labelled", "few.npz", "--run", "run", "--threads", "4"},
    {"eval", "--run", "run", "--data", "x.npz"},
    {"classify", "--run", "run", "--data", "x.npz", "-o", "labels.csv"},
    {"reconstruct", "--run", "run", "--data", "x.npz", "-o", "images.npz"},
    {"encode", "--run", "run", "--data", "x.npz", "-o", "latents.npz"},
    {"sample", "--run", "run", "-n", "7", "-o", "new.npz"},
    {"sample", "--run", "run", "-n", "7", "-o", "new.png", "--prior"},
    {"manifold", "--run", "run", "-o", "plane.png", "--grid", "4"},
    {"import", "--params", "run/weights.safetensors", "--run", "imported", "--data", "x.npz",
     "--labelled", "few.npz", "--quiet"},
    {"trace", "--params", "run/weights.safetensors", "--data", "x.npz", "--noise", "noise.npz",
     "-o", "trace.safetensors", "--steps", "3", "--threads", "4"},
    {"em", "--data", "points.npz", "--start", "start.npz", "-o", "em.safetensors", "--threads",
     "4"},
    {"info"},
    {"bench", "--seconds", "0.01", "--batch", "4"},
    {"help"},
};
enum { TINY_COMMANDS = sizeof tiny_commands / sizeof *tiny_commands };

/* Three kinds of images, a bright bar at another place each, and labels that say which. */
static inline void tiny_images(void)
{
  static unsigned char pixels[TINY_IMAGES * TINY_SIDE * TINY_SIDE];
  static int64_t labels[TINY_IMAGES];
  for (int i = 0; i < TINY_IMAGES * TINY_SIDE * TINY_SIDE; i++) {
    int image = i / (TINY_SIDE * TINY_SIDE), column = i % TINY_SIDE;
    double noise = number_of(1, i, 0, 60);
    pixels[i] = (unsigned char)(column / 3 == image % 3 ? 255 - noise : noise);
    labels[image] = image % 3;
  }
  const int64_t shape[3] = {TINY_IMAGES, TINY_SIDE, TINY_SIDE};
  const char *const names[] = {"data", "labels"};
  write_npz(in_folder("x.npz"), 2, names,
            (const struct lathe_array[]){array_of(LATHE_U8, 3, shape, pixels),
                                         array_of(LATHE_I64, 1, shape, labels)});
  const int64_t few[3] = {6, TINY_SIDE, TINY_SIDE};
  write_npz(in_folder("few.npz"), 2, names,
            (const struct lathe_array[]){array_of(LATHE_U8, 3, few, pixels),
                                         array_of(LATHE_I64, 1, few, labels)});
}

/* Noise, which serves as points, too; and a mixture to start from, of the covariance's shape. */
static inline void tiny_numbers(bool tied)
{
  static float noise[TINY_IMAGES * TINY_LATENT];
  static double weights[] = {0.25, 0.25, 0.5}, means[] = {-1, 0, 0, 1, 1, -1};
  static double covariances[] = {1, 0, 0, 1, 1, 0.5, 0.5, 1, 2, 0, 0, 1};
  for (int i = 0; i < TINY_IMAGES * TINY_LATENT; i++)
    noise[i] = (float)number_of(2, i, -2, 2);
  const int64_t shape[2] = {TINY_IMAGES, TINY_LATENT};
  write_member(in_folder("noise.npz"), "noise", array_of(LATHE_F32, 2, shape, noise));
  write_member(in_folder("points.npz"), "points", array_of(LATHE_F32, 2, shape, noise));
  const char *const names[] = {"weights", "means", "covariances"};
  const int64_t sizes[3] = {TINY_CLUSTERS, TINY_LATENT, TINY_LATENT};
  const struct lathe_array arrays[] = {
      array_of(LATHE_F64, 1, sizes, weights),
      array_of(LATHE_F64, 2, sizes, means),
      tied ? array_of(LATHE_F64, 2, sizes + 1, covariances)
           : array_of(LATHE_F64, 3, sizes, covariances),
  };
  write_npz(in_folder("start.npz"), 3, names, arrays);
}

/* A folder with the description (tiny.lathe) and all that the commands read. */
static inline void tiny_folder(bool float64)
{
  make_folder();
  write_text(in_folder("tiny.lathe"), float64 ? tiny_text_f64 : tiny_text);
  tiny_images();
  tiny_numbers(float64);
}

/* Runs a command of the folder's ./tiny behind the words of `tool` (NULL at their end); it must
 * succeed and have nothing to complain of. */
static inline void tiny_run(const char *const *tool, const char *const *command)
{
  const char *argv[SPAWN_ARGUMENTS] = {0}, *name = command[0];
  int count = 0;
  for (; *tool != NULL; tool++)
    argv[count++] = *tool;
  argv[count++] = "./tiny";
  for (; *command != NULL; command++)
    argv[count++] = *command;
  struct said said = spawn_in(folder, argv);
  ck_assert_msg(said.status == 0 && said.err[0] == '\0', "%s: status %d\n%.3000s", name,
                said.status, said.err);
  said_free(&said);
}

#endif
