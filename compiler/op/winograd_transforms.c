/* The four transforms between images and points. In each, a tile goes through one dimension into
 * scratch memory that stays in the nearest cache, and through the other from there. */
#include "../algorithm.h"
#include "../op.h"
#include "winograd.h"

enum { IMAGES = 2 }; /* of a task */

static void plan(struct kernel *kernel, int channels)
{
  struct winograd w = winograd_of(&kernel->chain[0]->conv);
  kernel_by_images(kernel, IMAGES);
  kernel->scratch = (int64_t)(w.y.points * w.x.points + 1) * channels;
  kernel_computed_by(kernel, ALGORITHM_WINOGRAD, algorithm_table[ALGORITHM_WINOGRAD].convolution);
}

/* Tiles of the image side: with all its channels. */
void winograd_data_plan(struct kernel *kernel)
{
  plan(kernel, kernel->chain[0]->conv.channels);
}

/* Tiles of the filtered side. */
void winograd_inverse_plan(struct kernel *kernel)
{
  plan(kernel, kernel->chain[0]->conv.filters);
}

/* Pointers to a column of the tile's pixels in the image; those outside of it are $outside. */
static const char pixels[] = "const int ix = ox + q * $s;\n"
                             "for (int p = 0; p < down; p++) {\n"
                             "const int iy = oy + p * $s;\n"
                             "const int inside = iy >= 0 && iy < $H && ix >= 0 && ix < $W;\n"
                             "$pixel[p] = inside ? image + (iy * $W + ix) * $C : outside;\n"
                             "$point[p] = tile + (p * $PX + q) * $C;\n"
                             "}\n";

/* Pointers to a row of the tile's points, in scratch memory and among the products. */
static const char points[] =
    "for (int q = 0; q < along; q++) {\n"
    "$tile_side[q] = tile + (p * $PX + q) * $C;\n"
    "$point_side[q] = $values + ($row(n, p, q, i, ty, tx) * $phases + phase) * $C;\n"
    "}\n";

void winograd_data_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  struct winograd w = winograd_of(c);
  winograd_bind(e, c);
  emit_bind(e, "count", "%d", c->channels);
  emit_bind(e, "pixel", "from");
  emit_bind(e, "point", "to");
  emit_bind(e, "tile_side", "from");
  emit_bind(e, "point_side", "to");
  emit_bind(e, "values", "%s", emit_value(e, "v"));
  emit(e, "$real *const outside = scratch, *const tile = scratch + $C;\n"
          "memset(outside, 0, $C * sizeof *outside);\n"
          "for (int i = begin; i < end; i++) {\n"
          "const $real *const image = $x + i * $H * $W * $C;\n");
  emit_tiles(e, &w);
  emit(e, "for (int phase = 0; phase < $phases; phase++) {\n"
          "const int oy = ($y0) * $s + phase / $s$pad, ox = ($x0) * $s + phase % $s$pad;\n"
          "for (int q = 0; q < along; q++) { /* down the columns of pixels */\n"
          "const $real *from[$PY];\n"
          "$real *to[$PY];\n");
  emit(e, pixels);
  emit_transform(e, TRANSFORM_DATA, &w.y, w.taps, "ty");
  emit(e, "}\n"
          "for (int p = 0; p < down; p++) { /* along the rows of points */\n"
          "const $real *from[$PX];\n"
          "$real *to[$PX];\n");
  emit(e, points);
  emit_transform(e, TRANSFORM_DATA, &w.x, w.taps, "tx");
  emit(e, "}\n}\n}\n}\n}\n");
}

