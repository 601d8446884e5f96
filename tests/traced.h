/* For tests of the command `trace`: the small model in two precisions, with two optimisers, as fast
 * kernels and as plain ones; images, noise and parameters for it. */
#ifndef TESTS_TRACED_H
#define TESTS_TRACED_H

#include "small_vae.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

static const char single[] = SMALL_VAE("", "sgd 0.0625, momentum 0.5");
static const char both[] = SMALL_VAE("  precision float64;\n", "adam 1e-3");

static float pixels[IMAGES * PIXELS];
static double noise[IMAGES * LATENT];

static inline struct lathe_array images_array(int n)
{
  return array_of(LATHE_F32, 4, (const int64_t[]){n, CHANNELS, HEIGHT, WIDTH}, pixels);
}

static inline struct lathe_array noise_array(int n)
{
  return array_of(LATHE_F64, 2, (const int64_t[]){n, LATENT}, noise);
}

static inline void setup(void)
{
  make_folder();
  build_text("single", single, NULL);
  build_text("single_plain", single, "--plain");
  build_text("double", both, NULL);
  build_text("double_plain", both, "--plain");
  for (int i = 0; i < IMAGES * PIXELS; i++)
    pixels[i] = (float)number_of(100, i, 0, 1);
  for (int i = 0; i < IMAGES * LATENT; i++)
    noise[i] = (double)(float)number_of(101, i, -2, 2);
  write_member(in_folder("x.npz"), "data", images_array(IMAGES));
  write_member(in_folder("e.npz"), "noise", noise_array(IMAGES));
  struct lathe_tensors tensors = small_parameters();
  write_tensors(&tensors, in_folder("p.safetensors"));
  lathe_tensors_free(&tensors);
}

/* Traces the shared images to NAME.safetensors. */
#define TRACE(binary, name, ...)                                                                   \
  trace((const char *const[]){in_folder("%s", binary), "trace", "--params",                        \
                              in_folder("p.safetensors"), "--data", in_folder("x.npz"), "--noise", \
                              in_folder("e.npz"), "-o", in_folder("%s.safetensors", name),         \
                              "--quiet", __VA_ARGS__, NULL},                                       \
        name)
static inline struct lathe_tensors trace(const char *const *argv, const char *name)
{
  spawn_quietly(argv);
  return read_tensors(in_folder("%s.safetensors", name));
}

static inline int run_traced(TCase *tests)
{
  Suite *suite = suite_create("trace");
  tcase_add_unchecked_fixture(tests, setup, remove_folder);
  tcase_set_timeout(tests, 120);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}

#endif
