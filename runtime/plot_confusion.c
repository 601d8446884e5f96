#include "canvas.h"
#include "plot.h"
#include <math.h>
#include <stdio.h>

enum { MOST_CLASSES = 64 };
static const double MARGIN = 16, TITLE = 15, TEXT = 12, RESOLUTION = 2;
static const double READABLE = 34; /* cells smaller than this hold no numbers */

static void draw_cell(cairo_t *page, double x, double y, double side, int64_t count, double share)
{
  /* From white to the palette's blue. */
  struct lathe_colour blue = lathe_hue[0];
  struct lathe_colour shade = {1 - share * (1 - blue.r), 1 - share * (1 - blue.g),
                               1 - share * (1 - blue.b)};
  lathe_canvas_colour(page, shade, 1);
  cairo_rectangle(page, x + 0.5, y + 0.5, side - 1, side - 1);
  cairo_fill(page);
  if (side < READABLE)
    return;
  char text[32];
  lathe_canvas_colour(page, share > 0.55 ? lathe_paper : lathe_ink, count > 0 ? 1 : 0.45);
  snprintf(text, sizeof text, "%lld", (long long)count);
  double size = TEXT, wide = lathe_canvas_text_width(page, size, text);
  size = wide > side - 6 ? size * (side - 6) / wide : size;
  bool percent = side >= 48 && count > 0;
  lathe_canvas_text(page, x + side / 2, y + side / 2 + (percent ? -1 : 0.36 * size), size, 0.5,
                    text);
  if (percent) {
    snprintf(text, sizeof text, "%.1f %%", 100 * share);
    lathe_canvas_text(page, x + side / 2, y + side / 2 + 0.95 * TEXT, 0.8 * TEXT, 0.5, text);
  }
}

/* The classes' names, or their numbers. */
static const char *class_name(char text[32], const char *const *names, int i)
{
  if (names && names[i])
    return names[i];
  snprintf(text, 32, "%d", i);
  return text;
}

bool lathe_plot_confusion(const char *path, const char *title, const int64_t *counts, int classes,
                          const char *const *names, struct lathe_error *err)
{
  if (classes < 1 || classes > MOST_CLASSES)
    return lathe_fail(err, "%s: a confusion matrix of %d classes cannot be shown (1 .. %d can)",
                      path, classes, MOST_CLASSES);
  double side = classes <= 6 ? 72 : fmax(16, floor(560.0 / classes));
  double size = fmin(TEXT, 0.8 * side);
  cairo_t *page = lathe_canvas_open(path, 1, 1, 1, err); /* to measure text on */
  if (!page)
    return false;
  char text[32];
  double widest = 0;
  for (int i = 0; i < classes; i++)
    widest = fmax(widest, lathe_canvas_text_width(page, size, class_name(text, names, i)));
  bool upright = widest > side - 4; /* names too long to stand side by side are turned */
  double left = MARGIN + 2 * TEXT + widest + 6;
  double top = MARGIN + (title ? 2 * TITLE : 0) + 1.8 * TEXT + (upright ? widest : size) + 6;
  double width = left + classes * side + MARGIN, height = top + classes * side + MARGIN;
  width = fmax(width, MARGIN + lathe_canvas_text_width(page, TITLE, title) + MARGIN);
  cairo_destroy(page);

  page = lathe_canvas_open(path, width, height, RESOLUTION, err);
  if (!page)
    return false;
  lathe_canvas_text(page, MARGIN, MARGIN + TITLE, TITLE, 0, title);
  double middle = classes * side / 2;
  lathe_canvas_text(page, left + middle, MARGIN + (title ? 2 * TITLE : 0) + TEXT, TEXT, 0.5,
                    "predicted class");
  lathe_canvas_text_up(page, MARGIN + TEXT, top + middle, TEXT, 0.5, "true class");
  for (int i = 0; i < classes; i++) {
    double place = (i + 0.5) * side;
    const char *name = class_name(text, names, i);
    lathe_canvas_colour(page, lathe_ink, 1);
    lathe_canvas_text(page, left - 6, top + place + 0.36 * size, size, 1, name);
    if (upright)
      lathe_canvas_text_up(page, left + place + 0.36 * size, top - 6, size, 0, name);
    else
      lathe_canvas_text(page, left + place, top - 6, size, 0.5, name);
    double total = 0;
    for (int j = 0; j < classes; j++)
      total += (double)counts[i * classes + j];
    for (int j = 0; j < classes; j++) {
      int64_t count = counts[i * classes + j];
      draw_cell(page, left + j * side, top + i * side, side, count,
                total > 0 ? (double)count / total : 0);
    }
  }
  cairo_set_line_width(page, 1 / RESOLUTION);
  lathe_canvas_colour(page, lathe_ink, 1);
  cairo_rectangle(page, left, top, classes * side, classes * side);
  cairo_stroke(page);
  return lathe_canvas_save(page, path, err);
}
