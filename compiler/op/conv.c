/* conv: y [n, OH, OW, O] = x [n, H, W, C] * w [kh, kw, C / groups, O], a cross-correlation with
 * stride, padding, dilation and groups, and its two derivatives. The derivative by the input is the
 * transposed convolution's forward pass, and the other way round: three ops serve both layers, and
 * series as images of one row. */
#include "conv.h"
#include "../algorithm.h"
#include "../op.h"

struct node *op_conv(struct graph *g, struct node *x, struct node *w, struct convolution conv)
{
  if (conv.algorithm == ALGORITHM_WINOGRAD)
    return op_winograd(g, x, w, &conv);
  struct node *y = op_binary(g, OP_CONV, x, w);
  y->shape = op_pixels(x, conv.filters, conv.out_height, conv.out_width);
  y->interleave = op_channels_last(&y->shape);
  y->conv = conv;
  return y;
}

struct node *op_conv_input(struct graph *g, struct node *dy, struct node *w,
                           struct convolution conv)
{
  if (conv.algorithm == ALGORITHM_WINOGRAD)
    return op_winograd_input(g, dy, w, &conv);
  struct node *dx = op_binary(g, OP_CONV_INPUT, dy, w);
  dx->shape = op_pixels(dy, conv.channels, conv.height, conv.width);
  dx->interleave = op_channels_last(&dx->shape);
  dx->conv = conv;
  return dx;
}

static struct node *conv_weight(struct graph *g, struct node *dy, struct node *x, struct node *w,
                                struct convolution conv)
{
  struct node *dw = op_binary(g, OP_CONV_WEIGHT, dy, x);
  dw->per_image = false;
  dw->shape = w->shape;
  dw->interleave = 0;
  dw->conv = conv;
  return dw;
}

/* The same convolution for a derivative, which may be computed in another way. Winograd's values at
 * the points are shared by all: it never is for one of them alone. */
static struct convolution derived(const struct graph *g, const struct node *y,
                                  enum algorithm_use use)
{
  struct convolution c = y->conv;
  enum algorithm asked = algorithm_asked(g, y->layer, use);
  if (asked != ALGORITHM_ANY)
    c.algorithm = (int)asked;
  return c;
}

void conv_gradient(struct graph *g, struct node *y, struct node *dy)
{
  graph_accumulate(g, y->in[1], conv_weight(g, dy, y->in[0], y->in[1], derived(g, y, USE_WEIGHT)));
  graph_accumulate(g, y->in[0], op_conv_input(g, dy, y->in[1], derived(g, y, USE_INPUT)));
}

/* The op is linear in dy and in w, so its own derivatives are the two others. */
void conv_input_gradient(struct graph *g, struct node *dx, struct node *adjoint)
{
  graph_accumulate(g, dx->in[1],
                   conv_weight(g, dx->in[0], adjoint, dx->in[1], derived(g, dx, USE_WEIGHT)));
  graph_accumulate(g, dx->in[0], op_conv(g, adjoint, dx->in[1], derived(g, dx, USE_INPUT)));
}

double conv_flops(const struct node *node)
{
  const struct convolution *c = &node->conv;
  return 2.0 * (double)convolution_window(c) * c->filters * (double)convolution_pixels(c);
}

int conv_choice(const struct kernel *kernel)
{
  return kernel->chain[0]->conv.algorithm;
}

int conv_channel_parts(const struct convolution *c)
{
  enum { TASKS = 4, LEAST = 16 }; /* at least, when the kernel has channels to cut */
  if (c->groups > 1)
    return c->groups;
  int parts = (TASKS + c->y.kernel - 1) / c->y.kernel;
  while (parts > 1 && (c->channels % parts != 0 || c->channels / parts < LEAST))
    parts--;
  return parts;
}

static void computed(struct kernel *kernel)
{
  enum algorithm algorithm = (enum algorithm)conv_choice(kernel);
  kernel_computed_by(kernel, algorithm, algorithm_table[algorithm].convolution);
}

void conv_plan(struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  if (conv_choice(kernel) == ALGORITHM_DIRECT)
    conv_direct_plan(kernel);
  else
    conv_columns_plan(kernel, convolution_window(c), convolution_group_filters(c));
  computed(kernel);
}

void conv_input_plan(struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  if (conv_choice(kernel) == ALGORITHM_DIRECT)
    conv_direct_plan(kernel);
  else
    conv_columns_plan(kernel, convolution_group_filters(c), convolution_window(c));
  computed(kernel);
}

