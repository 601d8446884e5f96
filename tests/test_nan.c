/* A NaN goes on: whichever pixel holds one, the latents that come of it are NaN, through every kind
 * of layer, so that no training goes on in silence over one; and a latent that is NaN gives an
 * image of NaN. As emitted, with the vector code that binaries have, and as emitted plainly. */
static const char *emitted_options = "";
#define EMITTED_OPTIONS emitted_options
#include "emitted.h"
#include "emitted_state.h"
#include <math.h>

enum { CHANNELS = 2, SIDE = 6, PIXELS = CHANNELS * SIDE * SIDE, LATENT = 2, BATCH = 3 };

/* What is between the image and the latents, and what is between them and the image. */
static const struct {
  const char *encoder, *decoder;
} layers[] = {
    {"relu; leaky_relu, slope 0.1; elu; selu; gelu; silu; softplus; tanh; sigmoid; flatten;",
     "relu; leaky_relu, slope 0.1; elu; selu; gelu; silu; softplus; tanh;"},
    {"max_pool 2; flatten;", "max_pool 1;"},
    {"max_pool 3, stride 2, pad 1; flatten;", "relu;"},
    {"avg_pool 2; upsample 2; flatten;", "upsample 2, mode bilinear; avg_pool 2;"},
    {"groupnorm 2; relu; global_avg_pool;", "groupnorm 1; dropout 0.5; relu;"},
    {"batchnorm; dropout 0.5; conv2d 3, kernel 3, pad 1; relu; max_pool 3, stride 1, pad 1; "
     "flatten;",
     "batchnorm; conv2d 2, kernel 3, pad 1;"},
    {"residual { relu; conv2d 2, kernel 1; } layernorm; flatten;",
     "concat { max_pool 3, stride 1, pad 1; } conv2d 2, kernel 1;"},
};
enum { LAYERS = sizeof layers / sizeof *layers };

static const struct {
  const char *name, *options, *flags;
} emissions[] = {
    {"fast", "",
     "-march=native -ftree-vectorize -ffp-contract=fast -fno-math-errno "
     "-fno-trapping-math"},
    {"plain", "--plain", ""},
};

static struct emitted emit(int which, int emission)
{
  char text[1024], compiler[256];
  const char *own = getenv("CC"), *cc = own != NULL && own[0] != '\0' ? own : "cc";
  char *kept = strdup(own != NULL ? own : "");
  snprintf(text, sizeof text,
           "model nan { input x [%d, %d, %d]; latent z [%d];\n"
           "encoder { %s gaussian z; }\n"
           "decoder { linear [%d, %d, %d]; %s sigmoid; } }\n",
           CHANNELS, SIDE, SIDE, LATENT, layers[which].encoder, CHANNELS, SIDE, SIDE,
           layers[which].decoder);
  snprintf(compiler, sizeof compiler, "%s %s", cc, emissions[emission].flags);
  setenv("CC", compiler, 1);
  emitted_options = emissions[emission].options;
  struct emitted e = emitted_open_text(text);
  setenv("CC", kept, 1);
  free(kept);
  return e;
}

START_TEST(goes_on)
{
  int which = _i % LAYERS, emission = _i / LAYERS;
  struct emitted e = emit(which, emission);
  struct lathe_pool *pool = lathe_pool_new(1);
  struct watched w = watched_new(e.model, BATCH, pool, true);
  struct batch b = random_batch(e.model, BATCH, 1);
  lathe_real mean[BATCH * LATENT], logvar[BATCH * LATENT], images[BATCH * PIXELS];
  lathe_real latents[BATCH * LATENT] = {0};
  random_weights(&w.state, e.model, 3);
  for (int p = 0; p < PIXELS; p++) {
    lathe_real before = b.images[PIXELS + p];
    b.images[PIXELS + p] = NAN; /* of the second image */
    e.model->encode(&w.state, BATCH, b.images, mean, logvar);
    for (int i = 0; i < BATCH * LATENT; i++)
      ck_assert_msg((isnan(mean[i]) && isnan(logvar[i])) == (i / LATENT == 1),
                    "%s, %s: with pixel %d NaN, latent %d of image %d is %g, %g",
                    layers[which].encoder, emissions[emission].name, p, i % LATENT, i / LATENT,
                    (double)mean[i], (double)logvar[i]);
    b.images[PIXELS + p] = before;
  }
  latents[LATENT + 1] = NAN;
  e.model->decode(&w.state, BATCH, latents, images);
  for (int i = 0; i < BATCH * PIXELS; i++)
    ck_assert_msg(isnan(images[i]) == (i / PIXELS == 1), "%s, %s: pixel %d of image %d is %g",
                  layers[which].decoder, emissions[emission].name, i % PIXELS, i / PIXELS,
                  (double)images[i]);
  batch_free(&b);
  watched_free(&w);
  lathe_pool_free(pool);
  emitted_close(&e);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("nan");
  TCase *tests = tcase_create("layers");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, goes_on, 0, 2 * LAYERS);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
