#include "generate.h"
#include "allocate.h"
#include "density.h"
#include "philox.h"
#include <stdlib.h>

void lathe_draw_prior(int64_t n, int dimensions, uint64_t seed, lathe_real *latents)
{
  lathe_random_normal(seed, LATHE_RANDOM_SAMPLE, 0, 0, n * dimensions, latents);
}

/* The component in which the cumulative weights pass u. */
static int choose(const struct lathe_mixture *mixture, double u)
{
  int k = 0;
  for (double sum = mixture->weights[0]; k + 1 < mixture->components && u >= sum; k++)
    sum += mixture->weights[k + 1];
  return k;
}

bool lathe_draw_mixture(const struct lathe_mixture *mixture, int only, int64_t n, uint64_t seed,
                        lathe_real *latents, int64_t *cluster, struct lathe_error *err)
{
  int d = mixture->dimensions;
  struct lathe_density density;
  if (!lathe_density_new(&density, mixture, NULL, err))
    return false;
  double *noise = lathe_allocate(d, 1, sizeof *noise, "the latents' noise", err);
  for (int64_t i = 0; noise && i < n; i++) {
    double u = lathe_random_uniform(seed, LATHE_RANDOM_COMPONENT, 0, (uint64_t)i);
    int k = only >= 0 ? only : choose(mixture, u);
    const double *factor = density.factors + (size_t)k * (size_t)d * (size_t)d;
    lathe_random_normal_double(seed, LATHE_RANDOM_SAMPLE, 0, (uint64_t)(i * d), d, noise);
    for (int row = 0; row < d; row++) {
      double value = mixture->means[k * d + row];
      for (int column = 0; column <= row; column++)
        value += factor[row * d + column] * noise[column];
      latents[i * d + row] = (lathe_real)value;
    }
    cluster[i] = k;
  }
  bool good = noise != NULL;
  free(noise);
  lathe_density_free(&density);
  return good;
}
