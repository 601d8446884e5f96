/* conv: y [n, OH, OW, O] = x [n, H, W, C] * w [k, k, C, O], a cross-correlation with stride and
 * padding, and its two derivatives. With channels innermost, one output pixel's window is k runs of
 * memory; a task copies the windows of a few images into columns (im2col) that stay in its
 * cache, and one matrix product does the rest. The derivative by the input is the transposed
 * convolution's forward pass, and the other way round: three ops serve both layers. */
#include "../algorithm.h"
#include "../emit_kernel.h"
#include "../op.h"
#include "runtime/packed.h"

enum {
  COLUMN_BYTES = 2 << 20, /* columns of one task: what stays near in cache */
  MOST_IMAGES = 8,
  WEIGHT_TASKS = 4, /* at least, when the kernel has channels to cut */
};

static int64_t window(const struct convolution *c)
{
  return (int64_t)c->kernel * c->kernel * c->channels;
}

static int64_t pixels(const struct convolution *c)
{
  return (int64_t)c->out_height * c->out_width;
}

/* Channels last; one channel is the same in either order. */
static int64_t channels_last(int64_t channels, int64_t positions)
{
  return channels > 1 && positions > 1 ? channels : 0;
}

struct node *op_conv(struct graph *g, struct node *x, struct node *w, struct convolution conv)
{
  if (conv.algorithm == ALGORITHM_WINOGRAD)
    return op_winograd(g, x, w, &conv);
  struct node *y = op_binary(g, OP_CONV, x, w);
  y->shape = (struct shape){.rank = 3, .dim = {conv.filters, conv.out_height, conv.out_width}};
  y->interleave = channels_last(conv.filters, pixels(&conv));
  y->conv = conv;
  return y;
}

struct node *op_conv_input(struct graph *g, struct node *dy, struct node *w,
                           struct convolution conv)
{
  if (conv.algorithm == ALGORITHM_WINOGRAD)
    return op_winograd_input(g, dy, w, &conv);
  struct node *dx = op_binary(g, OP_CONV_INPUT, dy, w);
  dx->shape = (struct shape){.rank = 3, .dim = {conv.channels, conv.height, conv.width}};
  dx->interleave = channels_last(conv.channels, (int64_t)conv.height * conv.width);
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

void conv_gradient(struct graph *g, struct node *y, struct node *dy)
{
  graph_accumulate(g, y->in[1], conv_weight(g, dy, y->in[0], y->in[1], y->conv));
  graph_accumulate(g, y->in[0], op_conv_input(g, dy, y->in[1], y->conv));
}

/* The op is linear in dy and in w, so its own derivatives are the two others. */
void conv_input_gradient(struct graph *g, struct node *dx, struct node *adjoint)
{
  graph_accumulate(g, dx->in[1], conv_weight(g, dx->in[0], adjoint, dx->in[1], dx->conv));
  graph_accumulate(g, dx->in[0], op_conv(g, adjoint, dx->in[1], dx->conv));
}

double conv_flops(const struct node *node)
{
  return 2.0 * (double)window(&node->conv) * node->conv.filters * (double)pixels(&node->conv);
}

static int images_a_task(const struct graph *g, int64_t column_elements)
{
  int64_t bytes = column_elements * (g->model->float64 ? 8 : 4);
  int64_t images = COLUMN_BYTES / bytes;
  return (int)(images < 1 ? 1 : images > MOST_IMAGES ? MOST_IMAGES : images);
}

/* Rows of all filters, of the weights or of dy, are whole panels: they need not be packed. */
static bool panels_in_place(const struct convolution *c)
{
  return c->filters % LATHE_WIDEST_PANEL == 0;
}

static enum algorithm choice(const struct kernel *kernel)
{
  return (enum algorithm)kernel->chain[0]->conv.algorithm;
}

/* Of a product [pixels, inner] x [inner, outputs] on columns of a few images: the columns, then the
 * packed weights. */
static void plan(struct kernel *kernel, int64_t inner, int64_t outputs)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  int64_t columns = pixels(c) * window(c);
  enum algorithm algorithm = choice(kernel);
  kernel_by_images(kernel, images_a_task(kernel->graph, columns));
  kernel->algorithm = algorithm_table[algorithm].convolution;
  kernel->scratch = algorithm == ALGORITHM_LOOPS ? 0 : columns * kernel->chunk;
  if (algorithm == ALGORITHM_BLOCKS && !(outputs == c->filters && panels_in_place(c)))
    kernel->scratch += (int64_t)LATHE_PACKED(inner, outputs);
}

void conv_plan(struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  plan(kernel, window(c), c->filters);
}

void conv_input_plan(struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  plan(kernel, c->filters, window(c));
}

