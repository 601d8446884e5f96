#include "plot.h"
#include "plot_axes.h"
#include <math.h>
#include <stdlib.h>

static const double WIDTH = 760, HEIGHT = 640;
enum { MOST_DOTS = 5000, FEW_DOTS = 60, SEGMENTS = 96 };

/* The point of an ellipse at `angle`, `sigma` standard deviations out: mean + sigma L (cos, sin)
 * with L the Cholesky factor of the covariance. False when it cannot be shown. */
static bool ellipse_point(const struct lathe_ellipse *e, double sigma, double angle,
                          double point[2])
{
  double a = sqrt(fmax(e->covariance[0], 0));
  double b = a > 0 ? e->covariance[2] / a : 0;
  double c = sqrt(fmax(e->covariance[3] - b * b, 0));
  point[0] = e->mean[0] + sigma * a * cos(angle);
  point[1] = e->mean[1] + sigma * (b * cos(angle) + c * sin(angle));
  return lathe_axes_can_show(point[0], point[1]);
}

static double turn(int segment)
{
  return 4 * acos(0.0) * segment / SEGMENTS;
}

/* Strokes the current path twice: a white edge sets the line off from the dots beneath. */
static void stroke_over_dots(cairo_t *page, struct lathe_colour colour, double width, bool dashed)
{
  lathe_canvas_colour(page, lathe_paper, 0.75);
  cairo_set_line_width(page, width + 2);
  cairo_stroke_preserve(page);
  lathe_plot_dashed(page, dashed);
  lathe_canvas_colour(page, colour, 1);
  cairo_set_line_width(page, width);
  cairo_stroke(page);
  lathe_plot_dashed(page, false);
}

static void draw_ellipse(cairo_t *page, const struct lathe_axes *axes,
                         const struct lathe_ellipse *ellipse, struct lathe_colour colour)
{
  double point[2];
  if (!ellipse_point(ellipse, 2, 0, point))
    return;
  for (int sigma = 1; sigma <= 2; sigma++) {
    for (int i = 0; i < SEGMENTS; i++) {
      ellipse_point(ellipse, sigma, turn(i), point);
      cairo_line_to(page, lathe_axes_x(axes, point[0]), lathe_axes_y(axes, point[1]));
    }
    cairo_close_path(page);
    stroke_over_dots(page, colour, sigma == 2 ? 1.6 : 2.2, sigma == 2);
  }
}

/* The centre's cross and the component's name beside it. */
static void draw_centre(cairo_t *page, const struct lathe_axes *axes,
                        const struct lathe_ellipse *ellipse, struct lathe_colour colour)
{
  const double arm = 6, size = 14;
  double x = lathe_axes_x(axes, ellipse->mean[0]), y = lathe_axes_y(axes, ellipse->mean[1]);
  if (!lathe_axes_can_show(ellipse->mean[0], ellipse->mean[1]))
    return;
  cairo_move_to(page, x - arm, y - arm);
  cairo_line_to(page, x + arm, y + arm);
  cairo_move_to(page, x - arm, y + arm);
  cairo_line_to(page, x + arm, y - arm);
  stroke_over_dots(page, colour, 2.5, false);
  if (!ellipse->name)
    return;
  double wide = lathe_canvas_text_width(page, size, ellipse->name);
  double text_x = x + arm + 6;
  if (text_x + wide + 4 > axes->left + axes->width)
    text_x = x - arm - 6 - wide;
  lathe_canvas_colour(page, lathe_paper, 0.85);
  cairo_rectangle(page, text_x - 4, y - 0.75 * size, wide + 8, 1.5 * size);
  cairo_fill(page);
  lathe_canvas_colour(page, lathe_ink, 1);
  lathe_canvas_text(page, text_x, y + 0.36 * size, size, 0, ellipse->name);
}

/* Which point the k-th of `dots` is, one of each stretch of n / dots. The golden ratio moves the
 * choice within the stretches, so that no order of the points favours a class. */
static int64_t chosen(int64_t k, int64_t dots, int64_t n)
{
  const double golden = 0.6180339887498949;
  double place = (double)k * golden;
  if (dots == n)
    return k;
  return (int64_t)(((double)k + place - floor(place)) * (double)n / (double)dots);
}

