#include "picture.h"
#include "canvas.h"
#include "picture_cell.h"
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  MARGIN = 12,    /* screen pixels around everything */
  GAP = 2,        /* between images */
  BLOCK_GAP = 12, /* between pairs of rows */
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

/* A page of rows under each other, captions on the left. */
static bool draw_rows(const char *path, const struct lathe_picture_format *format,
                      const struct row *rows, int count, int columns, struct lathe_error *err)
{
  struct lathe_cell cell = lathe_cell_of(format, columns);
  double left = MARGIN, height = 2 * MARGIN - GAP;
  cairo_t *page = lathe_canvas_open(path, 1, 1, 1, err); /* to measure captions on */
  if (!page)
    return false;
  for (int i = 0; i < count; i++) {
    double wide = lathe_canvas_text_width(page, CAPTION_SIZE, rows[i].caption);
    left = fmax(left, wide > 0 ? ceil(wide) + 2 * MARGIN : 0);
    height += cell.height + GAP + (rows[i].starts_block ? BLOCK_GAP : 0);
  }
  cairo_destroy(page);

  double width = left + columns * (cell.width + GAP) - GAP + MARGIN;
  page = lathe_canvas_open(path, width, height, 1, err);
  if (!page)
    return false;
  /* Everything fits the page, whose sides fit an int. */
  int y = MARGIN;
  for (int i = 0; i < count; i++) {
    y += rows[i].starts_block ? BLOCK_GAP : 0;
    lathe_canvas_text(page, left - MARGIN, y + cell.height / 2 + CAPTION_SIZE * 0.36, CAPTION_SIZE,
                      1, rows[i].caption);
    for (int j = 0; j < rows[i].n; j++)
      lathe_cell_draw(page, format, &cell, rows[i].images + (size_t)j * lathe_cell_values(format),
                      (int)left + j * ((int)cell.width + GAP), y);
    y += (int)cell.height + GAP;
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
    rows[i].images = images + (size_t)i * (size_t)columns * lathe_cell_values(format);
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
    size_t first = (size_t)i * (size_t)columns * lathe_cell_values(format);
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
    list[i].images = images + (size_t)i * (size_t)columns * lathe_cell_values(format);
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
  struct lathe_cell cell = lathe_cell_of(format, n);
  double left = 5.5 * CAPTION_SIZE, below = 4 * CAPTION_SIZE; /* numbers and the axis's name */
  left = ceil(left);
  double right = MARGIN + left + n * cell.width, bottom = MARGIN + n * cell.height;
  cairo_t *page = lathe_canvas_open(path, right + MARGIN, bottom + below, 1, err);
  if (!page)
    return false;
  int corner = MARGIN + (int)left;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      lathe_cell_draw(page, format, &cell,
                      images + ((size_t)i * (size_t)n + (size_t)j) * lathe_cell_values(format),
                      corner + j * (int)cell.width, MARGIN + i * (int)cell.height);

  /* a page that has met an error, memory's say, takes text for as wide as nothing */
  int across =
      (int)fmax(ceil(lathe_canvas_text_width(page, CAPTION_SIZE, "0.00 ") / cell.width), 1);
  int down = (int)ceil(1.4 * CAPTION_SIZE / cell.height);
  char text[32];
  for (int j = 0; j < n; j += across) {
    probability_text(text, j, n, from, to);
    lathe_canvas_text(page, corner + (j + 0.5) * cell.width, bottom + 1.3 * CAPTION_SIZE,
                      CAPTION_SIZE, 0.5, text);
  }
  for (int i = 0; i < n; i += down) {
    probability_text(text, i, n, from, to);
    lathe_canvas_text(page, corner - 0.4 * CAPTION_SIZE,
                      MARGIN + (i + 0.5) * cell.height + 0.36 * CAPTION_SIZE, CAPTION_SIZE, 1,
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
  struct lathe_picture_format pixels = *format;
  if (!format->curves && format->scale == 0)
    pixels.scale = 1;
  struct lathe_cell cell = lathe_cell_of(&pixels, columns);
  cairo_t *page = lathe_canvas_open(what, columns * cell.width, rows * cell.height, 1, err);
  for (int i = 0; page && i < rows * columns; i++)
    lathe_cell_draw(page, &pixels, &cell, images + (size_t)i * lathe_cell_values(format),
                    i % columns * (int)cell.width, i / columns * (int)cell.height);
  return page;
}