/* Each task owns some rows of dw: one row of the kernel, and of its channels a part. */
static int channel_parts(const struct convolution *c)
{
  int parts = (WEIGHT_TASKS + c->kernel - 1) / c->kernel;
  while (parts > 1 && (c->channels % parts != 0 || c->channels / parts < 16))
    parts--;
  return parts;
}

static int64_t weight_columns(const struct convolution *c)
{
  return pixels(c) * c->kernel * (c->channels / channel_parts(c));
}

void conv_weight_plan(struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  kernel_cut(kernel, (int64_t)c->kernel * channel_parts(c), 1, c->kernel * channel_parts(c));
  kernel->algorithm = algorithm_table[choice(kernel)].convolution;
  if (choice(kernel) == ALGORITHM_LOOPS)
    return;
  int images = images_a_task(kernel->graph, weight_columns(c));
  kernel->scratch = weight_columns(c) * images;
  if (choice(kernel) == ALGORITHM_BLOCKS && !panels_in_place(c))
    kernel->scratch += (int64_t)LATHE_PACKED(images * pixels(c), c->filters);
}

static void bind_geometry(struct emitter *e, const struct convolution *c)
{
  emit_bind_int(e, "C", c->channels);
  emit_bind_int(e, "H", c->height);
  emit_bind_int(e, "W", c->width);
  emit_bind_int(e, "O", c->filters);
  emit_bind_int(e, "OH", c->out_height);
  emit_bind_int(e, "OW", c->out_width);
  emit_bind_int(e, "pixels", pixels(c));
  emit_bind_int(e, "window", window(c));
  emit_bind_int(e, "image", (int64_t)c->channels * c->height * c->width);
  emit_bind_int(e, "k", c->kernel);
  emit_bind(e, "iy", c->stride > 1 ? "oy * %d" : "oy", c->stride);
  emit_bind(e, "ix", c->stride > 1 ? "ox * %d" : "ox", c->stride);
  emit_bind(e, "pad", "%s", c->pad > 0 ? mem_printf(e->mem, " - %d", c->pad) : "");
}

/* One pixel's channels from the image into a column, or zeros; `part` of the channels from $first.
 */
static void bind_copies(struct emitter *e, const struct convolution *c, int64_t part)
{
  emit_bind_int(e, "part", part);
  if (c->channels == 1) {
    emit_bind(e, "copy", "*column = image[iy * %d + ix];\n", c->width);
    emit_bind(e, "clear", "*column = 0;\n");
    emit_bind(e, "next", "column++;\n");
  } else {
    const char *first = part < c->channels ? " + first" : "";
    emit_bind(e, "copy", "memcpy(column, image + (iy * %d + ix) * %d%s, %lld * sizeof *column);\n",
              c->width, c->channels, first, (long long)part);
    emit_bind(e, "clear", "memset(column, 0, %lld * sizeof *column);\n", (long long)part);
    emit_bind(e, "next", "column += %lld;\n", (long long)part);
  }
}

/* Loops over images, output pixels and the window; `inside` for pixels of the image, `outside`
 * (may be empty) for padding. `column` walks through the columns in order. */
static void emit_windows(struct emitter *e, const struct convolution *c, const char *inside,
                         const char *outside)
{
  emit(e, "for (int oy = 0; oy < $OH; oy++) {\n"
          "for (int ox = 0; ox < $OW; ox++) {\n"
          "for (int ky = 0; ky < $k; ky++) {\n"
          "for (int kx = 0; kx < $k; kx++) {\n"
          "const int iy = $iy + ky$pad;\n"
          "const int ix = $ix + kx$pad;\n");
  if (c->pad == 0)
    emit(e, inside);
  else {
    emit(e, "if (iy >= 0 && iy < $H && ix >= 0 && ix < $W) {\n");
    emit(e, inside);
    if (outside[0] != '\0') {
      emit(e, "} else {\n");
      emit(e, outside);
    }
    emit(e, "}\n");
  }
  emit(e, "${next}}\n}\n}\n}\n");
}

/* The three ops in plain loops: every output pixel, every filter, and the window around it.
 * `before` and `after` stand around the window's loops, `each` within. */
static void emit_plain(struct emitter *e, const char *before, const char *each, const char *after)
{
  emit(e, "for (int oy = 0; oy < $OH; oy++) {\n"
          "for (int ox = 0; ox < $OW; ox++) {\n"
          "for (int o = 0; o < $O; o++) {\n");
  emit(e, before);
  emit(e, "for (int ky = 0; ky < $k; ky++) {\n"
          "for (int kx = 0; kx < $k; kx++) {\n"
          "const int iy = $iy + ky$pad;\n"
          "const int ix = $ix + kx$pad;\n"
          "if (iy < 0 || iy >= $H || ix < 0 || ix >= $W)\n  continue;\n"
          "for (int c = 0; c < $C; c++) {\n");
  emit(e, each);
  emit(e, "}\n}\n}\n");
  emit(e, after);
  emit(e, "}\n}\n}\n");
}

