/* What the files of the Winograd ops share. */
#ifndef OP_WINOGRAD_H
#define OP_WINOGRAD_H

#include "../emit_kernel.h"
#include "../winograd.h"

/* The kinds of one-dimensional transforms; an adjoint is the transposed matrix. */
enum transform {
  TRANSFORM_DATA,            /* pixels of a tile -> points */
  TRANSFORM_DATA_ADJOINT,    /* points -> pixels */
  TRANSFORM_INVERSE,         /* points -> outputs of a tile */
  TRANSFORM_INVERSE_ADJOINT, /* outputs -> points */
};

/* Binds the geometry: $C channels, $O filters, $H $W image, $OH $OW outputs, $s stride, $phases,
 * $TY $TX tiles, $PY $PX points, and $row, the helper that says where a product's row lies. */
void winograd_bind(struct emitter *e, const struct convolution *c);

/* Calls of the transform that suits the tile's place: `if (ty < 1) NAME(from, to, $count);` ... */
void emit_transform(struct emitter *e, enum transform kind, const struct winograd_axis *axis,
                    int taps, const char *tile);

/* Loops over the tiles of image i, with `down` and `along` the lines of each: of points, or with
 * `outputs` of outputs; closed by the caller ("}\n}\n"). */
void emit_tiles(struct emitter *e, const struct winograd *w);

/* "static const $real g[5][2] = {{1.0F, 0.0F}, ...};": a filter's taps, weighted for its value at
 * each point that any tile uses. */
const char *winograd_filter_table(const struct emitter *e, int taps);

#endif
