#include "interpolate.h"
#include "latent_plot.h"
#include <stdio.h>

int lathe_interpolations(const struct lathe_evaluation *evaluation, int components,
                         struct lathe_interpolation paths[LATHE_INTERPOLATIONS])
{
  int64_t ends[LATHE_INTERPOLATIONS];
  int count = 0;
  for (int k = 0; k < components && count < LATHE_INTERPOLATIONS; k++)
    for (int64_t i = 0; i < evaluation->images; i++)
      if (evaluation->clusters[i] == k) {
        ends[count++] = i;
        break;
      }
  if (evaluation->images < 2)
    return 0;
  if (count == 1) {
    ends[0] = 0;
    ends[count++] = 1;
  }
  int paths_count = count > 2 ? count : count - 1; /* round to the first again */
  for (int i = 0; i < paths_count; i++)
    paths[i] = (struct lathe_interpolation){ends[i], ends[(i + 1) % count]};
  return paths_count;
}

void lathe_interpolate(struct lathe_session *session, const struct lathe_part *part,
                       const struct lathe_evaluation *evaluation,
                       const struct lathe_interpolation *path, lathe_real *latents,
                       lathe_real *images)
{
  const struct lathe_model *model = session->model;
  int d = model->latent;
  const lathe_real *from = evaluation->means + path->from * d,
                   *to = evaluation->means + path->to * d;
  lathe_real *last = images + (int64_t)(LATHE_INTERPOLATED + 1) * model->input_size;
  for (int step = 0; step < LATHE_INTERPOLATED; step++) {
    lathe_real share = (lathe_real)step / (lathe_real)(LATHE_INTERPOLATED - 1);
    for (int j = 0; j < d; j++)
      latents[step * d + j] = (1 - share) * from[j] + share * to[j];
  }
  lathe_dataset_gather(part->dataset, model, part->indices, path->from, 1, images);
  lathe_decode_latents(session, LATHE_INTERPOLATED, latents, images + model->input_size);
  lathe_dataset_gather(part->dataset, model, part->indices, path->to, 1, last);
}

void lathe_interpolation_name(const struct lathe_mixture *mixture,
                              const struct lathe_evaluation *evaluation,
                              const struct lathe_interpolation *path,
                              char name[LATHE_INTERPOLATION_NAME])
{
  char from[32], to[32];
  lathe_component_name(mixture, (int)evaluation->clusters[path->from], from);
  lathe_component_name(mixture, (int)evaluation->clusters[path->to], to);
  snprintf(name, LATHE_INTERPOLATION_NAME, "From %s to %s", from, to);
}
