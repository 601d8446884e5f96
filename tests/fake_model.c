#include "fake_model.h"
#include "runtime/density.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LATENT = 3 };

/* Where the parameters lie: mean weight [D, 64] and bias [D], the same of the log-variance, then
 * the decoder's weight [64, D] and bias [64]. Gradients follow in the same order. */
enum { ENCODER = FAKE_PIXELS + 1 };
#define MEAN_BIAS(d) ((d)*FAKE_PIXELS)
#define LOGVAR(d) ((d)*ENCODER)
#define LOGVAR_BIAS(d) ((d)*ENCODER + (d)*FAKE_PIXELS)
#define DECODER(d) (2 * (d)*ENCODER)
#define DECODER_BIAS(d) (DECODER(d) + FAKE_PIXELS * (d))
#define TRAINED(d) (DECODER_BIAS(d) + FAKE_PIXELS)

static void affine(const lathe_real *weight, const lathe_real *bias, int inputs, int outputs,
                   const lathe_real *x, double *y)
{
  for (int o = 0; o < outputs; o++) {
    y[o] = (double)bias[o];
    for (int i = 0; i < inputs; i++)
      y[o] += (double)weight[o * inputs + i] * (double)x[i];
  }
}

static void encode(int d, struct lathe_state *state, int n, const lathe_real *images,
                   lathe_real *mean, lathe_real *logvar)
{
  const lathe_real *w = state->fixed;
  for (int i = 0; i < n; i++) {
    double m[MOST_LATENT], v[MOST_LATENT];
    affine(w, w + MEAN_BIAS(d), FAKE_PIXELS, d, images + i * FAKE_PIXELS, m);
    affine(w + LOGVAR(d), w + LOGVAR_BIAS(d), FAKE_PIXELS, d, images + i * FAKE_PIXELS, v);
    for (int j = 0; j < d; j++) {
      mean[i * d + j] = (lathe_real)m[j];
      if (logvar)
        logvar[i * d + j] = (lathe_real)v[j];
    }
  }
}

/* Pixels may leave [0, 1] by `beyond`, as those of a decoder without a sigmoid do. */
static void decode(int d, double beyond, struct lathe_state *state, int n,
                   const lathe_real *latents, lathe_real *images)
{
  const lathe_real *w = state->fixed;
  for (int i = 0; i < n; i++) {
    double logit[FAKE_PIXELS];
    affine(w + DECODER(d), w + DECODER_BIAS(d), d, FAKE_PIXELS, latents + i * d, logit);
    for (int p = 0; p < FAKE_PIXELS; p++)
      images[i * FAKE_PIXELS + p] = (lathe_real)((1 + 2 * beyond) / (1 + exp(-logit[p])) - beyond);
  }
}

/* The loss of one image, and what one image adds to the gradients (NULL: none). */
static void image_loss(int d, const lathe_real *w, const lathe_real *x, const lathe_real *noise,
                       int n, struct lathe_loss *loss, lathe_real *gradient)
{
  double mean[MOST_LATENT], logvar[MOST_LATENT], logit[FAKE_PIXELS], dz[MOST_LATENT] = {0};
  lathe_real z[MOST_LATENT];
  affine(w, w + MEAN_BIAS(d), FAKE_PIXELS, d, x, mean);
  affine(w + LOGVAR(d), w + LOGVAR_BIAS(d), FAKE_PIXELS, d, x, logvar);
  for (int j = 0; j < d; j++) {
    z[j] = (lathe_real)(mean[j] + exp(logvar[j] / 2) * (double)noise[j]);
    loss->kl += (exp(logvar[j]) + mean[j] * mean[j] - 1 - logvar[j]) / 2 / n;
  }
  affine(w + DECODER(d), w + DECODER_BIAS(d), d, FAKE_PIXELS, z, logit);
  for (int p = 0; p < FAKE_PIXELS; p++) {
    double target = (double)x[p], l = logit[p];
    loss->reconstruction += (fmax(l, 0) - l * target + log1p(exp(-fabs(l)))) / n;
    double dl = (1 / (1 + exp(-l)) - target) / n;
    for (int j = 0; j < d; j++) {
      dz[j] += dl * (double)w[DECODER(d) + p * d + j];
      if (gradient)
        gradient[DECODER(d) + p * d + j] += (lathe_real)(dl * (double)z[j]);
    }
    if (gradient)
      gradient[DECODER_BIAS(d) + p] += (lathe_real)dl;
  }
  for (int j = 0; j < d && gradient; j++) {
    double dmean = dz[j] + mean[j] / n;
    double dlogvar =
        dz[j] * (double)noise[j] * exp(logvar[j] / 2) / 2 + (exp(logvar[j]) - 1) / 2 / n;
    for (int p = 0; p < FAKE_PIXELS; p++) {
      gradient[j * FAKE_PIXELS + p] += (lathe_real)(dmean * (double)x[p]);
      gradient[LOGVAR(d) + j * FAKE_PIXELS + p] += (lathe_real)(dlogvar * (double)x[p]);
    }
    gradient[MEAN_BIAS(d) + j] += (lathe_real)dmean;
    gradient[LOGVAR_BIAS(d) + j] += (lathe_real)dlogvar;
  }
}

