#include "picture.h"
#include "canvas.h"
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  MARGIN = 12,      /* screen pixels around everything */
  GAP = 2,          /* between images */
  BLOCK_GAP = 12,   /* between pairs of rows */
  IMAGE_SIDE = 84,  /* what a chosen scale makes of an image's longer side, about ... */
  PAGE_SIDE = 1600, /* ... unless so many of them would make the page wider than this */
  LARGEST_SCALE = 64,
  PAIR_COLUMNS = 16, /* originals in a row */
  MOST_ROWS = 10000,
};
static const double CAPTION_SIZE = 15;

/* One line of a sheet: `n` images beside each other. */
struct row {
  const lathe_real *images;
  int n;
  const char *caption;
  bool starts_block; /* leave room above */
};

struct lathe_picture_format lathe_picture_format(int rank, const int *shape, const double range[2])
{
  struct lathe_picture_format format = {1, 1, shape[0], {range[0], range[1]}, 0};
  if (rank == 3) {
    format.channels = shape[0];
    format.height = shape[1];
    format.width = shape[2];
  } else {
    int side = (int)lround(sqrt(shape[0]));
    if (side > 0 && side <= shape[0] / side && side * side == shape[0])
      format.height = format.width = side;
  }
  return format;
}

static size_t image_size(const struct lathe_picture_format *format)
{
  return (size_t)format->channels * (size_t)format->height * (size_t)format->width;
}

static bool check_format(const char *path, const struct lathe_picture_format *f,
                         struct lathe_error *err)
{
  if (f->channels < 1 || f->height < 1 || f->width < 1)
    return lathe_fail(err, "%s: images of shape [%d, %d, %d] cannot be shown", path, f->channels,
                      f->height, f->width);
  double span = f->range[1] - f->range[0];
  if (!isfinite(span) || span == 0)
    return lathe_fail(err, "%s: images cannot be shown with the range [%g, %g]", path, f->range[0],
                      f->range[1]);
  if (f->scale < 0 || f->scale > LARGEST_SCALE)
    return lathe_fail(err, "%s: scale %d is not in 1 .. %d (0 chooses one)", path, f->scale,
                      LARGEST_SCALE);
  return true;
}

static int choose_scale(const struct lathe_picture_format *format, int columns)
{
  if (format->scale > 0)
    return format->scale;
  int side = format->height > format->width ? format->height : format->width;
  double fits = fmin((double)IMAGE_SIDE / side, (double)PAGE_SIDE / format->width / columns);
  return (int)fmin(fmax(fits, 1), LARGEST_SCALE);
}

/* 0 .. 255, or -1 for what is not a number. */
static int brightness(const struct lathe_picture_format *format, lathe_real value)
{
  double share = ((double)value - format->range[0]) / (format->range[1] - format->range[0]);
  if (isnan(share))
    return -1;
  return (int)lround(255 * fmin(fmax(share, 0), 1));
}

