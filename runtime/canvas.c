#include "canvas.h"
#include "output.h"
#include <math.h>
#include <stdio.h>

enum { LARGEST_SIDE = 32767 }; /* cairo's image surfaces address pixels with 16 bits */

const struct lathe_colour lathe_ink = {0.15, 0.15, 0.17};
const struct lathe_colour lathe_faint = {0.88, 0.88, 0.89};
const struct lathe_colour lathe_paper = {1.0, 1.0, 1.0};

/* Okabe and Ito (2008), "Color Universal Design". */
const struct lathe_colour lathe_hue[LATHE_HUES] = {
    {0.000, 0.447, 0.698}, /* blue */
    {0.835, 0.369, 0.000}, /* vermilion */
    {0.000, 0.620, 0.451}, /* bluish green */
    {0.800, 0.475, 0.655}, /* reddish purple */
    {0.902, 0.624, 0.000}, /* orange */
    {0.337, 0.706, 0.914}, /* sky blue */
    {0.000, 0.000, 0.000}, /* black; their yellow is lost on white */
};

static void choose_font(cairo_t *page, double size)
{
  cairo_select_font_face(page, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(page, size);
}

cairo_t *lathe_canvas_open(const char *path, double width, double height, double scale,
                           struct lathe_error *err)
{
  double columns = ceil(width * scale), rows = ceil(height * scale);
  if (!(columns >= 1 && rows >= 1 && columns <= LARGEST_SIDE && rows <= LARGEST_SIDE)) {
    lathe_fail(err,
               "%s: a picture of %.0f x %.0f pixels is too large (at most %d a side); show fewer "
               "images or a smaller scale",
               path, columns, rows, LARGEST_SIDE);
    return NULL;
  }
  cairo_surface_t *surface =
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)columns, (int)rows);
  cairo_t *page = cairo_create(surface);
  cairo_surface_destroy(surface); /* the page holds it */
  if (cairo_status(page) != CAIRO_STATUS_SUCCESS) {
    lathe_fail(err, "%s: no room for a picture of %.0f x %.0f pixels: %s", path, columns, rows,
               cairo_status_to_string(cairo_status(page)));
    cairo_destroy(page);
    return NULL;
  }
  lathe_canvas_colour(page, lathe_paper, 1);
  cairo_paint(page);
  cairo_scale(page, scale, scale);
  lathe_canvas_colour(page, lathe_ink, 1);
  return page;
}

static cairo_status_t write_bytes(void *closure, const unsigned char *data, unsigned length)
{
  return fwrite(data, 1, length, closure) == length ? CAIRO_STATUS_SUCCESS
                                                    : CAIRO_STATUS_WRITE_ERROR;
}

bool lathe_canvas_save(cairo_t *page, const char *path, struct lathe_error *err)
{
  if (!page)
    return false;
  bool saved = false;
  cairo_status_t status = cairo_status(page);
  if (status != CAIRO_STATUS_SUCCESS) {
    lathe_fail(err, "%s: the picture cannot be drawn: %s", path, cairo_status_to_string(status));
  } else {
    struct lathe_output *output = lathe_output_open(path, err);
    if (output) {
      status = cairo_surface_write_to_png_stream(cairo_get_target(page), write_bytes,
                                                 lathe_output_stream(output));
      /* A failed write also shows in the stream, where commit says what the system said. */
      if (status == CAIRO_STATUS_SUCCESS || status == CAIRO_STATUS_WRITE_ERROR) {
        saved = lathe_output_commit(output, err);
      } else {
        lathe_fail(err, "%s: cannot be written as PNG: %s", path, cairo_status_to_string(status));
        lathe_output_discard(output);
      }
    }
  }
  cairo_destroy(page);
  return saved;
}

/* Bytes on their way to base64 (RFC 4648): three at a time become four letters. */
struct base64 {
  FILE *stream;
  unsigned char held[3];
  unsigned count;
};

static void write_letters(struct base64 *to)
{
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned bits = (unsigned)to->held[0] << 16 | (unsigned)to->held[1] << 8 | to->held[2];
  for (unsigned i = 0; i < 4; i++)
    putc(i <= to->count ? letters[bits >> (18 - 6 * i) & 63] : '=', to->stream);
  *to = (struct base64){.stream = to->stream};
}

static cairo_status_t write_base64(void *closure, const unsigned char *data, unsigned length)
{
  struct base64 *to = closure;
  for (unsigned i = 0; i < length; i++) {
    to->held[to->count++] = data[i];
    if (to->count == 3)
      write_letters(to);
  }
  return CAIRO_STATUS_SUCCESS;
}

bool lathe_canvas_embed(cairo_t *page, const char *what, FILE *stream, struct lathe_error *err)
{
  if (!page)
    return false;
  struct base64 to = {.stream = stream};
  cairo_status_t status = cairo_status(page);
  fputs("data:image/png;base64,", stream);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_write_to_png_stream(cairo_get_target(page), write_base64, &to);
  if (to.count > 0)
    write_letters(&to);
  cairo_destroy(page);
  return status == CAIRO_STATUS_SUCCESS || lathe_fail(err, "%s: the picture cannot be drawn: %s",
                                                      what, cairo_status_to_string(status));
}

void lathe_canvas_colour(cairo_t *page, struct lathe_colour colour, double alpha)
{
  cairo_set_source_rgba(page, colour.r, colour.g, colour.b, alpha);
}

void lathe_canvas_text(cairo_t *page, double x, double y, double size, double align,
                       const char *text)
{
  if (!text)
    return;
  choose_font(page, size);
  cairo_text_extents_t extents;
  cairo_text_extents(page, text, &extents);
  cairo_move_to(page, x - align * extents.x_advance, y);
  cairo_show_text(page, text);
  cairo_new_path(page);
}

void lathe_canvas_text_up(cairo_t *page, double x, double y, double size, double align,
                          const char *text)
{
  cairo_save(page);
  cairo_translate(page, x, y);
  cairo_rotate(page, -acos(0.0));
  lathe_canvas_text(page, 0, 0, size, align, text);
  cairo_restore(page);
}

double lathe_canvas_text_width(cairo_t *page, double size, const char *text)
{
  if (!text)
    return 0;
  choose_font(page, size);
  cairo_text_extents_t extents;
  cairo_text_extents(page, text, &extents);
  return extents.x_advance;
}
