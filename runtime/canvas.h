/* A page to draw on with cairo, and its way into a PNG file: what pictures and plots share.
 * Lengths are in points of the page; one point is `scale` screen pixels. */
#ifndef LATHE_CANVAS_H
#define LATHE_CANVAS_H

#include "error.h"
#include <cairo.h>
#include <stdbool.h>
#include <stdio.h>

/* The colours of this project's pictures: red, green, blue in 0 .. 1. */
struct lathe_colour {
  double r, g, b;
};
extern const struct lathe_colour lathe_ink;   /* text and axes */
extern const struct lathe_colour lathe_faint; /* grids and separators */
extern const struct lathe_colour lathe_paper; /* background */
enum { LATHE_HUES = 7 };
extern const struct lathe_colour lathe_hue[LATHE_HUES]; /* Okabe and Ito's palette */

/* An empty page, width x height points; NULL with a message that names `path` when it would be
 * larger than a PNG of cairo may be (32767 pixels a side) or memory is short. */
cairo_t *lathe_canvas_open(const char *path, double width, double height, double scale,
                           struct lathe_error *err);

/* Writes the page to `path` as output.h does and releases it, whatever the result. NULL, which has
 * its message already, is allowed. */
bool lathe_canvas_save(cairo_t *page, const char *path, struct lathe_error *err);

/* Writes the page as a data: URI (RFC 2397), a PNG in base64, to `stream`, and releases it, as
 * above; `what` names it in messages. Errors of the stream are left to who commits it. */
bool lathe_canvas_embed(cairo_t *page, const char *what, FILE *stream, struct lathe_error *err);

void lathe_canvas_colour(cairo_t *page, struct lathe_colour colour, double alpha);

/* Text of `size` points whose baseline is at y; `align` is the part of its width left of x: 0 the
 * text starts there, 0.5 it is centred, 1 it ends there. NULL text is nothing. */
void lathe_canvas_text(cairo_t *page, double x, double y, double size, double align,
                       const char *text);
/* The same, read upwards: rotated by a quarter turn about (x, y). */
void lathe_canvas_text_up(cairo_t *page, double x, double y, double size, double align,
                          const char *text);
double lathe_canvas_text_width(cairo_t *page, double size, const char *text);

#endif