void winograd_data_adjoint_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  struct winograd w = winograd_of(c);
  winograd_bind(e, c);
  emit_bind(e, "count", "%d", c->channels);
  emit_bind(e, "pixel", "pixel");
  emit_bind(e, "tile_side", "to");
  emit_bind(e, "point_side", "from");
  emit_bind(e, "values", "%s", emit_value(e, "dv"));
  emit(e, "$real *const tile = scratch;\n"
          "for (int i = begin; i < end; i++) {\n"
          "$real *const image = $dx + i * $H * $W * $C;\n"
          "memset(image, 0, $H * $W * $C * sizeof *image); /* tiles overlap */\n");
  emit_tiles(e, &w);
  emit(e, "for (int phase = 0; phase < $phases; phase++) {\n"
          "const int oy = ($y0) * $s + phase / $s$pad, ox = ($x0) * $s + phase % $s$pad;\n"
          "for (int p = 0; p < down; p++) { /* along the rows of points */\n"
          "const $real *from[$PX];\n"
          "$real *to[$PX];\n");
  emit(e, points);
  emit_transform(e, TRANSFORM_DATA_ADJOINT, &w.x, w.taps, "tx");
  emit(e, "}\n"
          "for (int q = 0; q < along; q++) { /* down the columns of pixels */\n"
          "const $real *from[$PY];\n"
          "$real *to[$PY];\n"
          "for (int p = 0; p < down; p++) {\n"
          "from[p] = tile + (p * $PX + q) * $C;\n"
          "to[p] = tile + (p * $PX + q) * $C;\n"
          "}\n");
  emit_transform(e, TRANSFORM_DATA_ADJOINT, &w.y, w.taps, "ty");
  emit(e, "const int ix = ox + q * $s;\n"
          "for (int p = 0; p < down; p++) {\n"
          "const int iy = oy + p * $s;\n"
          "if (iy < 0 || iy >= $H || ix < 0 || ix >= $W)\n  continue;\n"
          "$real *const pixel = image + (iy * $W + ix) * $C;\n"
          "for (int c = 0; c < $C; c++)\n"
          "  pixel[c] += to[p][c];\n"
          "}\n}\n}\n}\n}\n}\n");
  emit_epilogue_images(e, kernel, 1);
}

void winograd_inverse_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  struct winograd w = winograd_of(c);
  winograd_bind(e, c);
  emit_bind(e, "count", "%d", c->filters);
  emit(e, "$real *const tile = scratch;\n"
          "for (int i = begin; i < end; i++) {\n"
          "$real *const image = $y + i * $OH * $OW * $O;\n");
  emit_tiles(e, &w);
  emit(e, "for (int q = 0; q < along; q++) { /* down the columns of points */\n"
          "const $real *from[$PY];\n"
          "$real *to[$PY];\n"
          "for (int p = 0; p < down; p++)\n"
          "  from[p] = $m + $row(n, p, q, i, ty, tx) * $O;\n"
          "for (int oy = 0; oy < down - $fewer; oy++)\n"
          "  to[oy] = tile + (oy * $PX + q) * $O;\n");
  emit_transform(e, TRANSFORM_INVERSE, &w.y, w.taps, "ty");
  emit(e, "}\n"
          "for (int oy = 0; oy < down - $fewer; oy++) { /* along the rows of outputs */\n"
          "const $real *from[$PX];\n"
          "$real *to[$PX];\n"
          "for (int q = 0; q < along; q++)\n"
          "  from[q] = tile + (oy * $PX + q) * $O;\n"
          "for (int ox = 0; ox < along - $fewer; ox++)\n"
          "  to[ox] = image + (($y0 + oy) * $OW + $x0 + ox) * $O;\n");
  emit_transform(e, TRANSFORM_INVERSE, &w.x, w.taps, "tx");
  emit(e, "}\n}\n}\n}\n");
  emit_epilogue_images(e, kernel, 1);
}

void winograd_inverse_adjoint_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  struct winograd w = winograd_of(c);
  winograd_bind(e, c);
  emit_bind(e, "count", "%d", c->filters);
  emit(e, "$real *const tile = scratch;\n"
          "for (int i = begin; i < end; i++) {\n"
          "const $real *const image = $dy + i * $OH * $OW * $O;\n");
  emit_tiles(e, &w);
  emit(e, "for (int ox = 0; ox < along - $fewer; ox++) { /* down the columns of outputs */\n"
          "const $real *from[$PY];\n"
          "$real *to[$PY];\n"
          "for (int oy = 0; oy < down - $fewer; oy++)\n"
          "  from[oy] = image + (($y0 + oy) * $OW + $x0 + ox) * $O;\n"
          "for (int p = 0; p < down; p++)\n"
          "  to[p] = tile + (p * $PX + ox) * $O;\n");
  emit_transform(e, TRANSFORM_INVERSE_ADJOINT, &w.y, w.taps, "ty");
  emit(e, "}\n"
          "for (int p = 0; p < down; p++) { /* along the rows of points */\n"
          "const $real *from[$PX];\n"
          "$real *to[$PX];\n"
          "for (int ox = 0; ox < along - $fewer; ox++)\n"
          "  from[ox] = tile + (p * $PX + ox) * $O;\n"
          "for (int q = 0; q < along; q++)\n"
          "  to[q] = $dm + $row(n, p, q, i, ty, tx) * $O;\n");
  emit_transform(e, TRANSFORM_INVERSE_ADJOINT, &w.x, w.taps, "tx");
  emit(e, "}\n}\n}\n}\n");
}
