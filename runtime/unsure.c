#include "unsure.h"
#include "allocate.h"
#include <stdlib.h>

enum { CHUNK = 1024 }; /* points classified at a time */

static struct lathe_unsure judge(int64_t image, int components, const double *posterior)
{
  struct lathe_unsure u = {.image = image, .best = 0, .second = -1};
  for (int k = 1; k < components; k++)
    if (posterior[k] > posterior[u.best]) {
      u.second = u.best;
      u.best = k;
    } else if (u.second < 0 || posterior[k] > posterior[u.second]) {
      u.second = k;
    }
  u.likelihood[0] = posterior[u.best];
  u.likelihood[1] = posterior[u.second];
  return u;
}

/* Keeps the list [*count <= LATHE_UNSURE] sorted by the likelihood of the best component. */
static void insert(struct lathe_unsure list[LATHE_UNSURE], int *count, struct lathe_unsure u)
{
  if (*count == LATHE_UNSURE && u.likelihood[0] >= list[LATHE_UNSURE - 1].likelihood[0])
    return;
  int at = *count < LATHE_UNSURE ? (*count)++ : LATHE_UNSURE - 1;
  for (; at > 0 && list[at - 1].likelihood[0] > u.likelihood[0]; at--)
    list[at] = list[at - 1];
  list[at] = u;
}

bool lathe_unsure_find(const struct lathe_session *session,
                       const struct lathe_evaluation *evaluation,
                       struct lathe_unsure list[LATHE_UNSURE], int *count, struct lathe_error *err)
{
  int components = session->mixture.components;
  int64_t cluster[CHUNK];
  double *posterior =
      lathe_allocate(CHUNK, components, sizeof *posterior, "the clusters' probabilities", err);
  bool good = posterior != NULL;
  *count = 0;
  for (int64_t i = 0, n; good && i < evaluation->images; i += n) {
    n = evaluation->images - i < CHUNK ? evaluation->images - i : CHUNK;
    good = lathe_assign_clusters(session, n, evaluation->means + i * session->model->latent,
                                 cluster, posterior, NULL, err);
    for (int64_t j = 0; good && j < n; j++)
      insert(list, count, judge(i + j, components, posterior + j * components));
  }
  free(posterior);
  return good;
}
