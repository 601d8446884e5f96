/* Windows over an image, one output pixel each: the greatest value of each channel (max_pool), or
 * the sum times a constant (window_sum), which is average pooling. The adjoint of the sum spreads
 * each output over its window (window_spread), and is what nearest-neighbour upsampling does, whose
 * own adjoint is the sum again. Pixels outside of the image count as 0 in sums, and do not
 * compete for the maximum; a NaN is greater than any number, so that it goes on to the loss. Images
 * lie channels last. */
#include "../emit_kernel.h"
#include "../op.h"

static struct shape filtered(const struct node *like, const struct windows *w)
{
  return op_pixels(like, w->channels, w->out_height, w->out_width);
}

static struct shape image(const struct node *like, const struct windows *w)
{
  return op_pixels(like, w->channels, w->height, w->width);
}

static struct node *windowed(struct node *node, const struct windows *w, struct shape shape)
{
  node->shape = shape;
  node->interleave = op_channels_last(&shape);
  node->windows = *w;
  return node;
}

struct node *op_max_pool(struct graph *g, struct node *x, const struct windows *w)
{
  return windowed(op_unary(g, OP_MAX_POOL, x), w, filtered(x, w));
}

void max_pool_gradient(struct graph *g, struct node *y, struct node *dy)
{
  struct node *x = y->in[0];
  struct node *dx = op_ternary(g, OP_MAX_POOL_GRAD, dy, x, y);
  graph_accumulate(g, x, windowed(dx, &y->windows, image(x, &y->windows)));
}

struct node *op_window_sum(struct graph *g, struct node *x, const struct windows *w, double factor)
{
  struct node *y = windowed(op_unary(g, OP_WINDOW_SUM, x), w, filtered(x, w));
  y->constant[0] = factor;
  return y;
}

struct node *op_window_spread(struct graph *g, struct node *x, const struct windows *w,
                              double factor)
{
  struct node *y = windowed(op_unary(g, OP_WINDOW_SPREAD, x), w, image(x, w));
  y->constant[0] = factor;
  return y;
}

void window_sum_gradient(struct graph *g, struct node *y, struct node *dy)
{
  graph_accumulate(g, y->in[0], op_window_spread(g, dy, &y->windows, y->constant[0]));
}

void window_spread_gradient(struct graph *g, struct node *y, struct node *dy)
{
  graph_accumulate(g, y->in[0], op_window_sum(g, dy, &y->windows, y->constant[0]));
}

double window_flops(const struct node *node)
{
  const struct windows *w = &node->windows;
  return (double)w->channels * w->out_height * w->out_width * w->y.kernel * w->x.kernel;
}

void window_plan(struct kernel *kernel)
{
  kernel_by_images(kernel, 4);
}

/* A thread's scratch: what of an output pixel's derivative has not found its maximum yet. */
void max_pool_grad_plan(struct kernel *kernel)
{
  window_plan(kernel);
  if (!kernel_plain(kernel))
    kernel->scratch = kernel->chain[0]->windows.channels;
}

/* Whether each pixel of the image is in exactly one window. */
static bool tiles(const struct windows *w)
{
  return w->y.pad == 0 && w->x.pad == 0 && w->y.kernel == w->y.stride &&
         w->x.kernel == w->x.stride && w->out_height * w->y.stride == w->height &&
         w->out_width * w->x.stride == w->width;
}

/* "oy * 2 - 1": where a window begins, before it is cut at the image's border. */
static void bind_start(struct emitter *e, const char *name, const char *output,
                       const struct window_axis *axis, int outputs)
{
  struct text text = {.mem = e->mem};
  text_printf(&text, "%s", outputs == 1 ? "0" : output);
  if (outputs > 1 && axis->stride > 1)
    text_printf(&text, " * %d", axis->stride);
  if (axis->pad > 0)
    text_printf(&text, " - %d", axis->pad);
  emit_bind(e, name, "%s", text.data);
}

/* Whether there is nothing but one row: a series, for which the loops down the image are left out.
 */
static bool one_row(const struct windows *w)
{
  return w->height == 1 && w->out_height == 1 && w->y.kernel == 1;
}

