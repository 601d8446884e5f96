/* What plots have in common: a page with a title, a legend above the plot and two linear axes with
 * ticks at 1, 2 or 5 times a power of ten. Lengths are points of the page. */
#ifndef LATHE_PLOT_AXES_H
#define LATHE_PLOT_AXES_H

#include "canvas.h"

struct lathe_axes {
  double left, top, width, height; /* the plot's rectangle on the page */
  double low[2], high[2];          /* data at its edges: x, y */
  bool whole;                      /* no x but whole numbers: no ticks between them */
};

/* An entry of the legend: a line, a dashed one, or a mark. */
enum lathe_key_kind { LATHE_KEY_LINE, LATHE_KEY_DASHED, LATHE_KEY_MARK };
struct lathe_key {
  enum lathe_key_kind kind;
  int style;        /* as lathe_plot_style has it */
  const char *name; /* NULL: no entry */
};

/* Styles 0, 1, 2, ... differ in hue; every LATHE_HUES of them in dashes and marks as well. A
 * negative style is grey. */
struct lathe_colour lathe_plot_colour(int style);
void lathe_plot_dashes(cairo_t *page, int style);
/* Dashes on, the same in the legend as in the plot, or off. */
void lathe_plot_dashed(cairo_t *page, bool dashed);
/* A filled mark of `radius` about (x, y): circle, square, triangle, diamond by the style. */
void lathe_plot_mark(cairo_t *page, int style, double x, double y, double radius);

/* Ranges that hold nothing yet. */
void lathe_axes_empty(struct lathe_axes *axes);
/* Widens the ranges to hold a point, if it can be shown. */
void lathe_axes_include(struct lathe_axes *axes, double x, double y);
/* Whether a point can be shown: both coordinates finite, and within 1e150, so that no span
 * overflows. */
bool lathe_axes_can_show(double x, double y);

/* A page of width x height with everything but the data drawn: ranges are padded (or made up where
 * there was no point), `axes` is completed. NULL as lathe_canvas_open. */
cairo_t *lathe_axes_page(const char *path, double width, double height, const char *title,
                         const char *xlabel, const char *ylabel, const struct lathe_key *keys,
                         int key_count, struct lathe_axes *axes, struct lathe_error *err);

/* Data to page. */
double lathe_axes_x(const struct lathe_axes *axes, double x);
double lathe_axes_y(const struct lathe_axes *axes, double y);

/* Restricts drawing to the plot's rectangle until cairo_restore. */
void lathe_axes_clip(cairo_t *page, const struct lathe_axes *axes);

/* 1, 2 or 5 times a power of ten: the smallest that cuts `span` (> 0) into `parts` (>= 1) or
 * fewer. */
double lathe_axes_step(double span, double parts);

#endif
