/* Latents drawn at random, to be decoded into new images. */
#ifndef LATHE_GENERATE_H
#define LATHE_GENERATE_H

#include "error.h"
#include "mixture.h"
#include "real.h"
#include <stdbool.h>
#include <stdint.h>

/* n latents [n, dimensions] of the standard normal prior. */
void lathe_draw_prior(int64_t n, int dimensions, uint64_t seed, lathe_real *latents);

/* n latents of the mixture, or of its component `only` when that is not negative; cluster [n] is
 * the component each was drawn from. The first draws do not depend on n. */
bool lathe_draw_mixture(const struct lathe_mixture *mixture, int only, int64_t n, uint64_t seed,
                        lathe_real *latents, int64_t *cluster, struct lathe_error *err);

#endif