/* "(i * 14 + oy) * 14 + ox": a pixel's number among those of all images. */
static void bind_pixel(struct emitter *e, const char *name, bool row, int height, int width,
                       const char *y, const char *x)
{
  if (row)
    emit_bind(e, name, "i * %d + %s", width, x);
  else
    emit_bind(e, name, "(i * %d + %s) * %d + %s", height, y, width, x);
}

static void bind_windows(struct emitter *e, const struct windows *w)
{
  bool row = one_row(w);
  emit_bind_int(e, "C", w->channels);
  emit_bind_int(e, "H", w->height);
  emit_bind_int(e, "W", w->width);
  emit_bind_int(e, "OH", w->out_height);
  emit_bind_int(e, "OW", w->out_width);
  emit_bind_int(e, "kh", w->y.kernel);
  emit_bind_int(e, "kw", w->x.kernel);
  emit_bind_int(e, "image", (int64_t)w->channels * w->height * w->width);
  bind_start(e, "top", "oy", &w->y, w->out_height);
  bind_start(e, "left", "ox", &w->x, w->out_width);
  bind_pixel(e, "out_pixel", row, w->out_height, w->out_width, "oy", "ox");
  bind_pixel(e, "in_pixel", row, w->height, w->width, "iy", "ix");
  bind_pixel(e, "first_pixel", row, w->height, w->width, "top", "left");
}

/* Loops over output pixels, $out the index of their first channel, and over the pixels $in of each
 * one's window; `before` and `after` stand around the latter, `each` within. */
static void emit_windows(struct emitter *e, const struct kernel *kernel, const char *clear,
                         const char *before, const char *each, const char *after)
{
  const struct windows *w = &kernel->chain[0]->windows;
  bool rows = !one_row(w);
  emit(e, "for (int i = begin; i < end; i++) {\n");
  emit(e, clear);
  if (rows)
    emit(e, "for (int oy = 0; oy < $OH; oy++) {\n");
  if (rows)
    emit(e, w->y.pad == 0 ? "const int top = $top;\n"
                          : "const int top = $top > 0 ? $top : 0;\n"
                            "const int bottom = $top + $kh < $H ? $top + $kh : $H;\n");
  emit(e, "for (int ox = 0; ox < $OW; ox++) {\n");
  emit(e, w->x.pad == 0 ? "const int left = $left;\n"
                        : "const int left = $left > 0 ? $left : 0;\n"
                          "const int right = $left + $kw < $W ? $left + $kw : $W;\n");
  emit(e, "const int out = ($out_pixel) * $C;\n");
  emit(e, before);
  if (rows)
    emit(e, w->y.pad == 0 ? "for (int iy = top; iy < top + $kh; iy++) {\n"
                          : "for (int iy = top; iy < bottom; iy++) {\n");
  emit(e, w->x.pad == 0 ? "for (int ix = left; ix < left + $kw; ix++) {\n"
                        : "for (int ix = left; ix < right; ix++) {\n");
  emit(e, "const int in = ($in_pixel) * $C;\n");
  emit(e, each);
  emit(e, rows ? "}\n}\n" : "}\n");
  emit(e, after);
  emit(e, rows ? "}\n}\n}\n" : "}\n}\n");
  emit_epilogue_images(e, kernel, 1);
}

/* Plainly: each output pixel, each channel, all of the window and whether it is in the image. */
static void emit_plain(struct emitter *e, const struct windows *w, const char *clear,
                       const char *before, const char *each, const char *after)
{
  bool rows = !one_row(w);
  emit(e, "for (int i = begin; i < end; i++) {\n");
  emit(e, clear);
  if (rows)
    emit(e, "for (int oy = 0; oy < $OH; oy++) {\n");
  emit(e, "for (int ox = 0; ox < $OW; ox++) {\n"
          "for (int c = 0; c < $C; c++) {\n"
          "const int out = ($out_pixel) * $C + c;\n");
  emit(e, before);
  if (rows)
    emit(e, "for (int ky = 0; ky < $kh; ky++) {\n");
  emit(e, "for (int kx = 0; kx < $kw; kx++) {\n");
  if (rows)
    emit(e, "const int iy = $top + ky;\n");
  emit(e, "const int ix = $left + kx;\n");
  emit(e, rows ? "if (iy < 0 || iy >= $H || ix < 0 || ix >= $W)\n  continue;\n"
               : "if (ix < 0 || ix >= $W)\n  continue;\n");
  emit(e, "const int in = ($in_pixel) * $C + c;\n");
  emit(e, each);
  emit(e, rows ? "}\n}\n" : "}\n");
  emit(e, after);
  emit(e, rows ? "}\n}\n}\n}\n" : "}\n}\n}\n");
}

