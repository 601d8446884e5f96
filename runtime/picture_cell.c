#include "picture_cell.h"
#include "model.h"
#include <math.h>
#include <stdint.h>

enum {
  IMAGE_SIDE = 84,  /* what a chosen scale makes of an image's longer side, about ... */
  PAGE_SIDE = 1600, /* ... unless so many of them would make the page wider than this */
  LARGEST_SCALE = 64,
  CURVE_WIDTH = 126, /* of a series ... */
  CURVE_LEAST = 48,  /* ... and when there are many, */
  CURVE_MOST = 252,  /* ... or a scale is given */
};

struct lathe_picture_format lathe_picture_format(int rank, const int *shape, const double range[2])
{
  struct lathe_picture_format format = {1, 1, shape[0], {range[0], range[1]}, 0, false};
  if (rank == 3) {
    format.channels = shape[0];
    format.height = shape[1];
    format.width = shape[2];
  } else if (rank == 2) {
    format.channels = shape[0];
    format.width = shape[1];
    format.curves = true;
  } else {
    int side = (int)lround(sqrt(shape[0]));
    if (side > 0 && side <= shape[0] / side && side * side == shape[0])
      format.height = format.width = side;
    else
      format.curves = true; /* a row of a table: its values from left to right */
  }
  return format;
}

size_t lathe_cell_values(const struct lathe_picture_format *format)
{
  return (size_t)format->channels * (size_t)format->height * (size_t)format->width;
}

void lathe_picture_fit(struct lathe_picture_format *format, const lathe_real *images, int64_t n)
{
  double least = INFINITY, greatest = -INFINITY;
  for (size_t i = 0; i < (size_t)n * lathe_cell_values(format); i++)
    if (isfinite(images[i])) {
      least = fmin(least, (double)images[i]);
      greatest = fmax(greatest, (double)images[i]);
    }
  if (!(least < greatest))
    return;
  format->range[0] = least;
  format->range[1] = greatest;
}

struct lathe_picture_format lathe_picture_format_of(const struct lathe_model *model,
                                                    const lathe_real *images, int64_t n)
{
  struct lathe_picture_format format =
      lathe_picture_format(model->input_rank, model->input_shape, model->range);
  if (!model->bounded || format.curves)
    lathe_picture_fit(&format, images, n);
  return format;
}

static int choose_scale(const struct lathe_picture_format *format, int columns)
{
  if (format->scale > 0)
    return format->scale;
  int side = format->height > format->width ? format->height : format->width;
  double fits = fmin((double)IMAGE_SIDE / side, (double)PAGE_SIDE / format->width / columns);
  return (int)fmin(fmax(fits, 1), LARGEST_SCALE);
}

struct lathe_cell lathe_cell_of(const struct lathe_picture_format *format, int columns)
{
  if (!format->curves) {
    int scale = choose_scale(format, columns);
    return (struct lathe_cell){(double)format->width * scale, (double)format->height * scale,
                               scale};
  }
  double wanted = format->scale > 0 ? (double)format->width * format->scale
                                    : fmin(CURVE_WIDTH, (double)PAGE_SIDE / columns);
  double width = floor(fmin(fmax(wanted, CURVE_LEAST), CURVE_MOST));
  return (struct lathe_cell){width, floor(width * 2 / 3), 1};
}

/* Where a value lies in the range: 0 .. 1, or NAN. */
static double share_of(const struct lathe_picture_format *format, lathe_real value)
{
  double share = ((double)value - format->range[0]) / (format->range[1] - format->range[0]);
  return isnan(share) ? NAN : fmin(fmax(share, 0), 1);
}

/* 0 .. 255, or -1 for what is not a number. */
static int brightness(const struct lathe_picture_format *format, lathe_real value)
{
  double share = share_of(format, value);
  return isnan(share) ? -1 : (int)lround(255 * share);
}

static void draw_pixels(cairo_t *page, const struct lathe_picture_format *format, int scale,
                        const lathe_real *image, int x, int y)
{
  cairo_surface_t *surface = cairo_get_target(page);
  cairo_surface_flush(surface);
  unsigned char *data = cairo_image_surface_get_data(surface);
  int stride = cairo_image_surface_get_stride(surface);
  size_t plane = (size_t)format->height * (size_t)format->width;
  size_t green = format->channels == 3 ? plane : 0, blue = 2 * green;
  for (int row = 0; row < format->height * scale; row++) {
    const lathe_real *source = image + (size_t)(row / scale) * (size_t)format->width;
    uint32_t *target = (void *)(data + (ptrdiff_t)stride * (y + row));
    for (int column = 0; column < format->width * scale; column++) {
      const lathe_real *pixel = source + column / scale;
      int r = brightness(format, pixel[0]);
      int g = brightness(format, pixel[green]);
      int b = brightness(format, pixel[blue]);
      target[x + column] =
          r < 0 || g < 0 || b < 0 ? 0xff00ffU : (uint32_t)r << 16 | (uint32_t)g << 8 | (uint32_t)b;
    }
  }
  cairo_surface_mark_dirty(surface);
}

/* The curve of one channel within a frame; it breaks where values are no numbers, which are marked
 * on the lower edge. */
static void draw_curve(cairo_t *page, const struct lathe_picture_format *format,
                       const struct lathe_cell *cell, const lathe_real *values, int x, int y)
{
  static const struct lathe_colour missing = {1, 0, 1};
  double inside = cell->width - 7, step = format->width > 1 ? inside / (format->width - 1) : 0;
  bool drawing = false;
  for (int i = 0; i < format->width; i++) {
    double share = share_of(format, values[i]);
    double across = x + 3.5 + step * i, down = y + 3.5 + (1 - share) * (cell->height - 7);
    if (!isnan(share) && drawing) {
      cairo_line_to(page, across, down);
    } else if (!isnan(share)) {
      cairo_move_to(page, across, down);
      cairo_line_to(page, across + 0.01, down); /* a lone value is a dot */
    }
    drawing = !isnan(share);
  }
  cairo_stroke(page);
  for (int i = 0; i < format->width; i++)
    if (isnan((double)values[i])) {
      lathe_canvas_colour(page, missing, 1);
      cairo_rectangle(page, x + 2.5 + step * i, y + cell->height - 4, 2, 3);
      cairo_fill(page);
    }
}

/* Each channel in a colour of its own, from the least of the range at the lower edge to the
 * greatest at the upper. */
static void draw_curves(cairo_t *page, const struct lathe_picture_format *format,
                        const struct lathe_cell *cell, const lathe_real *image, int x, int y)
{
  cairo_save(page);
  lathe_canvas_colour(page, lathe_paper, 1);
  cairo_rectangle(page, x, y, cell->width, cell->height);
  cairo_fill(page);
  lathe_canvas_colour(page, lathe_faint, 1);
  cairo_set_line_width(page, 1);
  cairo_rectangle(page, x + 0.5, y + 0.5, cell->width - 1, cell->height - 1);
  cairo_stroke(page);
  cairo_set_line_cap(page, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_width(page, 1.5);
  for (int c = 0; c < format->channels; c++) {
    lathe_canvas_colour(page, lathe_hue[c % LATHE_HUES], 1);
    draw_curve(page, format, cell, image + (size_t)c * (size_t)format->width, x, y);
  }
  cairo_restore(page);
}

void lathe_cell_draw(cairo_t *page, const struct lathe_picture_format *format,
                     const struct lathe_cell *cell, const lathe_real *image, int x, int y)
{
  if (format->curves)
    draw_curves(page, format, cell, image, x, y);
  else
    draw_pixels(page, format, cell->scale, image, x, y);
}
