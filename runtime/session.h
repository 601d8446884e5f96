/* A model at work: threads, arena, mixture and the buffers for one batch; and the loops over a data
 * set, batch by batch, that all commands share. */
#ifndef LATHE_SESSION_H
#define LATHE_SESSION_H

#include "error.h"
#include "mixture.h"
#include "model.h"
#include "part.h"
#include "run.h"
#include "state.h"
#include <stdbool.h>
#include <stdint.h>

struct lathe_session {
  const struct lathe_model *model;
  struct lathe_pool *pool;
  struct lathe_state state;
  struct lathe_mixture mixture; /* components 0 until it is fitted or loaded */
  /* Room for one batch: [capacity, input_size] twice, [capacity, latent] three times. */
  lathe_real *images, *decoded;
  lathe_real *mean, *logvar, *noise;
};

struct lathe_session_size {
  int batch;   /* most images at once */
  int threads; /* 0: one a processor */
  bool training;
};

/* Starts threads (BLAS is held to one: the parallel work is ours) and takes memory; parameters are
 * zero until they are loaded or initialised. lathe_session_close accepts a zeroed session. */
bool lathe_session_open(struct lathe_session *session, const struct lathe_model *model,
                        struct lathe_session_size size, struct lathe_error *err);
void lathe_session_close(struct lathe_session *session);

/* Opens a session for inference with the weights and the mixture of a finished run. No more than
 * `most` images will be in a batch (0: as the run's batch). */
bool lathe_session_load(struct lathe_session *session, const struct lathe_model *model,
                        const struct lathe_run *run, int64_t most, int threads,
                        struct lathe_error *err);

/* Writes the weights, and the mixture once there is one, to the run folder. `steps` are the
 * training steps done. */
bool lathe_session_save(const struct lathe_session *session, const char *folder, int64_t steps,
                        struct lathe_error *err);

/* Means and (if not NULL) log-variances [part->count, latent] of the posterior of every image. */
void lathe_encode_part(struct lathe_session *session, const struct lathe_part *part,
                       lathe_real *mean, lathe_real *logvar);

/* Decodes n latents [n, latent] to images [n, input_size]. All decoded images that leave a session
 * are kept inside the model's range, if it is bounded. Of a mixture alone, an image is its own
 * latent, for encoding and decoding. */
void lathe_decode_latents(struct lathe_session *session, int64_t n, const lathe_real *latents,
                          lathe_real *images);

/* Encodes the part's images first .. first+n-1, n <= batch, into session->images and ->mean, and
 * decodes the means into session->decoded. */
void lathe_reconstruct_batch(struct lathe_session *session, const struct lathe_part *part,
                             int64_t first, int n);

/* The loss, averaged over the part; its noise comes from (seed, image's place in the part), so it
 * does not depend on the batch. */
struct lathe_loss lathe_measure_loss(struct lathe_session *session, const struct lathe_part *part,
                                     uint64_t seed);

/* Images in the batch that begins at image `first` of `count`. */
int lathe_batch_size(const struct lathe_session *session, int64_t first, int64_t count);

/* Likeliest component [n] of each point [n, latent], and (if not NULL) the posterior
 * [n, components] and the points' log-likelihoods [n]. Fails for points that are not finite, naming the
 * first. */
bool lathe_assign_clusters(const struct lathe_session *session, int64_t n, const lathe_real *points,
                           int64_t *cluster, double *posterior, double *log_likelihood,
                           struct lathe_error *err);

#endif
