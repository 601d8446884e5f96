#include "plot.h"
#include "plot_axes.h"
#include <stdlib.h>

static const double WIDTH = 760, HEIGHT = 460;
const double lathe_plot_half = 0.56;
enum { MARKED = 25 }; /* curves of at most so many points show each of them */

/* Whether point i of the curve can be shown. */
static bool shown(const struct lathe_curve *curve, int i)
{
  return i >= 0 && i < curve->n && lathe_axes_can_show(curve->x[i], curve->y[i]);
}

static void draw_curve(cairo_t *page, const struct lathe_axes *axes,
                       const struct lathe_curve *curve, int style)
{
  lathe_canvas_colour(page, lathe_plot_colour(style), 1);
  cairo_set_line_width(page, 2);
  cairo_set_line_join(page, CAIRO_LINE_JOIN_ROUND);
  lathe_plot_dashes(page, style);
  for (int i = 0; i < curve->n; i++) {
    if (!shown(curve, i))
      continue;
    double x = lathe_axes_x(axes, curve->x[i]), y = lathe_axes_y(axes, curve->y[i]);
    if (shown(curve, i - 1))
      cairo_line_to(page, x, y);
    else
      cairo_move_to(page, x, y);
  }
  cairo_stroke(page);
  lathe_plot_dashed(page, false);
  for (int i = 0; i < curve->n; i++) {
    bool alone = !shown(curve, i - 1) && !shown(curve, i + 1);
    if (shown(curve, i) && (alone || curve->n <= MARKED))
      lathe_plot_mark(page, style, lathe_axes_x(axes, curve->x[i]), lathe_axes_y(axes, curve->y[i]),
                      3);
  }
}

cairo_t *lathe_plot_curves_page(const char *what, const char *title, const char *xlabel,
                                const char *ylabel, const struct lathe_curve *curves, int count,
                                double size, struct lathe_error *err)
{
  struct lathe_key *keys = calloc((size_t)count + 1, sizeof *keys);
  if (!keys) {
    lathe_fail(err, "%s: out of memory for a plot of %d curves", what, count);
    return NULL;
  }
  struct lathe_axes axes;
  lathe_axes_empty(&axes);
  for (int i = 0; i < count; i++) {
    keys[i] = (struct lathe_key){LATHE_KEY_LINE, i, curves[i].name};
    for (int j = 0; j < curves[i].n; j++)
      lathe_axes_include(&axes, curves[i].x[j], curves[i].y[j]);
  }
  cairo_t *page = lathe_axes_page(what, size * WIDTH, size * HEIGHT, title, xlabel, ylabel, keys,
                                  count, &axes, err);
  free(keys);
  if (!page)
    return NULL;
  lathe_axes_clip(page, &axes);
  for (int i = 0; i < count; i++)
    draw_curve(page, &axes, &curves[i], i);
  cairo_restore(page);
  return page;
}

bool lathe_plot_curves(const char *path, const char *title, const char *xlabel, const char *ylabel,
                       const struct lathe_curve *curves, int count, struct lathe_error *err)
{
  return lathe_canvas_save(
      lathe_plot_curves_page(path, title, xlabel, ylabel, curves, count, 1, err), path, err);
}
