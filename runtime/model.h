/* What emitted code tells the runtime about a model: sizes, tensors, settings and entry points.
 * The compiler emits one `const struct lathe_model`; everything under runtime/ is driven by it. */
#ifndef LATHE_MODEL_H
#define LATHE_MODEL_H

#include "mixture.h"
#include "real.h"
#include "state.h"
#include "target.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LATHE_MAX_RANK = 4, LATHE_MAX_AXES = 6 };

enum lathe_role {
  LATHE_PARAMETER, /* trained */
  LATHE_BUFFER,    /* kept with the parameters, not trained: batch-norm running statistics */
  LATHE_COUNTER,   /* int64 scalar that PyTorch keeps (num_batches_tracked); not in the arena */
};

/* A tensor under its PyTorch state_dict name and shape. Memory order differs from PyTorch's:
 * the row-major logical index is split into `extent[0..axes)` and those axes are stored in
 * the order `order[0..axes)`, outermost first. (Convolutions keep channels innermost.) */
struct lathe_tensor {
  const char *name;
  enum lathe_role role;
  int rank;
  int64_t shape[LATHE_MAX_RANK];
  int axes;
  int64_t extent[LATHE_MAX_AXES];
  int order[LATHE_MAX_AXES];
  size_t offset;        /* elements from state->fixed */
  double bound;         /* initial values: uniform in [-bound, bound) when bound > 0 ... */
  double fill;          /* ... else this constant, */
  const double *values; /* or, if not NULL, these, one for each element in logical order */
};

/* What a latent is: drawn from a posterior (a variational autoencoder), a function of the image (a
 * plain one), or the image itself (a mixture alone, without layers). */
enum lathe_kind { LATHE_VARIATIONAL, LATHE_PLAIN, LATHE_ALONE };

/* How the input's values are brought to one scale (normalise.h). */
enum lathe_normalisation {
  LATHE_NOT_NORMALISED,
#define NORMALISATION(ID, ...) LATHE_NORMALISE_##ID,
#include "normalisations.def"
#undef NORMALISATION
};

enum lathe_likelihood { LATHE_BERNOULLI, LATHE_GAUSSIAN, LATHE_CATEGORICAL };
enum lathe_optimiser {
#define OPTIMISER(ID, ...) LATHE_##ID,
#include "optimisers.def"
#undef OPTIMISER
  LATHE_OPTIMISERS
};
enum { LATHE_MOMENTS = 3 }; /* that an optimiser keeps of a parameter, at most */
enum lathe_clipping { LATHE_CLIP_NORM, LATHE_CLIP_VALUE };
enum lathe_schedule {
#define SCHEDULE(ID, ...) LATHE_##ID,
#include "schedules.def"
#undef SCHEDULE
  LATHE_SCHEDULES
};
enum lathe_init { LATHE_INIT_LABELLED, LATHE_INIT_KMEANS, LATHE_INIT_RANDOM };

/* The description's train section; the command line may override some of it. */
struct lathe_training {
  enum lathe_optimiser optimiser;
  double rate, eps;
  double beta1, beta2; /* Adam, AdamW */
  double alpha;        /* RMSprop: decay of the mean squared gradient */
  bool centered;       /* RMSprop: divides by the deviation, not by the root of that mean */
  double momentum;     /* SGD, RMSprop */
  bool nesterov;       /* SGD */
  double weight_decay; /* added to the gradient, times the parameter; AdamW: taken off apart */
  double clip;         /* gradients are kept within it; 0: as they are */
  enum lathe_clipping clipping;
  enum lathe_schedule schedule;
  int every;    /* LATHE_STEP: rate x gamma every so many epochs; LATHE_COSINE: epochs to the
                   minimum (0: all) */
  double gamma; /* LATHE_STEP, LATHE_EXPONENTIAL, LATHE_PLATEAU: factor of the rate at each fall */
  double minimum;         /* LATHE_COSINE, LATHE_PLATEAU: least rate */
  double threshold;       /* LATHE_PLATEAU: share by which the loss is to become less, */
  int patience, cooldown; /* in so many epochs, not counted for so many after a fall */
  int warmup; /* epochs (or, if warmup_steps, steps) in which the rate rises to the schedule's ...
               */
  bool warmup_steps;
  double warmup_start; /* ... from this share of it */
  int stop_patience;   /* epochs without the least gain after which training ends; 0: never */
  double stop_gain;    /* in loss, in nats an image */
  /* The divergence's weight rises from 0 to kl_weight in so many epochs (or, if kl_steps, steps),
   * or so many times in the training, each time in a share of the cycle; 0 and 0: it is what it is.
   */
  int kl_warmup, kl_cycles;
  double kl_ramp;
  bool kl_steps;
  /* What is done to training images (augment.h). */
  int augment_shift;                  /* pixels at most */
  double augment_noise, augment_flip; /* a deviation, in the input's range; a probability */
  int batch, epochs;
  double split; /* fraction of the images trained on; the rest validate */
  uint64_t seed;
};

