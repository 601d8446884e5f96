#include "plot_axes.h"
#include <math.h>
#include <stdio.h>

static const double TITLE = 15, TEXT = 12, TICK = 11; /* sizes of letters */
static const double MARGIN = 16, RESOLUTION = 2;
static const double LARGEST = 1e150;
static const double ACROSS = 66, UP = 56; /* of the page to a tick, at least */

struct lathe_colour lathe_plot_colour(int style)
{
  return style < 0 ? (struct lathe_colour){0.6, 0.6, 0.6} : lathe_hue[style % LATHE_HUES];
}

void lathe_plot_dashes(cairo_t *page, int style)
{
  static const double pattern[][2] = {{1, 0}, {6, 3}, {2, 2}};
  int which = style < 0 ? 0 : style / LATHE_HUES % 3;
  cairo_set_dash(page, pattern[which], which ? 2 : 0, 0);
}

void lathe_plot_dashed(cairo_t *page, bool dashed)
{
  static const double dashes[2] = {5, 3.5};
  cairo_set_dash(page, dashes, dashed ? 2 : 0, 0);
}

void lathe_plot_mark(cairo_t *page, int style, double x, double y, double radius)
{
  double r = radius, wide = 1.2 * radius;
  switch (style < 0 ? 0 : style / LATHE_HUES % 4) {
  case 0:
    cairo_new_sub_path(page);
    cairo_arc(page, x, y, r, 0, 4 * acos(0.0));
    break;
  case 1:
    cairo_rectangle(page, x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
    break;
  case 2:
    cairo_move_to(page, x, y - wide);
    cairo_line_to(page, x + wide, y + r);
    cairo_line_to(page, x - wide, y + r);
    cairo_close_path(page);
    break;
  default:
    cairo_move_to(page, x, y - wide);
    cairo_line_to(page, x + wide, y);
    cairo_line_to(page, x, y + wide);
    cairo_line_to(page, x - wide, y);
    cairo_close_path(page);
  }
  cairo_fill(page);
}

void lathe_axes_empty(struct lathe_axes *axes)
{
  *axes = (struct lathe_axes){.low = {HUGE_VAL, HUGE_VAL}, .high = {-HUGE_VAL, -HUGE_VAL}};
  axes->whole = true;
}

bool lathe_axes_can_show(double x, double y)
{
  return fabs(x) <= LARGEST && fabs(y) <= LARGEST;
}

void lathe_axes_include(struct lathe_axes *axes, double x, double y)
{
  if (!lathe_axes_can_show(x, y))
    return;
  double point[2] = {x, y};
  for (int i = 0; i < 2; i++) {
    axes->low[i] = fmin(axes->low[i], point[i]);
    axes->high[i] = fmax(axes->high[i], point[i]);
  }
  axes->whole = axes->whole && x == floor(x);
}

/* Room around the data, and a range for none or for a single value. */
static void settle(struct lathe_axes *axes)
{
  static const double pad[2] = {0.02, 0.05};
  for (int i = 0; i < 2; i++) {
    if (axes->low[i] > axes->high[i]) {
      axes->low[i] = 0;
      axes->high[i] = 1;
    }
    double size = fmax(fabs(axes->low[i]), fabs(axes->high[i]));
    double span = axes->high[i] - axes->low[i];
    /* Ticks closer than this would not differ in the digits that are written. */
    double widen = span > 1e-6 * size && span > 1e-150 ? pad[i] * span : size > 0 ? 0.1 * size : 1;
    axes->low[i] -= widen;
    axes->high[i] += widen;
  }
}

double lathe_axes_step(double span, double parts)
{
  double least = span / parts;
  double power = pow(10, floor(log10(least)));
  /* Rounding of pow and log10 must not skip a step that fits exactly. */
  double slack = 1 - 1e-9;
  for (int i = 0; i < 2; i++) {
    static const double factor[] = {1, 2, 5};
    for (int j = 0; j < 3; j++)
      if (factor[j] * power >= least * slack)
        return factor[j] * power;
    power *= 10;
  }
  return power;
}

struct ticks {
  double first, step;
  int count;
};

static struct ticks find_ticks(double low, double high, double parts, bool whole)
{
  struct ticks t = {.step = lathe_axes_step(high - low, parts)};
  if (whole)
    t.step = fmax(t.step, 1);
  t.first = ceil(low / t.step - 1e-9) * t.step;
  t.count = 1 + (int)floor((high - t.first) / t.step + 1e-9);
  return t;
}

static double tick_text(char text[32], const struct ticks *t, int i)
{
  double value = t->first + i * t->step;
  if (fabs(value) < 1e-9 * t->step)
    value = 0; /* not "-0.0" */
  double most = fmax(fabs(t->first), fabs(t->first + t->count * t->step));
  int decimals = (int)fmax(0, -floor(log10(t->step) + 1e-9));
  if (most >= 1e7 || decimals > 5)
    snprintf(text, 32, "%.7g", value);
  else
    snprintf(text, 32, "%.*f", decimals, value);
  return value;
}

double lathe_axes_x(const struct lathe_axes *a, double x)
{
  return a->left + a->width * (x - a->low[0]) / (a->high[0] - a->low[0]);
}

double lathe_axes_y(const struct lathe_axes *a, double y)
{
  return a->top + a->height * (a->high[1] - y) / (a->high[1] - a->low[1]);
}

void lathe_axes_clip(cairo_t *page, const struct lathe_axes *axes)
{
  cairo_save(page);
  cairo_rectangle(page, axes->left, axes->top, axes->width, axes->height);
  cairo_clip(page);
}

/* Entries in lines from (left, y) down, none wider than `right`; the y below them. With `draw`
 * false nothing is drawn. */
static double legend(cairo_t *page, const struct lathe_key *keys, int count, double left,
                     double right, double y, bool draw)
{
  const double sample = 22, space = 18;
  double x = left;
  bool any = false;
  for (int i = 0; i < count; i++) {
    if (!keys[i].name)
      continue;
    double wide = sample + lathe_canvas_text_width(page, TEXT, keys[i].name);
    if (x > left && x + wide > right) {
      x = left;
      y += 1.5 * TEXT;
    }
    any = true;
    if (draw) {
      lathe_canvas_colour(page, lathe_plot_colour(keys[i].style), 1);
      if (keys[i].kind != LATHE_KEY_MARK) {
        if (keys[i].kind == LATHE_KEY_DASHED)
          lathe_plot_dashed(page, true);
        else
          lathe_plot_dashes(page, keys[i].style);
        cairo_set_line_width(page, 2.5);
        cairo_move_to(page, x, y + 0.65 * TEXT);
        cairo_line_to(page, x + sample - 6, y + 0.65 * TEXT);
        cairo_stroke(page);
        lathe_plot_dashed(page, false);
      } else {
        lathe_plot_mark(page, keys[i].style, x + 8, y + 0.65 * TEXT, 5);
      }
      lathe_canvas_colour(page, lathe_ink, 1);
      lathe_canvas_text(page, x + sample, y + TEXT, TEXT, 0, keys[i].name);
    }
    x += wide + space;
  }
  return any ? y + 1.9 * TEXT : y;
}

/* A line a pixel wide, on pixels. */
static void rule(cairo_t *page, double x0, double y0, double x1, double y1)
{
  cairo_set_line_width(page, 1 / RESOLUTION);
  double half = 0.5 / RESOLUTION;
  cairo_move_to(page, floor(x0 * RESOLUTION) / RESOLUTION + half,
                floor(y0 * RESOLUTION) / RESOLUTION + half);
  cairo_line_to(page, floor(x1 * RESOLUTION) / RESOLUTION + half,
                floor(y1 * RESOLUTION) / RESOLUTION + half);
  cairo_stroke(page);
}

static void draw_axes(cairo_t *page, const struct lathe_axes *a, const struct ticks *across,
                      const struct ticks *up)
{
  char text[32];
  double right = a->left + a->width, bottom = a->top + a->height;
  for (int i = 0; i < across->count; i++) {
    double x = lathe_axes_x(a, tick_text(text, across, i));
    lathe_canvas_colour(page, lathe_faint, 1);
    rule(page, x, a->top, x, bottom);
    lathe_canvas_colour(page, lathe_ink, 1);
    lathe_canvas_text(page, x, bottom + 1.5 * TICK, TICK, 0.5, text);
  }
  for (int i = 0; i < up->count; i++) {
    double y = lathe_axes_y(a, tick_text(text, up, i));
    lathe_canvas_colour(page, lathe_faint, 1);
    rule(page, a->left, y, right, y);
    lathe_canvas_colour(page, lathe_ink, 1);
    lathe_canvas_text(page, a->left - 0.6 * TICK, y + 0.36 * TICK, TICK, 1, text);
  }
  rule(page, a->left, bottom, right, bottom);
  rule(page, a->left, a->top, a->left, bottom);
}

cairo_t *lathe_axes_page(const char *path, double width, double height, const char *title,
                         const char *xlabel, const char *ylabel, const struct lathe_key *keys,
                         int key_count, struct lathe_axes *axes, struct lathe_error *err)
{
  cairo_t *page = lathe_canvas_open(path, 1, 1, 1, err); /* to measure text on */
  if (!page)
    return NULL;
  settle(axes);
  double right = width - 1.5 * MARGIN;
  struct ticks up = find_ticks(axes->low[1], axes->high[1], height / UP, false);
  double widest = 0;
  char text[32];
  for (int i = 0; i < up.count; i++) {
    tick_text(text, &up, i);
    widest = fmax(widest, lathe_canvas_text_width(page, TICK, text));
  }
  axes->left = MARGIN + (ylabel ? 1.9 * TEXT : 0) + widest + 0.6 * TICK;
  axes->width = right - axes->left;
  double legend_top = MARGIN + (title ? 1.9 * TITLE : 0);
  axes->top = legend(page, keys, key_count, axes->left, right, legend_top, false);
  /* The plot keeps its height whatever the legend takes. */
  double below = 2.2 * TICK + (xlabel ? 1.7 * TEXT : 0) + 0.6 * MARGIN;
  axes->height = height - legend_top - below;
  struct ticks across = find_ticks(axes->low[0], axes->high[0], width / ACROSS, axes->whole);
  cairo_destroy(page);

  page = lathe_canvas_open(path, width, axes->top + axes->height + below, RESOLUTION, err);
  if (!page)
    return NULL;
  double bottom = axes->top + axes->height;
  lathe_canvas_text(page, axes->left, MARGIN + TITLE, TITLE, 0, title);
  legend(page, keys, key_count, axes->left, right, legend_top, true);
  draw_axes(page, axes, &across, &up);
  lathe_canvas_text(page, axes->left + axes->width / 2, bottom + 2.2 * TICK + 1.2 * TEXT, TEXT, 0.5,
                    xlabel);
  if (ylabel)
    lathe_canvas_text_up(page, MARGIN + TEXT, axes->top + axes->height / 2, TEXT, 0.5, ylabel);
  return page;
}
