/* Plots: curves, clusters and the confusion matrix, written as PNG as output.h does (whole or not
 * at all), or, by the functions named _page, as a page for canvas.h, which `what` names it to in
 * messages, with sides of `size` times the usual and letters as large. Text is UTF-8. Colours are
 * Okabe and Ito's, told apart by colour-blind readers too. */
#ifndef LATHE_PLOT_H
#define LATHE_PLOT_H

#include "canvas.h"
#include "error.h"
#include <stdbool.h>
#include <stdint.h>

/* The size of plots that stand beside each other on a page, with letters to be read there. */
extern const double lathe_plot_half;

struct lathe_curve {
  const char *name;    /* in the legend; NULL leaves it out */
  const double *x, *y; /* [n]; a point that is not finite leaves a gap */
  int n;
};

/* Curves over common axes, for instance losses against epochs. Curves that hold no finite point
 * give an empty plot; count may be 0. */
bool lathe_plot_curves(const char *path, const char *title, const char *xlabel, const char *ylabel,
                       const struct lathe_curve *curves, int count, struct lathe_error *err);
cairo_t *lathe_plot_curves_page(const char *what, const char *title, const char *xlabel,
                                const char *ylabel, const struct lathe_curve *curves, int count,
                                double size, struct lathe_error *err);

/* A Gaussian component in the plane of the plot, in data coordinates. */
struct lathe_ellipse {
  double mean[2];
  double covariance[4]; /* row-major, symmetric positive semi-definite */
  const char *name;     /* written at its centre; may be NULL */
};

/* Scatter of points [n, 2] coloured by cluster[n] (0 .. clusters-1; others in grey), with names
 * [clusters] in the legend, over it `ellipse_count` components as their 1 and 2 sigma ellipses
 * and centres. Ellipse k has the colour of cluster k where there are as many ellipses as clusters,
 * else it is drawn in black: so points may be coloured by true class as well. Of more than 5000
 * points so many are drawn, always the same ones; points that are not finite are left out.
 * names and ellipses may be NULL; n may be 0. */
struct lathe_scatter {
  const char *title, *xlabel, *ylabel;
  const double *points; /* [n, 2] */
  const int *cluster;   /* [n] */
  int64_t n;
  int clusters;
  const char *const *names; /* [clusters] */
  const struct lathe_ellipse *ellipses;
  int ellipse_count;
  bool other_groups; /* `cluster` is not the ellipses' numbering: they are black in any case */
  const double
      *around;      /* [around_n, 2]: not drawn, but the axes have room for them, so that plots */
  int64_t around_n; /* of different points have the same */
};

bool lathe_plot_clusters(const char *path, const struct lathe_scatter *scatter,
                         struct lathe_error *err);
cairo_t *lathe_plot_clusters_page(const char *what, const struct lathe_scatter *scatter,
                                  double size, struct lathe_error *err);

/* The confusion matrix counts [classes, classes], rows the true class and columns the predicted
 * one, each row shaded by its share. At most 64 classes. */
bool lathe_plot_confusion(const char *path, const char *title, const int64_t *counts, int classes,
                          const char *const *names, struct lathe_error *err);

#endif