/* Room for those points that are drawn of so many. */
static void include_points(struct lathe_axes *axes, const double *points, int64_t n)
{
  int64_t dots = n < MOST_DOTS ? n : MOST_DOTS;
  for (int64_t k = 0; k < dots; k++) {
    int64_t i = chosen(k, dots, n);
    lathe_axes_include(axes, points[2 * i], points[2 * i + 1]);
  }
}

static void draw_dots(cairo_t *page, const struct lathe_axes *axes, const struct lathe_scatter *s,
                      int64_t dots)
{
  double alpha = dots > 2000 ? 0.35 : dots > 300 ? 0.5 : 0.75;
  double radius = dots > 300 ? 2.2 : dots > FEW_DOTS ? 3 : 4;
  for (int64_t k = 0; k < dots; k++) {
    int64_t i = chosen(k, dots, s->n);
    double x = s->points[2 * i], y = s->points[2 * i + 1];
    if (!lathe_axes_can_show(x, y))
      continue;
    int style = s->cluster[i] >= 0 && s->cluster[i] < s->clusters ? s->cluster[i] : -1;
    lathe_canvas_colour(page, lathe_plot_colour(style), alpha);
    lathe_plot_mark(page, style, lathe_axes_x(axes, x), lathe_axes_y(axes, y), radius);
  }
}

cairo_t *lathe_plot_clusters_page(const char *what, const struct lathe_scatter *s, double size,
                                  struct lathe_error *err)
{
  int names = s->names && s->clusters > 0 ? s->clusters : 0;
  int ellipses = s->ellipses ? s->ellipse_count : 0;
  struct lathe_key *keys = calloc((size_t)names + 2, sizeof *keys);
  if (!keys) {
    lathe_fail(err, "%s: out of memory for a plot of %d clusters", what, s->clusters);
    return NULL;
  }
  for (int i = 0; i < names; i++)
    keys[i] = (struct lathe_key){LATHE_KEY_MARK, i, s->names[i]};
  keys[names] = (struct lathe_key){LATHE_KEY_LINE, -1, ellipses ? "1 sigma" : NULL};
  keys[names + 1] = (struct lathe_key){LATHE_KEY_DASHED, -1, ellipses ? "2 sigma" : NULL};
  int64_t dots = s->n < MOST_DOTS ? s->n : MOST_DOTS;

  struct lathe_axes axes;
  lathe_axes_empty(&axes);
  include_points(&axes, s->points, s->n);
  include_points(&axes, s->around, s->around_n);
  for (int i = 0; i < ellipses; i++) {
    double point[2];
    for (int j = 0; j < SEGMENTS; j++)
      if (ellipse_point(&s->ellipses[i], 2, turn(j), point))
        lathe_axes_include(&axes, point[0], point[1]);
  }
  axes.whole = false;
  cairo_t *page = lathe_axes_page(what, size * WIDTH, size * HEIGHT, s->title, s->xlabel, s->ylabel,
                                  keys, names + 2, &axes, err);
  free(keys);
  if (!page)
    return NULL;
  lathe_axes_clip(page, &axes);
  if (dots > FEW_DOTS)
    draw_dots(page, &axes, s, dots);
  bool matched = ellipses == s->clusters && !s->other_groups;
  for (int i = 0; i < ellipses; i++)
    draw_ellipse(page, &axes, &s->ellipses[i], matched ? lathe_plot_colour(i) : lathe_ink);
  for (int i = 0; i < ellipses; i++)
    draw_centre(page, &axes, &s->ellipses[i], matched ? lathe_plot_colour(i) : lathe_ink);
  if (dots <= FEW_DOTS) /* each of them counts, and is not to lie below a name */
    draw_dots(page, &axes, s, dots);
  cairo_restore(page);
  return page;
}

bool lathe_plot_clusters(const char *path, const struct lathe_scatter *s, struct lathe_error *err)
{
  return lathe_canvas_save(lathe_plot_clusters_page(path, s, 1, err), path, err);
}