static void conv_emit_plain(struct emitter *e)
{
  emit(e, "for (int i = begin; i < end; i++) {\n");
  emit_plain(e, "double sum = 0;\n",
             "const double pixel = $x[i * $image + (iy * $W + ix) * $C + c];\n"
             "sum += pixel * $w[((ky * $k + kx) * $C + c) * $O + o];\n",
             "$y[((i * $OH + oy) * $OW + ox) * $O + o] = ($real)sum;\n");
  emit(e, "}\n");
}

static void conv_input_emit_plain(struct emitter *e)
{
  emit(e, "for (int i = begin; i < end; i++) {\n"
          "memset($dx + i * $image, 0, $image * sizeof *$dx);\n");
  emit_plain(e, "const $real d = $dy[((i * $OH + oy) * $OW + ox) * $O + o];\n",
             "const $real weight = $w[((ky * $k + kx) * $C + c) * $O + o];\n"
             "$dx[i * $image + (iy * $W + ix) * $C + c] += d * weight;\n",
             "");
  emit(e, "}\n");
}

/* A task's rows: of the kernel, each with a part of the channels. */
static void conv_weight_emit_plain(struct emitter *e, const struct convolution *c)
{
  emit_bind_int(e, "parts", channel_parts(c));
  emit_bind_int(e, "part", c->channels / channel_parts(c));
  emit(e, "for (int row = $begin; row < $end; row++) {\n"
          "const int ky = row / $parts;\n"
          "const int first = row % $parts * $part;\n"
          "for (int kx = 0; kx < $k; kx++) {\n"
          "for (int c = first; c < first + $part; c++) {\n"
          "for (int o = 0; o < $O; o++) {\n"
          "double sum = 0;\n"
          "for (int i = 0; i < n; i++) {\n"
          "for (int oy = 0; oy < $OH; oy++) {\n"
          "for (int ox = 0; ox < $OW; ox++) {\n"
          "const int iy = $iy + ky$pad;\n"
          "const int ix = $ix + kx$pad;\n"
          "if (iy < 0 || iy >= $H || ix < 0 || ix >= $W)\n  continue;\n"
          "const double pixel = $x[i * $image + (iy * $W + ix) * $C + c];\n"
          "sum += pixel * $dy[((i * $OH + oy) * $OW + ox) * $O + o];\n"
          "}\n}\n}\n"
          "$dw[((ky * $k + kx) * $C + c) * $O + o] = ($real)sum;\n"
          "}\n}\n}\n}\n");
}

void conv_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  bind_geometry(e, c);
  if (kernel_plain(kernel)) {
    conv_emit_plain(e);
    return;
  }
  bind_copies(e, c, c->channels);
  emit(e, "$real *column = scratch;\n"
          "for (int i = begin; i < end; i++) {\n"
          "const $real *const image = $x + i * $image;\n");
  emit_windows(e, c, "$copy", "$clear");
  emit(e, "}\n");
  emit_bind_int(e, "columns", pixels(c) * window(c) * kernel->chunk);
  if (choice(kernel) == ALGORITHM_BLOCKS && panels_in_place(c))
    emit(e, "const struct lathe_panels panels = {$w, LATHE_PANEL, $O};\n");
  else if (choice(kernel) == ALGORITHM_BLOCKS)
    emit(e, "const struct lathe_panels panels = lathe_pack($window, $O, $w, $O, scratch + "
            "$columns);\n");
  if (choice(kernel) == ALGORITHM_BLOCKS)
    emit(e, "lathe_product((end - begin) * $pixels, $O, $window, (struct lathe_rows){scratch, "
            "$window, 1},\npanels, 0, $y + begin * $pixels * $O, $O);\n");
  else
    emit(e, "$gemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (end - begin) * $pixels, $O, "
            "$window, 1,\n"
            "scratch, $window, $w, $O, 0, $y + begin * $pixels * $O, $O);\n");
  emit_epilogue_images(e, kernel, 1);
}

