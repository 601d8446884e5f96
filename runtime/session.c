#include "session.h"
#include "allocate.h"
#include "finite.h"
#include "gmm.h"
#include "philox.h"
#include "pool.h"
#include "safetensors.h"
#include "weights.h"
#include "weights_file.h"
#include <stdlib.h>
#include <string.h>

bool lathe_session_open(struct lathe_session *session, const struct lathe_model *model,
                        struct lathe_session_size size, struct lathe_error *err)
{
  *session = (struct lathe_session){.model = model};
  if (model->blas)
    model->blas->set_threads(1);
  session->pool = lathe_pool_new(size.threads);
  if (!session->pool)
    return lathe_fail(err, "no threads can be started: ask for fewer with --threads");
  if (!lathe_state_new(&session->state, model, size.batch, session->pool, size.training, err)) {
    lathe_session_close(session);
    return false;
  }
  const char *what = "a batch of images";
  size_t real = sizeof(lathe_real);
  session->images = lathe_allocate(size.batch, model->input_size, real, what, err);
  session->decoded = lathe_allocate(size.batch, model->input_size, real, what, err);
  session->mean = lathe_allocate(size.batch, model->latent, real, what, err);
  session->logvar = lathe_allocate(size.batch, model->latent, real, what, err);
  session->noise = lathe_allocate(size.batch, model->latent, real, what, err);
  if (!session->images || !session->decoded || !session->mean || !session->logvar ||
      !session->noise) {
    lathe_session_close(session);
    return false;
  }
  return true;
}

void lathe_session_close(struct lathe_session *session)
{
  free(session->images);
  free(session->decoded);
  free(session->mean);
  free(session->logvar);
  free(session->noise);
  lathe_mixture_free(&session->mixture);
  lathe_state_free(&session->state);
  lathe_pool_free(session->pool);
  *session = (struct lathe_session){0};
}

static bool load_weights(struct lathe_session *session, const struct lathe_run *run,
                         struct lathe_error *err)
{
  const struct lathe_model *model = session->model;
  char path[LATHE_PATH];
  struct lathe_tensors tensors;
  if (!lathe_run_path(run->folder, LATHE_RUN_WEIGHTS, path, err) ||
      !lathe_weights_read(&tensors, path, model, err))
    return false;
  bool good =
      lathe_weights_import(&tensors, path, model, &session->state, &session->mixture, NULL, err);
  if (good && session->mixture.components == 0)
    good = lathe_fail(err, "%s holds no mixture: train again", path);
  lathe_tensors_free(&tensors);
  return good;
}

bool lathe_session_save(const struct lathe_session *session, const char *folder, int64_t steps,
                        struct lathe_error *err)
{
  const struct lathe_model *model = session->model;
  const struct lathe_mixture *mixture = session->mixture.components > 0 ? &session->mixture : NULL;
  char path[LATHE_PATH];
  struct lathe_tensors tensors = {.deferred = true};
  bool good = lathe_run_path(folder, LATHE_RUN_WEIGHTS, path, err) &&
              lathe_weights_export(&tensors, model, &session->state, mixture, steps, err) &&
              lathe_tensors_add_metadata(&tensors, "model", model->name, err) &&
              lathe_tensors_add_metadata(&tensors, "fingerprint", model->fingerprint, err) &&
              lathe_tensors_write(&tensors, path, err);
  lathe_tensors_free(&tensors);
  return good;
}

bool lathe_session_load(struct lathe_session *session, const struct lathe_model *model,
                        const struct lathe_run *run, int64_t most, int threads,
                        struct lathe_error *err)
{
  int batch = most > 0 && most < run->batch ? (int)most : run->batch;
  struct lathe_session_size size = {.batch = batch, .threads = threads};
  if (!lathe_session_open(session, model, size, err))
    return false;
  if (load_weights(session, run, err))
    return true;
  lathe_session_close(session);
  return false;
}

int lathe_batch_size(const struct lathe_session *session, int64_t first, int64_t count)
{
  int64_t left = count - first;
  return left < session->state.capacity ? (int)left : session->state.capacity;
}

/* A mixture alone is of the images themselves. */
static void encode(struct lathe_session *session, int n, lathe_real *mean, lathe_real *logvar)
{
  const struct lathe_model *model = session->model;
  if (lathe_is_alone(model))
    memcpy(mean, session->images, (size_t)n * (size_t)model->input_size * sizeof *mean);
  else
    model->encode(&session->state, n, session->images, mean, logvar);
}