static struct lathe_loss batch_loss(int d, struct lathe_state *state, int n,
                                    const lathe_real *images, const lathe_real *noise,
                                    lathe_real *gradient)
{
  struct lathe_loss loss = {0};
  for (int i = 0; i < n; i++)
    image_loss(d, state->fixed, images + i * FAKE_PIXELS, noise + i * d, n, &loss, gradient);
  loss.total = loss.reconstruction + loss.kl;
  return loss;
}

static struct lathe_loss train(int d, struct lathe_state *state, int n, const lathe_real *images,
                               const lathe_real *noise, double rate)
{
  lathe_real *gradient = state->fixed + TRAINED(d);
  memset(gradient, 0, (size_t)TRAINED(d) * sizeof *gradient);
  struct lathe_loss loss = batch_loss(d, state, n, images, noise, gradient);
  for (int i = 0; i < TRAINED(d); i++)
    state->fixed[i] -= (lathe_real)rate * gradient[i];
  return loss;
}

static int responsibilities(const struct lathe_mixture *mixture, int64_t n,
                            const lathe_real *points, double *posterior, double *log_likelihood)
{
  struct lathe_density density;
  int bad = 0;
  if (!lathe_density_new(&density, mixture, &bad, NULL))
    return bad + 1;
  for (int64_t i = 0; i < n; i++) {
    double log_p = lathe_density_at_real(&density, points + i * mixture->dimensions,
                                         posterior + i * mixture->components);
    if (log_likelihood)
      log_likelihood[i] = log_p;
  }
  lathe_density_free(&density);
  return 0;
}

/* Weighted moments of the points under one component's posterior. */
static void update(struct lathe_mixture *mixture, int k, int64_t n, const lathe_real *points,
                   const double *posterior, double floor)
{
  int d = mixture->dimensions, components = mixture->components;
  double *mean = mixture->means + k * d, *covariance = mixture->covariances + k * d * d;
  double weight = 1e-300;
  memset(mean, 0, (size_t)d * sizeof *mean);
  memset(covariance, 0, (size_t)(d * d) * sizeof *covariance);
  for (int64_t i = 0; i < n; i++)
    weight += posterior[i * components + k];
  for (int64_t i = 0; i < n; i++)
    for (int a = 0; a < d; a++)
      mean[a] += posterior[i * components + k] / weight * (double)points[i * d + a];
  for (int64_t i = 0; i < n; i++)
    for (int a = 0; a < d; a++)
      for (int b = 0; b < d; b++)
        covariance[a * d + b] += posterior[i * components + k] / weight *
                                 ((double)points[i * d + a] - mean[a]) *
                                 ((double)points[i * d + b] - mean[b]);
  for (int a = 0; a < d; a++)
    covariance[a * d + a] += floor;
  mixture->weights[k] = weight / (double)n;
}

static int em_step(struct lathe_state *state, int64_t n, const lathe_real *points,
                   struct lathe_mixture *mixture, double floor, double *log_likelihood)
{
  (void)state;
  double *posterior = calloc((size_t)n, (size_t)mixture->components * sizeof *posterior);
  double *each = calloc((size_t)n, sizeof *each);
  int bad = responsibilities(mixture, n, points, posterior, each);
  *log_likelihood = 0;
  for (int64_t i = 0; i < n && !bad; i++)
    *log_likelihood += each[i] / (double)n;
  for (int k = 0; k < mixture->components && !bad; k++)
    update(mixture, k, n, points, posterior, floor);
  free(posterior);
  free(each);
  return bad;
}

/* The entry points of a model of latent dimension D. */
#define ENTRY_POINTS(name, D, beyond)                                                              \
  static void name##_encode(struct lathe_state *state, int n, const lathe_real *images,            \
                            lathe_real *mean, lathe_real *logvar)                                  \
  {                                                                                                \
    encode(D, state, n, images, mean, logvar);                                                     \
  }                                                                                                \
  static void name##_decode(struct lathe_state *state, int n, const lathe_real *latents,           \
                            lathe_real *images)                                                    \
  {                                                                                                \
    decode(D, beyond, state, n, latents, images);                                                  \
  }                                                                                                \
  static struct lathe_loss name##_evaluate(struct lathe_state *state, int n,                       \
                                           const lathe_real *images, const lathe_real *noise)      \
  {                                                                                                \
    return batch_loss(D, state, n, images, noise, NULL);                                           \
  }                                                                                                \
  static struct lathe_loss name##_train(struct lathe_state *state, int n,                          \
                                        const lathe_real *images, const lathe_real *noise,         \
                                        double rate, int64_t step)                                 \
  {                                                                                                \
    (void)step;                                                                                    \
    return train(D, state, n, images, noise, rate);                                                \
  }
