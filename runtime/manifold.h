/* The 2-D manifold: what a model with a latent plane decodes all over it. */
#ifndef LATHE_MANIFOLD_H
#define LATHE_MANIFOLD_H

#include "error.h"
#include "real.h"
#include "session.h"
#include <stdbool.h>

/* The n x n latents [n * n, 2] in reading order: across, the first coordinate, down, the second,
 * run over the normal quantiles of n probabilities evenly spaced in [from, to]; so equal areas of
 * the picture are equally probable under the prior. n >= 2. */
void lathe_manifold_latents(int n, double from, double to, lathe_real *latents);

/* Decodes them and writes the picture. The session's model must have a 2-D latent. */
bool lathe_manifold_picture(struct lathe_session *session, const char *path, int n, double from,
                            double to, struct lathe_error *err);

#endif
