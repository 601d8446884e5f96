/* Winograd's minimal filtering (Winograd 1980; Lavin & Gray 2016, "Fast algorithms for
 * convolutional neural networks"): m outputs of a filter of r taps with m + r - 1 multiplications
 * instead of m r. Both sides are taken as polynomials and evaluated at as many points, the values
 * are multiplied, and the product is interpolated (Toom & Cook); the transposed form of that is
 *
 *     y = A^T [(G g) . (B^T d)]      y: m outputs, g: r taps, d: m + r - 1 inputs.
 *
 * In two dimensions each transform is applied down the columns and along the rows. A filter of
 * stride s splits into s x s filters of stride 1, each over every s-th pixel. */
#ifndef WINOGRAD_H
#define WINOGRAD_H

#include "graph.h"

enum {
  WINOGRAD_TILE = 4,   /* most outputs of a tile: more cost digits */
  WINOGRAD_TAPS = 3,   /* most taps of a filter */
  WINOGRAD_POINTS = 6, /* of the largest tile and filter */
};

/* One dimension of a convolution: its outputs as tiles of `size` and, last, of `size` - 1. A tile
 * of m outputs uses the first m + taps - 1 points. */
struct winograd_axis {
  int tiles, size;
  int whole; /* tiles of `size`; the others have one output less */
  int points;
};

struct winograd {
  struct winograd_axis y, x;
  int taps;     /* of a filter of stride 1: kernel / stride */
  int phases;   /* stride x stride */
  int rows;     /* products of an image: tiles, summed over the points */
  int channels; /* of a product's left side: phases x channels */
};

/* Whether the geometry allows it: a square kernel without dilation and groups, taps of 2 or 3,
 * whole vectors of channels. */
bool winograd_fits(const struct convolution *c);
struct winograd winograd_of(const struct convolution *c);

/* Points of a filter: of both dimensions. */
int winograd_point_count(const struct convolution *c);

/* Tiles of a dimension that use `point`. */
int winograd_tiles_at(const struct winograd_axis *axis, int point);

/* The transforms of a tile of m outputs, row by row; the last point of the order 0, infinity, 1,
 * -1, 2, -2 is m + r - 2. */
void winograd_data_matrix(int m, int r, double b[WINOGRAD_POINTS][WINOGRAD_POINTS]);      /* B^T */
void winograd_filter_matrix(int points, int r, double g[WINOGRAD_POINTS][WINOGRAD_TAPS]); /* G */
void winograd_inverse_matrix(int m, int r, double a[WINOGRAD_TILE][WINOGRAD_POINTS]);     /* A^T */

/* Multiplications, relative to the plain algorithm's. */
double winograd_share(const struct convolution *c);

#endif
