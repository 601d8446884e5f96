#include "evaluation.h"
#include "allocate.h"
#include "gmm.h"
#include "normalise.h"
#include "words.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool has_names(const struct lathe_mixture *mixture)
{
  for (int k = 0; k < mixture->components; k++)
    if (mixture->labels[k] >= 0)
      return true;
  return false;
}

/* Names for the components of `mixture`: its own, or the best match to these points' labels. */
static bool choose_names(struct lathe_evaluation *out, const struct lathe_mixture *mixture,
                         const int64_t *truth, int64_t *names, struct lathe_error *err)
{
  struct lathe_mixture named = *mixture;
  named.labels = names;
  memcpy(names, mixture->labels, (size_t)mixture->components * sizeof *names);
  out->matched = !has_names(mixture);
  return !out->matched || lathe_gmm_name_components(&named, out->images, out->means, truth, err);
}

static bool score(struct lathe_evaluation *out, const struct lathe_mixture *mixture,
                  const struct lathe_part *part, struct lathe_error *err)
{
  int64_t *truth = lathe_part_labels(part, err);
  int64_t *names =
      lathe_allocate(mixture->components, 1, sizeof *names, "the clusters' names", err);
  int64_t *predicted =
      lathe_allocate(part->count, 1, sizeof *predicted, "the predicted labels", err);
  bool good = truth && names && predicted && choose_names(out, mixture, truth, names, err);
  for (int64_t i = 0; good && i < part->count; i++)
    predicted[i] = names[out->clusters[i]];
  good = good && lathe_scores_new(&out->scores, part->count, truth, predicted, err);
  out->scored = good;
  out->names = mixture->names;
  free(truth);
  free(names);
  free(predicted);
  return good;
}

/* Likeliest components, and how likely the means are. */
static bool assign(struct lathe_evaluation *out, const struct lathe_session *session,
                   struct lathe_error *err)
{
  const struct lathe_mixture *mixture = &session->mixture;
  double *likelihoods =
      lathe_allocate(out->images, 1, sizeof *likelihoods, "the points' likelihoods", err);
  bool good = likelihoods && lathe_assign_clusters(session, out->images, out->means, out->clusters,
                                                   NULL, likelihoods, err);
  double sum = 0;
  for (int64_t i = 0; good && i < out->images; i++)
    sum += likelihoods[i];
  double free_parameters =
      (double)lathe_mixture_freedom(mixture->covariance, mixture->components, mixture->dimensions);
  out->fitness = (struct lathe_fitness){
      .log_likelihood = out->images > 0 ? sum / (double)out->images : 0,
      .bic = free_parameters * log((double)out->images) - 2 * sum,
      .aic = 2 * free_parameters - 2 * sum,
  };
  free(likelihoods);
  return good;
}

bool lathe_evaluate(struct lathe_evaluation *out, struct lathe_session *session,
                    const struct lathe_part *part, uint64_t seed, struct lathe_error *err)
{
  const struct lathe_model *model = session->model;
  *out = (struct lathe_evaluation){.images = part->count,
                                   .decoded = !lathe_is_alone(model),
                                   .divergence = lathe_has_prior(model)};
  out->means = lathe_allocate(part->count, model->latent, sizeof *out->means, "the latents", err);
  out->clusters = lathe_allocate(part->count, 1, sizeof *out->clusters, "the clusters", err);
  bool good = out->means && out->clusters;
  for (int64_t i = 0, n; good && i < part->count; i += n) {
    n = lathe_batch_size(session, i, part->count);
    if (!out->decoded) {
      lathe_dataset_gather(part->dataset, model, part->indices, i, (int)n,
                           out->means + i * model->latent);
      continue;
    }
    lathe_reconstruct_batch(session, part, i, (int)n);
    memcpy(out->means + i * model->latent, session->mean,
           (size_t)(n * model->latent) * sizeof *out->means);
    lathe_similarity_add(&out->similarity, model->input_rank, model->input_shape,
                         model->range[1] - model->range[0], n, session->images, session->decoded,
                         session->pool);
  }
  if (good && out->decoded) {
    out->loss = lathe_measure_loss(session, part, seed);
    out->elbo = -out->loss.reconstruction - out->loss.kl -
                lathe_normalise_log_scale(model, &session->state);
  }
  if (good && out->decoded && !isfinite(out->loss.total))
    good = lathe_fail(err,
                      "the loss of these %s is %g: the weights are too large for them, or "
                      "damaged; train with a lower rate",
                      lathe_input_words(model), out->loss.total);
  good = good && assign(out, session, err);
  if (good && part->dataset->labels.count > 0)
    good = score(out, &session->mixture, part, err);
  if (!good)
    lathe_evaluation_free(out);
  return good;
}

void lathe_evaluation_free(struct lathe_evaluation *evaluation)
{
  free(evaluation->means);
  free(evaluation->clusters);
  lathe_scores_free(&evaluation->scores);
  *evaluation = (struct lathe_evaluation){0};
}