/* Draws one image with its upper left corner at (x, y), each of its pixels `scale` wide. */
static void draw_image(cairo_t *page, const struct lathe_picture_format *format, int scale,
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

/* A page of rows under each other, captions on the left. */
static bool draw_rows(const char *path, const struct lathe_picture_format *format,
                      const struct row *rows, int count, int columns, struct lathe_error *err)
{
  int scale = choose_scale(format, columns);
  double cell_width = (double)format->width * scale, cell_height = (double)format->height * scale;
  double left = MARGIN, height = 2 * MARGIN - GAP;
  cairo_t *page = lathe_canvas_open(path, 1, 1, 1, err); /* to measure captions on */
  if (!page)
    return false;
  for (int i = 0; i < count; i++) {
    double wide = lathe_canvas_text_width(page, CAPTION_SIZE, rows[i].caption);
    left = fmax(left, wide > 0 ? ceil(wide) + 2 * MARGIN : 0);
    height += cell_height + GAP + (rows[i].starts_block ? BLOCK_GAP : 0);
  }
  cairo_destroy(page);

  double width = left + columns * (cell_width + GAP) - GAP + MARGIN;
  page = lathe_canvas_open(path, width, height, 1, err);
  if (!page)
    return false;
  /* Everything fits the page, whose sides fit an int. */
  int y = MARGIN;
  for (int i = 0; i < count; i++) {
    y += rows[i].starts_block ? BLOCK_GAP : 0;
    lathe_canvas_text(page, left - MARGIN, y + cell_height / 2 + CAPTION_SIZE * 0.36, CAPTION_SIZE,
                      1, rows[i].caption);
    for (int j = 0; j < rows[i].n; j++)
      draw_image(page, format, scale, rows[i].images + (size_t)j * image_size(format),
                 (int)left + j * ((int)cell_width + GAP), y);
    y += (int)cell_height + GAP;
  }
  return lathe_canvas_save(page, path, err);
}

static struct row *new_rows(const char *path, int64_t count, struct lathe_error *err)
{
  if (count > MOST_ROWS) {
    lathe_fail(err, "%s: a picture of %lld rows is too large (at most %d); show fewer images", path,
               (long long)count, MOST_ROWS);
    return NULL;
  }
  struct row *rows = calloc((size_t)count, sizeof *rows);
  if (!rows)
    lathe_fail(err, "%s: out of memory for a picture of %lld rows", path, (long long)count);
  return rows;
}

static bool no_images(const char *path, struct lathe_error *err)
{
  return lathe_fail(err, "%s: there are no images to show", path);
}

bool lathe_picture_grid(const char *path, const struct lathe_picture_format *format,
                        const lathe_real *images, int n, int columns, struct lathe_error *err)
{
  if (!check_format(path, format, err))
    return false;
  if (n < 1)
    return no_images(path, err);
  if (columns < 1)
    columns = (int)ceil(sqrt(n));
  if (columns > n)
    columns = n;
  int count = n / columns + (n % columns != 0);
  struct row *rows = new_rows(path, count, err);
  if (!rows)
    return false;
  for (int i = 0; i < count; i++) {
    rows[i].images = images + (size_t)i * (size_t)columns * image_size(format);
    rows[i].n = i == count - 1 ? n - i * columns : columns;
  }
  bool saved = draw_rows(path, format, rows, count, columns, err);
  free(rows);
  return saved;
}

bool lathe_picture_pairs(const char *path, const struct lathe_picture_format *format,
                         const lathe_real *originals, const lathe_real *reconstructions, int n,
                         int columns, struct lathe_error *err)
{
  if (!check_format(path, format, err))
    return false;
  if (n < 1)
    return no_images(path, err);
  if (columns < 1)
    columns = PAIR_COLUMNS;
  if (columns > n)
    columns = n;
  int blocks = n / columns + (n % columns != 0);
  struct row *rows = new_rows(path, 2 * (int64_t)blocks, err);
  if (!rows)
    return false;
  for (int i = 0; i < blocks; i++) {
    size_t first = (size_t)i * (size_t)columns * image_size(format);
    int here = i == blocks - 1 ? n - i * columns : columns;
    rows[2 * i] = (struct row){originals + first, here, "original", i > 0};
    rows[2 * i + 1] = (struct row){reconstructions + first, here, "reconstruction", false};
  }
  bool saved = draw_rows(path, format, rows, 2 * blocks, columns, err);
  free(rows);
  return saved;
}

bool lathe_picture_rows(const char *path, const struct lathe_picture_format *format,
                        const lathe_real *images, int rows, int columns,
                        const char *const *captions, struct lathe_error *err)
{
  if (!check_format(path, format, err))
    return false;
  if (rows < 1 || columns < 1)
    return no_images(path, err);
  struct row *list = new_rows(path, rows, err);
  if (!list)
    return false;
  for (int i = 0; i < rows; i++) {
    list[i].images = images + (size_t)i * (size_t)columns * image_size(format);
    list[i].n = columns;
    list[i].caption = captions ? captions[i] : NULL;
  }
  bool saved = draw_rows(path, format, list, rows, columns, err);
  free(list);
  return saved;
}

/* The probability at place i of n evenly spaced ones, as a caption. */
static void probability_text(char text[32], int i, int n, double from, double to)
{
  snprintf(text, 32, "%.2f", n > 1 ? from + (to - from) * i / (n - 1) : (from + to) / 2);
}

bool lathe_picture_manifold(const char *path, const struct lathe_picture_format *format,
                            const lathe_real *images, int n, double from, double to,
                            struct lathe_error *err)
{
  if (!check_format(path, format, err))
    return false;
  if (n < 1)
    return no_images(path, err);
  int scale = choose_scale(format, n);
  double cell_width = (double)format->width * scale, cell_height = (double)format->height * scale;
  double left = 5.5 * CAPTION_SIZE, below = 4 * CAPTION_SIZE; /* numbers and the axis's name */
  left = ceil(left);
  double right = MARGIN + left + n * cell_width, bottom = MARGIN + n * cell_height;
  cairo_t *page = lathe_canvas_open(path, right + MARGIN, bottom + below, 1, err);
  if (!page)
    return false;
  int corner = MARGIN + (int)left;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      draw_image(page, format, scale,
                 images + ((size_t)i * (size_t)n + (size_t)j) * image_size(format),
                 corner + j * (int)cell_width, MARGIN + i * (int)cell_height);

  int across = (int)ceil(lathe_canvas_text_width(page, CAPTION_SIZE, "0.00 ") / cell_width);
  int down = (int)ceil(1.4 * CAPTION_SIZE / cell_height);
  char text[32];
  for (int j = 0; j < n; j += across) {
    probability_text(text, j, n, from, to);
    lathe_canvas_text(page, corner + (j + 0.5) * cell_width, bottom + 1.3 * CAPTION_SIZE,
                      CAPTION_SIZE, 0.5, text);
  }
  for (int i = 0; i < n; i += down) {
    probability_text(text, i, n, from, to);
    lathe_canvas_text(page, corner - 0.4 * CAPTION_SIZE,
                      MARGIN + (i + 0.5) * cell_height + 0.36 * CAPTION_SIZE, CAPTION_SIZE, 1,
                      text);
  }
  lathe_canvas_text(page, (corner + right) / 2, bottom + 3 * CAPTION_SIZE, CAPTION_SIZE, 0.5,
                    "first latent coordinate (probability)");
  lathe_canvas_text_up(page, MARGIN + CAPTION_SIZE, (MARGIN + bottom) / 2, CAPTION_SIZE, 0.5,
                       "second latent coordinate (probability)");
  return lathe_canvas_save(page, path, err);
}

cairo_t *lathe_picture_tiles_page(const char *what, const struct lathe_picture_format *format,
                                  const lathe_real *images, int rows, int columns,
                                  struct lathe_error *err)
{
  if (!check_format(what, format, err))
    return NULL;
  int scale = format->scale > 0 ? format->scale : 1;
  double width = (double)format->width * scale, height = (double)format->height * scale;
  cairo_t *page = lathe_canvas_open(what, columns * width, rows * height, 1, err);
  for (int i = 0; page && i < rows * columns; i++)
    draw_image(page, format, scale, images + (size_t)i * image_size(format),
               i % columns * (int)width, i / columns * (int)height);
  return page;
}
