/* How near reconstructions are to their images: mean squared error and structural similarity. */
#ifndef LATHE_METRICS_H
#define LATHE_METRICS_H

#include "pool.h"
#include "real.h"
#include <stdbool.h>
#include <stdint.h>

/* Mean over `size` values of (a - b)^2. */
double lathe_mse(int64_t size, const lathe_real *a, const lathe_real *b);

/* Structural similarity of two images [channels, height, width] as scikit-image's
 * structural_similarity computes it by default (Wang, Bovik, Sheikh and Simoncelli 2004 with a
 * uniform 7x7 window, K1 = 0.01, K2 = 0.03, sample covariances, mean over the windows that lie
 * inside the image, mean over channels). `data_range` is the difference between the largest and the
 * smallest value that pixels can have. Returns false, *ssim untouched, for an image with a side
 * under 7, where the measure is not defined. */
bool lathe_ssim(int channels, int height, int width, double data_range, const lathe_real *a,
                const lathe_real *b, double *ssim);

/* Sums over images, to be added to batch by batch; zero-initialise. */
struct lathe_similarity {
  int64_t images;
  double squared_error; /* sum over images of each image's mean squared error */
  double ssim;          /* sum over images of each image's SSIM */
  bool ssim_undefined;  /* the images have no SSIM: vectors, series, or a side under 7 */
};

/* Adds n images [n, shape] and their reconstructions. `rank` and `shape` are a model's input's: 1
 * [features] (which has no SSIM) or 3 [channels, height, width]. `data_range` as for lathe_ssim.
 * The sums are the same for any pool. */
void lathe_similarity_add(struct lathe_similarity *sums, int rank, const int shape[3],
                          double data_range, int64_t n, const lathe_real *images,
                          const lathe_real *reconstructions, struct lathe_pool *pool);

/* The mean over the images added; 0 when there are none. */
double lathe_similarity_mse(const struct lathe_similarity *sums);

/* The same of SSIM; false, *ssim untouched, when it is not defined or nothing was added. */
bool lathe_similarity_ssim(const struct lathe_similarity *sums, double *ssim);

#endif