/* The description's mixture section. */
struct lathe_mixing {
  int components;
  enum lathe_covariance covariance;
  enum lathe_init init;
  double floor;     /* added to every variance */
  double tolerance; /* stop when the mean log-likelihood a point gains less than this */
  int iterations;   /* at most */
  int restarts;     /* runs from different starts, the best kept (kmeans++, random) */
};

/* Means over the images of one call, in nats an image; total = reconstruction + kl_weight x kl,
 * whatever weight is in force in training, so that losses of all epochs compare. With free bits the
 * divergence that train_step returns has them: of each latent dimension the batch's mean, or
 * free_bits where that is more; evaluate's is as it is. And how many of
 * the log-variances [n, latent] lie at a bound, most likely because they were kept there. */
struct lathe_loss {
  double reconstruction;
  double kl;
  double total;
  double clamped;
};

struct lathe_layer { /* one line of the layer table, for `info` */
  const char *name;  /* "encoder.0" */
  const char *text;  /* "conv2d 64, kernel 4, stride 2, pad 1" */
  const char *shape; /* "[64, 14, 14]" */
  int64_t parameters;
};

/* A value that a training step computes on its way, for `trace`. Values share memory, so it is
 * there only from the end of kernel `kernel` until another takes its place: see lathe_kernel. */
struct lathe_value {
  const char *name; /* "encoder.1", or "d.encoder.1" for the loss's derivative by it */
  int rank;
  int64_t shape[3];   /* of one image, PyTorch's order; a batch of them when per_image */
  int64_t interleave; /* 0: stored in that order; c: channels last, c of them */
  bool per_image;     /* at offset x capacity in state->batch; else at offset in state->fixed */
  bool wide;          /* double, whatever the precision */
  size_t offset;
  int kernel;
};

enum lathe_pass { LATHE_FORWARD, LATHE_BACKWARD, LATHE_UPDATE };

/* What a kernel of a training step is and what it costs, for `bench --per-layer`. Operations are
 * counted as the plain algorithm needs them, whichever is used; bytes as every operand read once
 * and the result written once. */
struct lathe_kernel_cost {
  const char *layer; /* "encoder.0", or what is computed outside of layers: "z", "kl" */
  int line;          /* of the description; 0 outside of layers */
  enum lathe_pass pass;
  const char *ops;                 /* "conv + bias + relu" */
  const char *algorithm;           /* "im2col + BLAS" */
  double image_flops, image_bytes; /* for each image of the batch, */
  double step_flops, step_bytes;   /* and besides that for each step */
};

/* The BLAS that emitted code calls. */
struct lathe_blas {
  void (*set_threads)(int threads);
  char *(*config)(void); /* its name, version and kernels */
};

struct lathe_model {
  const char *name;
  const char *fingerprint;           /* 16 hex digits: same architecture, same fingerprint */
  const char *const *source;         /* the description, piece by piece, NULL at the end */
  const char *precision;             /* "float32" or "float64" */
  const char *flags;                 /* of the C compiler for the emitted code; NULL when unknown */
  const struct lathe_target *target; /* what that code may use; NULL: nothing special */
  const struct lathe_blas *blas;     /* NULL: that code calls none, and none is linked */

  enum lathe_kind kind;

  int input_rank;     /* 1, 2 or 3 */
  int input_shape[3]; /* [features], [channels, length] or [channels, height, width] */
  int input_size;     /* product of the shape */
  double range[2];    /* what pixel values 0 and 255 mean */
  bool bounded;       /* whether all values must be, and what is decoded is kept, within it */
  /* Images that go in and come out are as their files have them, or the range says; within, and in
   * all losses, they are normalised. */
  enum lathe_normalisation normalisation;
  const char *normalised; /* that in full, "standard, per channel"; NULL: not at all */
  int latent;             /* D; of a mixture alone, input_size */
  double logvar[2];       /* what log-variances are kept within */
  enum lathe_likelihood likelihood;
  const char *loss;      /* the likelihood in full: "gaussian, variance 0.5" */
  double variance_floor; /* of a Gaussian whose variance is learned: it is this + exp(logvar) */
  double kl_weight;      /* of the divergence; with a schedule, at the most */
  double free_bits;      /* 0: none */

