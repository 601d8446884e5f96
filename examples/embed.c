/* The emitted model inside of a C program of one's own, without its command line:
 *
 *     embed RUN/weights.safetensors IMAGES.npz
 *
 * prints for each image the label of its cluster and how probable that is. It is linked with
 * generated/digits_mlp and the runtime; memory is one arena, given by the caller. */
#include "../generated/digits_mlp/digits_mlp.h"
#include <lathe/dataset.h>
#include <lathe/gmm.h>
#include <lathe/weights.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 32 };

static const struct lathe_model *const model = &digits_mlp_model;

static bool load(const char *path, struct lathe_state *state, struct lathe_mixture *mixture,
                 struct lathe_error *err)
{
  struct lathe_tensors tensors;
  if (!lathe_tensors_read(&tensors, path, err))
    return false;
  bool loaded = lathe_weights_import(&tensors, path, model, state, mixture, NULL, err);
  lathe_tensors_free(&tensors);
  if (loaded && mixture->components == 0)
    return lathe_fail(err, "%s holds no mixture; take the weights of a run that was finished",
                      path);
  return loaded;
}

/* Images first .. first+n-1 of the data set. */
static bool print_labels(struct lathe_state *state, const struct lathe_mixture *mixture,
                         const struct lathe_dataset *data, int64_t first, int n,
                         struct lathe_error *err)
{
  static float images[BATCH * DIGITS_MLP_INPUT];
  static float mean[BATCH * DIGITS_MLP_LATENT];
  static double posterior[BATCH * DIGITS_MLP_COMPONENTS];
  int component[BATCH];

  lathe_dataset_gather(data, model, NULL, first, n, images);
  if (digits_mlp_classify(state, mixture, n, images, mean, NULL, posterior, component) != 0)
    return lathe_fail(err, "the mixture's covariances are not positive definite");
  for (int i = 0; i < n; i++)
    printf("%lld %.4f\n", (long long)mixture->labels[component[i]],
           posterior[i * DIGITS_MLP_COMPONENTS + component[i]]);
  return true;
}

static bool run(const char *weights, const char *images, struct lathe_error *err)
{
  /* All memory that the model will use; on a small device this would be a static array. */
  void *arena = aligned_alloc(64, lathe_arena_bytes(model, BATCH, 1, false));
  if (arena == NULL)
    return lathe_fail(err, "not enough memory for the model");
  struct lathe_state state;
  lathe_state_attach(&state, model, arena, BATCH, NULL, false);

  struct lathe_mixture mixture = {0};
  struct lathe_dataset data = {0};
  struct lathe_source source = {.data = images};
  bool done =
      load(weights, &state, &mixture, err) && lathe_dataset_load(&data, model, &source, err);
  for (int64_t first = 0; done && first < data.count; first += BATCH) {
    int n = data.count - first < BATCH ? (int)(data.count - first) : BATCH;
    done = print_labels(&state, &mixture, &data, first, n, err);
  }
  lathe_dataset_free(&data);
  lathe_mixture_free(&mixture);
  free(arena);
  return done;
}

int main(int argc, char **argv)
{
  if (argc != 3) {
    fputs("usage: embed RUN/weights.safetensors IMAGES.npz\n", stderr);
    return 2;
  }
  struct lathe_error err;
  if (run(argv[1], argv[2], &err))
    return 0;
  fprintf(stderr, "embed: %s\n", err.text);
  return 1;
}
