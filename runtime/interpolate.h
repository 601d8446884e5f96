/* Paths between images: straight lines in the latent space, decoded. */
#ifndef LATHE_INTERPOLATE_H
#define LATHE_INTERPOLATE_H

#include "evaluation.h"
#include "session.h"

enum { LATHE_INTERPOLATED = 10, LATHE_INTERPOLATIONS = 8, LATHE_INTERPOLATION_NAME = 96 };

/* From image `from` of a part to image `to`. */
struct lathe_interpolation {
  int64_t from, to;
};

/* Paths from the first image of each cluster that has any to that of the next, and from the last to
 * the first again; of a single cluster between its first two. Returns how many: none where
 * there is but one image. */
int lathe_interpolations(const struct lathe_evaluation *evaluation, int components,
                         struct lathe_interpolation paths[LATHE_INTERPOLATIONS]);

/* images [LATHE_INTERPOLATED + 2, ...]: both ends as they are, and between them what is decoded
 * along the straight line from one's latent mean to the other's; latents [LATHE_INTERPOLATED,
 * latent] is room to work in. `evaluation` is of `part`. */
void lathe_interpolate(struct lathe_session *session, const struct lathe_part *part,
                       const struct lathe_evaluation *evaluation,
                       const struct lathe_interpolation *path, lathe_real *latents,
                       lathe_real *images);

/* "From 1 to 4": the clusters' names. */
void lathe_interpolation_name(const struct lathe_mixture *mixture,
                              const struct lathe_evaluation *evaluation,
                              const struct lathe_interpolation *path,
                              char name[LATHE_INTERPOLATION_NAME]);

#endif
