/* One image of a picture: its pixels, or the curves of a series. */
#ifndef LATHE_PICTURE_CELL_H
#define LATHE_PICTURE_CELL_H

#include "picture.h"
#include <stddef.h>

/* The room that one image takes, in screen pixels: whole numbers. */
struct lathe_cell {
  double width, height;
  int scale; /* screen pixels a pixel of an image */
};

/* The cell for a row of `columns` of them, by the format's scale or else one that suits. */
struct lathe_cell lathe_cell_of(const struct lathe_picture_format *format, int columns);

/* Values of an image. */
size_t lathe_cell_values(const struct lathe_picture_format *format);

/* Draws one image with its upper left corner at (x, y). */
void lathe_cell_draw(cairo_t *page, const struct lathe_picture_format *format,
                     const struct lathe_cell *cell, const lathe_real *image, int x, int y);

#endif