void max_pool_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct windows *w = &kernel->chain[0]->windows;
  bind_windows(e, w);
  if (kernel_plain(kernel))
    emit_plain(e, w, "", "$real most = 0;\nbool found = false;\n",
               "if (!found || $x[in] > most || isnan($x[in]))\n  most = $x[in];\n"
               "found = true;\n",
               "$y[out] = most;\n");
  else
    emit_windows(e, kernel, "", "memcpy($y + out, $x + ($first_pixel) * $C, $C * sizeof *$y);\n",
                 "for (int c = 0; c < $C; c++) {\n"
                 "const $real v = $x[in + c];\n"
                 "$y[out + c] = v > $y[out + c] || isnan(v) ? v : $y[out + c];\n"
                 "}\n",
                 "");
}

/* Of several pixels that are the greatest, the first receives the derivative, as in PyTorch: it is
 * taken from what is left for the pixels after it. */
void max_pool_grad_emit(struct emitter *e, const struct kernel *kernel)
{
  static const char clear[] = "memset($dx + i * $image, 0, $image * sizeof *$dx);\n";
  const struct windows *w = &kernel->chain[0]->windows;
  bind_windows(e, w);
  if (kernel_plain(kernel))
    emit_plain(e, w, clear, "bool found = false;\n",
               "if (!found && $x[in] == $act[out]) {\n$dx[in] += $dy[out];\nfound = true;\n}\n",
               "");
  else
    emit_windows(e, kernel, clear, "memcpy(scratch, $dy + out, $C * sizeof *scratch);\n",
                 "for (int c = 0; c < $C; c++) {\n"
                 "const $real hit = $x[in + c] == $act[out + c] ? scratch[c] : 0;\n"
                 "$dx[in + c] += hit;\n"
                 "scratch[c] -= hit;\n"
                 "}\n",
                 "");
}

static void bind_factor(struct emitter *e, const struct node *node)
{
  bool one = node->constant[0] == 1;
  emit_bind(e, "times_factor", "%s",
            one ? "" : mem_printf(e->mem, " * %s", emit_number(e, node->constant[0])));
}

void window_sum_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *y = kernel->chain[0];
  const struct windows *w = &y->windows;
  bind_windows(e, w);
  bind_factor(e, y);
  if (kernel_plain(kernel))
    emit_plain(e, w, "", "double sum = 0;\n", "sum += $x[in];\n",
               "$y[out] = ($real)sum$times_factor;\n");
  else
    emit_windows(e, kernel, "", "memset($y + out, 0, $C * sizeof *$y);\n",
                 "for (int c = 0; c < $C; c++)\n"
                 "  $y[out + c] += $x[in + c];\n",
                 y->constant[0] == 1 ? ""
                                     : "for (int c = 0; c < $C; c++)\n"
                                       "  $y[out + c] = $y[out + c]$times_factor;\n");
}

void window_spread_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *y = kernel->chain[0];
  static const char clear[] = "memset($y + i * $image, 0, $image * sizeof *$y);\n";
  const struct windows *w = &y->windows;
  bind_windows(e, w);
  bind_factor(e, y);
  if (kernel_plain(kernel))
    emit_plain(e, w, clear, "", "$y[in] += $x[out]$times_factor;\n", "");
  else if (tiles(w))
    emit_windows(e, kernel, "", "",
                 "for (int c = 0; c < $C; c++)\n"
                 "  $y[in + c] = $x[out + c]$times_factor;\n",
                 "");
  else
    emit_windows(e, kernel, clear, "",
                 "for (int c = 0; c < $C; c++)\n"
                 "  $y[in + c] += $x[out + c]$times_factor;\n",
                 "");
}