void lathe_encode_part(struct lathe_session *session, const struct lathe_part *part,
                       lathe_real *mean, lathe_real *logvar)
{
  const struct lathe_model *model = session->model;
  for (int64_t i = 0, n; i < part->count; i += n) {
    n = lathe_batch_size(session, i, part->count);
    lathe_dataset_gather_on(session->pool, part->dataset, model, part->indices, i, (int)n,
                            session->images);
    encode(session, (int)n, mean + i * model->latent, logvar ? logvar + i * model->latent : NULL);
  }
}

/* A decoder without a sigmoid may leave the range. */
static void keep_in_range(const struct lathe_model *model, int64_t values, lathe_real *images)
{
  if (!model->bounded)
    return;
  lathe_real least = (lathe_real)model->range[0], most = (lathe_real)model->range[1];
  for (int64_t i = 0; i < values; i++)
    images[i] = images[i] < least ? least : images[i] > most ? most : images[i];
}

void lathe_decode_latents(struct lathe_session *session, int64_t n, const lathe_real *latents,
                          lathe_real *images)
{
  const struct lathe_model *model = session->model;
  for (int64_t i = 0, some; i < n; i += some) {
    some = lathe_batch_size(session, i, n);
    if (lathe_is_alone(model))
      memcpy(images + i * model->latent, latents + i * model->latent,
             (size_t)(some * model->latent) * sizeof *images);
    else
      model->decode(&session->state, (int)some, latents + i * model->latent,
                    images + i * model->input_size);
  }
  keep_in_range(model, n * model->input_size, images);
}

void lathe_reconstruct_batch(struct lathe_session *session, const struct lathe_part *part,
                             int64_t first, int n)
{
  const struct lathe_model *model = session->model;
  lathe_dataset_gather_on(session->pool, part->dataset, model, part->indices, first, n,
                          session->images);
  encode(session, n, session->mean, NULL);
  lathe_decode_latents(session, n, session->mean, session->decoded);
}

struct lathe_loss lathe_measure_loss(struct lathe_session *session, const struct lathe_part *part,
                                     uint64_t seed)
{
  const struct lathe_model *model = session->model;
  struct lathe_loss sum = {0};
  for (int64_t i = 0, n; i < part->count; i += n) {
    n = lathe_batch_size(session, i, part->count);
    lathe_dataset_gather_on(session->pool, part->dataset, model, part->indices, i, (int)n,
                            session->images);
    if (lathe_has_prior(model))
      lathe_random_normal(seed, LATHE_RANDOM_VALIDATION_NOISE, 0, (uint64_t)(i * model->latent),
                          n * model->latent, session->noise);
    struct lathe_loss loss =
        model->evaluate(&session->state, (int)n, session->images, session->noise);
    sum.reconstruction += loss.reconstruction * (double)n;
    sum.kl += loss.kl * (double)n;
    sum.total += loss.total * (double)n;
    sum.clamped += loss.clamped;
  }
  double count = part->count > 0 ? (double)part->count : 1;
  return (struct lathe_loss){sum.reconstruction / count, sum.kl / count, sum.total / count,
                             sum.clamped};
}

bool lathe_assign_clusters(const struct lathe_session *session, int64_t n, const lathe_real *points,
                           int64_t *cluster, double *posterior, double *log_likelihood,
                           struct lathe_error *err)
{
  int components = session->mixture.components, latent = session->model->latent;
  double *own = NULL;
  if (!lathe_expect_finite(session->model, "the latent mean", points, 0, n, latent, err))
    return false;
  if (!posterior) {
    own = lathe_allocate(session->state.capacity, components, sizeof *own,
                         "the clusters' probabilities", err);
    if (!own)
      return false;
  }
  int bad = 0;
  for (int64_t i = 0, some; i < n && !bad; i += some) {
    some = lathe_batch_size(session, i, n);
    double *p = posterior ? posterior + i * components : own;
    bad = session->model->responsibilities(&session->mixture, some, points + i * latent, p,
                                           log_likelihood ? log_likelihood + i : NULL);
    for (int64_t j = 0; j < some && !bad; j++) {
      int best = 0;
      for (int k = 1; k < components; k++)
        if (p[j * components + k] > p[j * components + best])
          best = k;
      cluster[i + j] = best;
    }
  }
  free(own);
  if (bad)
    return lathe_fail(err,
                      "the mixture's component %d has a covariance that is not positive definite: "
                      "the weights are damaged, train again",
                      bad - 1);
  return true;
}