void conv_input_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  bind_geometry(e, c);
  if (kernel_plain(kernel)) {
    conv_input_emit_plain(e);
    return;
  }
  bind_copies(e, c, c->channels);
  emit_bind_int(e, "columns", pixels(c) * window(c) * kernel->chunk);
  if (choice(kernel) == ALGORITHM_BLOCKS)
    emit(e,
         "lathe_product((end - begin) * $pixels, $window, $O,\n"
         "(struct lathe_rows){$dy + begin * $pixels * $O, $O, 1},\n"
         "lathe_pack_transposed($O, $window, $w, $O, scratch + $columns), 0, scratch, $window);\n");
  else
    emit(e, "$gemm(CblasRowMajor, CblasNoTrans, CblasTrans, (end - begin) * $pixels, $window, $O, "
            "1,\n$dy + begin * $pixels * $O, $O, $w, $O, 0, scratch, $window);\n");
  emit(e, "const $real *column = scratch;\n"
          "for (int i = begin; i < end; i++) {\n"
          "$real *const image = $dx + i * $image;\n"
          "memset(image, 0, $image * sizeof *image);\n");
  emit_windows(e, c,
               c->channels == 1 ? "image[iy * $W + ix] += *column;\n"
                                : "$real *const pixel = image + (iy * $W + ix) * $C;\n"
                                  "for (int ch = 0; ch < $C; ch++)\n"
                                  "  pixel[ch] += column[ch];\n",
               "");
  emit(e, "}\n");
  emit_epilogue_images(e, kernel, 1);
}

void conv_weight_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  int parts = channel_parts(c);
  bind_geometry(e, c);
  if (kernel_plain(kernel)) {
    conv_weight_emit_plain(e, c);
    return;
  }
  bind_copies(e, c, c->channels / parts);
  emit_bind_int(e, "parts", parts);
  emit_bind_int(e, "images", images_a_task(kernel->graph, weight_columns(c)));
  emit_bind_int(e, "rows", (int64_t)c->kernel * (c->channels / parts));
  if (kernel->tasks == 1)
    emit(e, "const int ky = 0;\n");
  else
    emit(e, parts == 1 ? "const int ky = begin; /* this task's row of the kernel */\n"
                       : "const int ky = begin / $parts; /* this task's row of the kernel, */\n"
                         "const int first = begin % $parts * $part; /* and its channels */\n");
  emit(e, "for (int from = 0; from < n; from += $images) {\n"
          "const int to = from + $images < n ? from + $images : n;\n"
          "$real *column = scratch;\n"
          "for (int i = from; i < to; i++) {\n"
          "const $real *const image = $x + i * $image;\n"
          "for (int oy = 0; oy < $OH; oy++) {\n"
          "const int iy = $iy + ky$pad;\n"
          "for (int ox = 0; ox < $OW; ox++) {\n"
          "for (int kx = 0; kx < $k; kx++) {\n"
          "const int ix = $ix + kx$pad;\n");
  if (c->pad == 0)
    emit(e, "$copy");
  else
    emit(e, "if (iy >= 0 && iy < $H && ix >= 0 && ix < $W)\n"
            "  ${copy}"
            "else\n"
            "  $clear");
  emit(e, "${next}}\n}\n}\n}\n");
  /* dw's rows of this task: [kx][channels], apart from each other when channels are cut. */
  emit_bind_int(e, "columns", weight_columns(c) * images_a_task(kernel->graph, weight_columns(c)));
  bool blocks = choice(kernel) == ALGORITHM_BLOCKS;
  if (blocks && panels_in_place(c))
    emit(e, "const struct lathe_panels panels = {$dy + from * $pixels * $O, LATHE_PANEL, $O};\n");
  else if (blocks)
    emit(e, "const struct lathe_panels panels = lathe_pack((to - from) * $pixels, $O,\n"
            "$dy + from * $pixels * $O, $O, scratch + $columns);\n");
  if (parts == 1 && blocks) {
    emit(e, "lathe_product($rows, $O, (to - from) * $pixels, (struct lathe_rows){scratch, 1, "
            "$rows}, panels,\nfrom > 0, $dw + ky * $rows * $O, $O);\n");
  } else if (parts == 1) {
    emit(e, "$gemm(CblasRowMajor, CblasTrans, CblasNoTrans, $rows, $O, (to - from) * $pixels, 1, "
            "scratch,\n"
            "$rows, $dy + from * $pixels * $O, $O, from > 0, $dw + ky * $rows * $O, $O);\n");
  } else {
    emit(e, "for (int kx = 0; kx < $k; kx++)\n");
    emit(e, blocks ? "  lathe_product($part, $O, (to - from) * $pixels,\n"
                     "(struct lathe_rows){scratch + kx * $part, 1, $rows}, panels, from > 0,\n"
                     "$dw + ((ky * $k + kx) * $C + first) * $O, $O);\n"
                   : "  $gemm(CblasRowMajor, CblasTrans, CblasNoTrans, $part, $O, (to - from) * "
                     "$pixels, 1,\nscratch + kx * $part, $rows, $dy + from * $pixels * $O, $O, "
                     "from > 0,\n$dw + ((ky * $k + kx) * $C + first) * $O, $O);\n");
  }
  emit(e, "}\n");
}
