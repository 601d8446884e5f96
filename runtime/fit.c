#include "fit.h"
#include "allocate.h"
#include <stdlib.h>

/* The latent means of a part's images [count, latent], to be freed with free(); NULL without
 * memory.
 */
static lathe_real *encode(struct lathe_session *session, const struct lathe_part *part,
                          struct lathe_error *err)
{
  lathe_real *means =
      lathe_allocate(part->count, session->model->latent, sizeof *means, "the latents", err);
  if (means)
    lathe_encode_part(session, part, means, NULL);
  return means;
}

bool lathe_name_clusters(struct lathe_session *session, const struct lathe_dataset *labelled,
                         struct lathe_error *err)
{
  struct lathe_part part = lathe_part_all(labelled);
  lathe_real *means = encode(session, &part, err);
  bool good = means && lathe_gmm_name_components(&session->mixture, part.count, means,
                                                 labelled->labels.data, err);
  free(means);
  return good;
}

/* The classes' means in the latent space. */
static bool find_start(struct lathe_session *session, const struct lathe_dataset *labelled,
                       struct lathe_gmm_start *start, struct lathe_error *err)
{
  struct lathe_part part = lathe_part_all(labelled);
  lathe_real *means = encode(session, &part, err);
  bool good = means && lathe_gmm_start_new(start, part.count, session->model->latent, means,
                                           labelled->labels.data, err);
  start->names = labelled->names.count > 0 ? &labelled->names : NULL;
  free(means);
  return good;
}

/* What the classes are called, if they are. */
static void take_names(struct lathe_session *session, const struct lathe_dataset *labelled)
{
  session->mixture.names = labelled->names.count > 0 ? &labelled->names : NULL;
}

bool lathe_fit_mixture(struct lathe_session *session, const struct lathe_part *part,
                       const struct lathe_dataset *labelled, uint64_t seed,
                       struct lathe_em_report *report, lathe_em_progress *progress, void *arg,
                       struct lathe_error *err)
{
  const struct lathe_model *model = session->model;
  bool from_labels = model->mixing.init == LATHE_INIT_LABELLED;
  struct lathe_gmm_start start = {0};
  *report = (struct lathe_em_report){0};
  if (from_labels && !find_start(session, labelled, &start, err))
    return false;
  lathe_real *means = encode(session, part, err);
  bool good = means &&
              lathe_gmm_fit(model, &session->state, part->count, means, from_labels ? &start : NULL,
                            seed, &session->mixture, report, progress, arg, err);
  if (good && from_labels)
    take_names(session, labelled);
  if (good && !from_labels && labelled->count > 0)
    good = lathe_name_clusters(session, labelled, err);
  lathe_gmm_start_free(&start);
  free(means);
  return good;
}