ENTRY_POINTS(plane, 2, 0)
ENTRY_POINTS(space, 3, 0.2)

#define TENSORS(D)                                                                                 \
  {                                                                                                \
    {.name = "encoder.mean.weight", .rank = 2, .shape = {D, FAKE_PIXELS}, .bound = 0.125},         \
        {.name = "encoder.mean.bias", .rank = 1, .shape = {D}, .offset = MEAN_BIAS(D)},            \
        {.name = "encoder.logvar.weight",                                                          \
         .rank = 2,                                                                                \
         .shape = {D, FAKE_PIXELS},                                                                \
         .offset = LOGVAR(D)},                                                                     \
        {.name = "encoder.logvar.bias",                                                            \
         .rank = 1,                                                                                \
         .shape = {D},                                                                             \
         .offset = LOGVAR_BIAS(D),                                                                 \
         .fill = -2},                                                                              \
        {.name = "decoder.weight",                                                                 \
         .rank = 2,                                                                                \
         .shape = {FAKE_PIXELS, D},                                                                \
         .offset = DECODER(D),                                                                     \
         .bound = 0.5},                                                                            \
    {                                                                                              \
      .name = "decoder.bias", .rank = 1, .shape = {FAKE_PIXELS}, .offset = DECODER_BIAS(D)         \
    }                                                                                              \
  }
static const struct lathe_tensor plane_tensors[] = TENSORS(2);
static const struct lathe_tensor space_tensors[] = TENSORS(3);

static const struct lathe_layer layers[] = {
    {"encoder.0", "gaussian z", "[2]", 2 * LOGVAR(2)},
    {"decoder.0", "linear 64", "[64]", TRAINED(2) - DECODER(2)},
};
static const char *const source[] = {"model fake {\n", "}\n", NULL};

#define COMMON(D)                                                                                  \
  .source = source, .precision = sizeof(lathe_real) == 8 ? "float64" : "float32",                  \
  .input_size = FAKE_PIXELS, .range = {0, 1}, .bounded = true, .latent = (D), .loss = "bernoulli", \
  .kl_weight = 1, .tensor_count = 6, .parameter_count = TRAINED(D), .layers = layers,              \
  .layer_count = 2, .fixed_inference = TRAINED(D), .fixed_training = 2 * TRAINED(D),               \
  .trained = TRAINED(D), .gradients = TRAINED(D), .flops_forward = 2.0 * TRAINED(D),               \
  .flops_step = 6.0 * TRAINED(D), .em_step = em_step, .responsibilities = responsibilities

const struct lathe_model fake_plane = {
    COMMON(2),
    .name = "fake_plane",
    .fingerprint = "0123456789abcdef",
    .input_rank = 3,
    .input_shape = {1, FAKE_SIDE, FAKE_SIDE},
    .tensors = plane_tensors,
    .training = {.optimiser = LATHE_SGD,
                 .rate = 0.05,
                 .batch = 16,
                 .epochs = 20,
                 .split = 0.8,
                 .seed = 3,
                 .schedule = LATHE_STEP,
                 .every = 10,
                 .gamma = 0.5},
    .mixing = {.components = FAKE_COMPONENTS,
               .covariance = LATHE_FULL,
               .init = LATHE_INIT_LABELLED,
               .floor = 1e-4,
               .tolerance = 1e-5,
               .iterations = 100,
               .restarts = 1},
    .encode = plane_encode,
    .decode = plane_decode,
    .evaluate = plane_evaluate,
    .train_step = plane_train,
};

const struct lathe_model fake_space = {
    COMMON(3),
    .name = "fake_space",
    .fingerprint = "fedcba9876543210",
    .input_rank = 1,
    .input_shape = {FAKE_PIXELS},
    .tensors = space_tensors,
    .training = {.optimiser = LATHE_SGD,
                 .rate = 0.05,
                 .batch = 10,
                 .epochs = 15,
                 .split = 0.9,
                 .schedule = LATHE_CONSTANT},
    .mixing = {.components = FAKE_COMPONENTS,
               .covariance = LATHE_FULL,
               .init = LATHE_INIT_KMEANS,
               .floor = 1e-4,
               .tolerance = 1e-5,
               .iterations = 100,
               .restarts = 3},
    .encode = space_encode,
    .decode = space_decode,
    .evaluate = space_evaluate,
    .train_step = space_train,
};