void conv_weight_plan(struct kernel *kernel)
{
  if (conv_choice(kernel) == ALGORITHM_DIRECT)
    conv_direct_weight_plan(kernel);
  else
    conv_columns_weight_plan(kernel);
  computed(kernel);
}

/* "oy * 2 + ky * 3 - 1": where a tap reads. */
static const char *place(struct emitter *e, const char *output, const char *tap,
                         const struct window_axis *a)
{
  const char *times = a->stride > 1 ? mem_printf(e->mem, " * %d", a->stride) : "";
  const char *apart = a->dilation > 1 ? mem_printf(e->mem, " * %d", a->dilation) : "";
  const char *before = a->pad > 0 ? mem_printf(e->mem, " - %d", a->pad) : "";
  return mem_printf(e->mem, "%s%s + %s%s%s", output, times, tap, apart, before);
}

void conv_bind(struct emitter *e, const struct convolution *c)
{
  bool row = c->height == 1 && c->out_height == 1 && c->y.kernel == 1 && c->y.pad == 0;
  emit_bind_int(e, "C", c->channels);
  emit_bind_int(e, "H", c->height);
  emit_bind_int(e, "W", c->width);
  emit_bind_int(e, "O", c->filters);
  emit_bind_int(e, "OH", c->out_height);
  emit_bind_int(e, "OW", c->out_width);
  emit_bind_int(e, "kh", c->y.kernel);
  emit_bind_int(e, "kw", c->x.kernel);
  emit_bind_int(e, "G", c->groups);
  emit_bind_int(e, "GC", convolution_group_channels(c));
  emit_bind_int(e, "GO", convolution_group_filters(c));
  emit_bind_int(e, "pixels", convolution_pixels(c));
  emit_bind_int(e, "window", convolution_window(c));
  emit_bind_int(e, "image", (int64_t)c->channels * c->height * c->width);
  const char *const ends = row ? "" : "}\n";
  emit_bind(e, "rows", "%s",
            row ? "" : mem_printf(e->mem, "for (int oy = 0; oy < %d; oy++) {\n", c->out_height));
  emit_bind(e, "taps", "%s",
            row ? "" : mem_printf(e->mem, "for (int ky = 0; ky < %d; ky++) {\n", c->y.kernel));
  emit_bind(e, "end_rows", "%s", ends);
  emit_bind(e, "end_taps", "%s", ends);
  emit_bind(e, "ix", "%s", place(e, "ox", "kx", &c->x));
  emit_bind(e, "find_iy", "%s",
            row ? "" : mem_printf(e->mem, "const int iy = %s;\n", place(e, "oy", "ky", &c->y)));
  if (row) {
    emit_bind(e, "at", "ix");
    emit_bind(e, "to", "(i * %d + ox)", c->out_width);
    emit_bind(e, "tap", "kx");
    emit_bind(e, "outside", "ix < 0 || ix >= %d", c->width);
  } else {
    emit_bind(e, "at", "(iy * %d + ix)", c->width);
    emit_bind(e, "to", "((i * %d + oy) * %d + ox)", c->out_height, c->out_width);
    emit_bind(e, "tap", "(ky * %d + kx)", c->x.kernel);
    emit_bind(e, "outside", "iy < 0 || iy >= %d || ix < 0 || ix >= %d", c->height, c->width);
  }
}

void conv_emit(struct emitter *e, const struct kernel *kernel)
{
  conv_bind(e, &kernel->chain[0]->conv);
  if (kernel_plain(kernel)) {
    conv_emit_plain(e);
    return;
  }
  (conv_choice(kernel) == ALGORITHM_DIRECT ? conv_direct_emit : conv_columns_emit)(e, kernel);
  emit_epilogue_images(e, kernel, 1);
}

void conv_input_emit(struct emitter *e, const struct kernel *kernel)
{
  conv_bind(e, &kernel->chain[0]->conv);
  if (kernel_plain(kernel)) {
    conv_input_emit_plain(e);
    return;
  }
  (conv_choice(kernel) == ALGORITHM_DIRECT ? conv_direct_input_emit
                                           : conv_columns_input_emit)(e, kernel);
  emit_epilogue_images(e, kernel, 1);
}

void conv_weight_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  conv_bind(e, c);
  if (kernel_plain(kernel))
    conv_weight_emit_plain(e, c);
  else if (conv_choice(kernel) == ALGORITHM_DIRECT)
    conv_direct_weight_emit(e, kernel);
  else
    conv_columns_weight_emit(e, kernel);
}