  const struct lathe_tensor *tensors; /* in state_dict order */
  int tensor_count;
  int64_t parameter_count; /* trained values */
  const struct lathe_value *values;
  int value_count;
  const struct lathe_layer *layers;
  int layer_count;
  const struct lathe_kernel_cost *kernels; /* by the number that lathe_kernel is given */
  int kernel_count;

  /* The plan, in elements of lathe_real: fixed + per_image x capacity + scratch x threads. */
  size_t fixed_inference, fixed_training;
  size_t per_image_inference, per_image_training;
  size_t scratch;
  size_t em_doubles; /* EM statistics, in doubles */
  /* Inside `fixed`: trained parameters are [0, trained); gradients and optimiser state are blocks
   * of the same order and padding. A block that the optimiser does not keep is 0. */
  size_t trained, gradients, moments[LATHE_MOMENTS];

  double flops_forward; /* floating-point operations an image, forward */
  double flops_step;    /* and in a training step */

  struct lathe_training training;
  struct lathe_mixing mixing;

  /* Entry points, all emitted. n <= state->capacity images; image tensors [n, input_size] in
   * the input's own (C, H, W) order; latents [n, latent]. A mixture alone, without encoder and
   * decoder, has only the last two, and its points are images: see lathe_is_alone. */

  /* Means and log-variances of the posterior q(z | x), batch-norm in evaluation mode; with NULL for
   * `logvar` the means alone are computed. A plain autoencoder gives its code as the mean, and
   * takes no notice of `logvar` and of `noise`. */
  void (*encode)(struct lathe_state *state, int n, const lathe_real *images, lathe_real *mean,
                 lathe_real *logvar);
  /* Decoded images of latents: the means of the likelihood (of a Bernoulli one probabilities), or
   * of a categorical one the likeliest levels, if the description says so. */
  void (*decode)(struct lathe_state *state, int n, const lathe_real *latents, lathe_real *images);
  /* Loss without training; noise [n, latent] standard normal. */
  struct lathe_loss (*evaluate)(struct lathe_state *state, int n, const lathe_real *images,
                                const lathe_real *noise);
  /* One step: forward, backward, optimiser. `step` counts from 1 (Adam's bias correction). */
  struct lathe_loss (*train_step)(struct lathe_state *state, int n, const lathe_real *images,
                                  const lathe_real *noise, double rate, int64_t step);
  /* One EM iteration on points [n, latent]: replaces the mixture by the next one and writes the
   * mean log-likelihood of the points under the mixture as it was given. Returns 0, or 1 + the
   * first component whose covariance is not positive definite (the mixture is then unchanged). */
  int (*em_step)(struct lathe_state *state, int64_t n, const lathe_real *points,
                 struct lathe_mixture *mixture, double floor, double *log_likelihood);
  /* Posterior [n, components] of each point and (if not NULL) each point's log-likelihood.
   * Returns as em_step does. Needs no state. */
  int (*responsibilities)(const struct lathe_mixture *mixture, int64_t n, const lathe_real *points,
                          double *posterior, double *log_likelihood);
};

static inline bool lathe_is_alone(const struct lathe_model *model)
{
  return model->kind == LATHE_ALONE;
}

/* Whether latents have a posterior (log-variances, noise), which training holds to the standard
 * normal prior. */
static inline bool lathe_has_prior(const struct lathe_model *model)
{
  return model->kind == LATHE_VARIATIONAL;
}

/* Whether the divergence's weight changes in training, so that train_step takes it from the state.
 */
static inline bool lathe_kl_scheduled(const struct lathe_training *training)
{
  return training->kl_warmup > 0 || training->kl_cycles > 0;
}

/* The command line of every model binary. Returns the exit status: 0 done, 1 not, 2
 * wrong usage, 130 or 143 stopped by SIGINT or SIGTERM; 1, before any emitted code has run, on a
 * machine that lacks what that code was compiled for. */
int lathe_main(int argc, char **argv, const struct lathe_model *model);

#endif
