/* The windows of a convolution as runs of memory. With channels innermost, a row of a window is one
 * run wherever its taps are neighbours and all their channels are wanted. An image that has margins
 * is first copied amid zeros: then no tap has to be asked whether it is outside, and no run is cut
 * short. */
#include "conv.h"
#include <string.h>

static bool padded(const struct convolution *c)
{
  return c->y.pad > 0 || c->x.pad > 0;
}

/* An axis with its margins: all of the image, and as far as the last window reaches. */
static int extent(int size, int outputs, const struct window_axis *a)
{
  int image = a->pad + size;
  int reach = (outputs - 1) * a->stride + (a->kernel - 1) * a->dilation + 1;
  return reach > image ? reach : image;
}

static int64_t line(const struct convolution *c)
{
  int pixels = padded(c) ? extent(c->width, c->out_width, &c->x) : c->width;
  return (int64_t)pixels * c->channels;
}

int64_t conv_margins(const struct convolution *c)
{
  return padded(c) ? extent(c->height, c->out_height, &c->y) * line(c) : 0;
}

static const char *times(struct emitter *e, const char *index, int64_t stride)
{
  return stride == 1 ? index : mem_printf(e->mem, "%s * %lld", index, (long long)stride);
}

static bool is_series(const struct emitter *e)
{
  return emit_value(e, "find_iy")[0] == '\0';
}

/* Where a run begins: "(oy * 2 + ky) * 120 + ox * 8 + kx * 4 + g * 2". */
static const char *place(struct emitter *e, const struct convolution *c, bool runs,
                         const char *first)
{
  const char *down = is_series(e)
                         ? ""
                         : mem_printf(e->mem, "(%s + %s) * %lld + ", times(e, "oy", c->y.stride),
                                      times(e, "ky", c->y.dilation), (long long)line(c));
  const char *along = times(e, "ox", (int64_t)c->x.stride * c->channels);
  const char *tap = times(e, "kx", (int64_t)c->x.dilation * c->channels);
  return runs ? mem_printf(e->mem, "%s%s%s", down, along, first)
              : mem_printf(e->mem, "%s%s + %s%s", down, along, tap, first);
}

void conv_bind_windows(struct emitter *e, const struct convolution *c, int64_t part,
                       const char *first)
{
  bool runs = part == c->channels && c->x.dilation == 1;
  emit_bind_int(e, "part", part);
  emit_bind_int(e, "run", runs ? c->x.kernel * part : part);
  emit_bind(e, "grid", padded(c) ? "padded" : "image");
  emit_bind(e, "place", "%s", place(e, c, runs, first));
  emit_bind(e, "across", "%s",
            runs ? "" : mem_printf(e->mem, "for (int kx = 0; kx < %d; kx++) {\n", c->x.kernel));
  emit_bind(e, "end_across", runs ? "" : "}\n");
  int64_t width = (int64_t)c->width * c->channels, left = (int64_t)c->x.pad * c->channels;
  emit_bind_int(e, "width", width);
  if (is_series(e)) {
    emit_bind(e, "lines", "%s", "");
    emit_bind(e, "within", "padded + %lld", (long long)left);
    emit_bind(e, "line", "image");
  } else {
    emit_bind(e, "lines", "for (int iy = 0; iy < %d; iy++)\n  ", c->height);
    emit_bind(e, "within", "padded + (%s) * %lld + %lld",
              c->y.pad > 0 ? mem_printf(e->mem, "iy + %d", c->y.pad) : "iy", (long long)line(c),
              (long long)left);
    emit_bind(e, "line", "image + iy * %lld", (long long)width);
  }
}

void conv_emit_margins(struct emitter *e, const struct convolution *c, int64_t at, bool cleared)
{
  if (!padded(c))
    return;
  emit_bind_int(e, "margins_at", at);
  emit_bind_int(e, "margins", conv_margins(c));
  emit(e, "$real *const padded = scratch + $margins_at; /* an image amid its margins */\n");
  if (cleared)
    emit(e, "memset(padded, 0, $margins * sizeof *padded);\n");
}

/* Goes through all windows, run by run. */
static void emit_windows(struct emitter *e, const char *run)
{
  emit(e, "${rows}for (int ox = 0; ox < $OW; ox++) {\n$taps$across");
  emit(e, run);
  emit(e, "${end_across}${end_taps}}\n${end_rows}");
}

static bool single(const struct emitter *e)
{
  return strcmp(emit_value(e, "run"), "1") == 0;
}

void conv_emit_columns(struct emitter *e, const struct convolution *c, const char *from,
                       const char *to)
{
  emit_bind(e, "from_image", "%s", from);
  emit_bind(e, "to_image", "%s", to);
  emit(e, "$real *column = scratch;\n"
          "for (int i = $from_image; i < $to_image; i++) {\n"
          "const $real *const image = $x + i * $image;\n");
  if (padded(c))
    emit(e, "${lines}memcpy($within, $line, $width * sizeof *padded);\n");
  emit_windows(e, single(e) ? "*column++ = $grid[$place];\n"
                            : "memcpy(column, $grid + $place, $run * sizeof *column);\n"
                              "column += $run;\n");
  emit(e, "}\n");
}

void conv_emit_add_columns(struct emitter *e, const struct convolution *c)
{
  emit(e, "const $real *column = scratch;\n"
          "for (int i = begin; i < end; i++) {\n"
          "$real *const image = $dx + i * $image;\n");
  if (padded(c))
    emit(e, "memset(padded, 0, $margins * sizeof *padded);\n");
  else if (c->groups == 1)
    emit(e, "memset(image, 0, $image * sizeof *image);\n");
  if (padded(c) && c->groups > 1) /* the others' channels stay as they are */
    emit(e, "${lines}memcpy($within, $line, $width * sizeof *padded);\n");
  emit_windows(e, single(e) ? "$grid[$place] += *column++;\n"
                            : "$real *const run = $grid + $place;\n"
                              "for (int k = 0; k < $run; k++)\n"
                              "  run[k] += column[k];\n"
                              "column += $run;\n");
  if (padded(c))
    emit(e, "${lines}memcpy($line, $within, $width * sizeof *padded);\n");
  emit(e, "}\n");
}
