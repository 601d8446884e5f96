/* digits_mlp: a variational autoencoder with a Gaussian mixture on its latents.
 *
 * Images are [1, 28, 28], row by row, 784 values each; latents have 2 values.
 * A state (state.h) holds all memory: lathe_state_new makes one for up to `capacity` images
 * in a call, or lathe_state_attach puts it into memory of yours, lathe_arena_bytes long. No
 * function here allocates. n is 1 .. capacity, except where it counts points. */
#ifndef LATHE_EMITTED_DIGITS_MLP_H
#define LATHE_EMITTED_DIGITS_MLP_H

#include <lathe/model.h>

enum {
  DIGITS_MLP_INPUT = 784,
  DIGITS_MLP_LATENT = 2,
  DIGITS_MLP_COMPONENTS = 3,
  DIGITS_MLP_PARAMETERS = 1068820, /* trained */
  DIGITS_MLP_BATCH = 64, /* images of a training step, by the description */
  /* Memory, in values of type float: fixed, for each image of the capacity, for each thread. */
  DIGITS_MLP_FIXED = 1068848,
  DIGITS_MLP_FIXED_TRAINING = 4275392,
  DIGITS_MLP_PER_IMAGE = 1328,
  DIGITS_MLP_PER_IMAGE_TRAINING = 2928,
  DIGITS_MLP_SCRATCH = 100352,
  DIGITS_MLP_EM_DOUBLES = 629, /* of type double, in training */
};

/* Means and log-variances [n, 2] of the posterior q(z | x) of images [n, 784]. With NULL
 * for `logvar` the means alone are computed. */
void digits_mlp_encode(struct lathe_state *state, int n, const float *images, float *mean,
    float *logvar);

/* Images [n, 784] decoded from latents [n, 2]. */
void digits_mlp_decode(struct lathe_state *state, int n, const float *latents, float *images);

/* Losses in nats an image, means over the n images: Bernoulli reconstruction and KL divergence of
 * the posterior, sampled with noise [n, 2] from N(0, 1). */
struct lathe_loss digits_mlp_evaluate(struct lathe_state *state, int n, const float *images,
    const float *noise);

/* The same, and one step of the optimiser at learning rate `rate`; `step` counts from 1. The
 * state must have been made for training. */
struct lathe_loss digits_mlp_train_step(struct lathe_state *state, int n, const float *images,
    const float *noise, double rate, int64_t step);

/* One EM iteration on n points [n, 2]: the mixture is replaced by the next one, `floor`
 * added to its variances, and *log_likelihood is the points' mean log-likelihood under the
 * mixture as it was. Returns 0, or 1 + the first component whose covariance is not positive
 * definite; the mixture is then unchanged. The state must have been made for training. */
int digits_mlp_em_step(struct lathe_state *state, int64_t n, const float *points,
    struct lathe_mixture *mixture, double floor, double *log_likelihood);

/* Posterior probabilities [n, 3] of the components for points [n, 2] and, if
 * not NULL, each point's log-likelihood [n]. Returns as em_step does. */
int digits_mlp_responsibilities(const struct lathe_mixture *mixture, int64_t n,
    const float *points, double *posterior, double *log_likelihood);

/* The most probable component [n] of each of n images. mean and logvar [n, 2] and
 * posterior [n, 3] are filled on the way; logvar may be NULL. Returns as em_step does. */
int digits_mlp_classify(struct lathe_state *state, const struct lathe_mixture *mixture, int n,
    const float *images, float *mean, float *logvar, double *posterior, int *component);

/* What the runtime needs to know of the model: tensors, settings, entry points. */
extern const struct lathe_model digits_mlp_model;

#endif
