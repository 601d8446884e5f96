/* Pictures made of images: grids, pairs, captioned rows, the manifold. Each function writes one PNG
 * file as output.h does (whole or not at all) and returns false with a message where it cannot. */
#ifndef LATHE_PICTURE_H
#define LATHE_PICTURE_H

#include "canvas.h"
#include "error.h"
#include "real.h"
#include <stdbool.h>
#include <stdint.h>

/* How images lie in memory and what their values mean: each image is [channels, height, width].
 * One channel is shown in grey, three as red, green, blue; of any other number the first channel
 * in grey. range[0] is black and range[1] full brightness; values outside are cut, and a value
 * that is not a number is shown in magenta, so that it is seen. */
struct lathe_picture_format {
  int channels, height, width;
  double range[2];
  int scale;   /* screen pixels a pixel, 1 .. 64; 0 chooses one by the image's size */
  bool curves; /* series [channels, width], height 1, drawn as curves: range[0] is the lower edge */
};

/* The format of a model's images: `shape` is [channels, height, width] (rank 3), a series
 * [channels, length] (rank 2) or [features] (rank 1), where a square number of features is taken
 * for a square grey image and any other for a curve. Scale is left to be chosen. */
struct lathe_picture_format lathe_picture_format(int rank, const int *shape, const double range[2]);

/* Makes the range that of the values of `n` images themselves, from the least to the greatest, for
 * images that keep to none. Values that are not numbers do not count, and where all are the same
 * the range stays. */
void lathe_picture_fit(struct lathe_picture_format *format, const lathe_real *images, int64_t n);

/* The format of `n` of a model's images: with their own range, where the model keeps to none, and
 * of curves, which would be flat in a wider one. */
struct lathe_model;
struct lathe_picture_format lathe_picture_format_of(const struct lathe_model *model,
                                                    const lathe_real *images, int64_t n);

/* `n` images in reading order, `columns` a row (0: as near to a square as can be). */
bool lathe_picture_grid(const char *path, const struct lathe_picture_format *format,
                        const lathe_real *images, int n, int columns, struct lathe_error *err);

/* n originals in a row, their n reconstructions below; after `columns` of them (0: 16) the next
 * such pair of rows begins. Rows are captioned. */
bool lathe_picture_pairs(const char *path, const struct lathe_picture_format *format,
                         const lathe_real *originals, const lathe_real *reconstructions, int n,
                         int columns, struct lathe_error *err);

/* images [rows, columns, ...]: each row with its caption on the left (captions[rows]; captions, or
 * one of them, may be NULL). Samples by cluster are shown so. */
bool lathe_picture_rows(const char *path, const struct lathe_picture_format *format,
                        const lathe_real *images, int rows, int columns,
                        const char *const *captions, struct lathe_error *err);

/* The 2-D manifold: images [n, n, ...] without gaps, where row i, column j is decoded from the
 * latent (across: j-th, down: i-th) of n probabilities evenly spaced in [from, to], put through the
 * inverse normal CDF. The probabilities are written along both axes. */
bool lathe_picture_manifold(const char *path, const struct lathe_picture_format *format,
                            const lathe_real *images, int n, double from, double to,
                            struct lathe_error *err);

/* A page of images [rows, columns, ...] side by side with nothing between or around them, at the
 * format's scale or else pixel for pixel: for canvas.h, which `what` names it to in messages. */
cairo_t *lathe_picture_tiles_page(const char *what, const struct lathe_picture_format *format,
                                  const lathe_real *images, int rows, int columns,
                                  struct lathe_error *err);

#endif
