/* bilinear: an image enlarged by a whole factor, each output pixel a mean of the four pixels around
 * its centre, weighted by how near they are; beyond the outer centres the image goes on as at its
 * border (PyTorch's align_corners=False). Of a series, the two values around it. And the adjoint.
 * Images lie channels last. */
#include "../emit_kernel.h"
#include "../op.h"

static struct node *resized(struct node *node, const struct windows *w, int height, int width)
{
  node->shape = op_pixels(node->in[0], w->channels, height, width);
  node->interleave = op_channels_last(&node->shape);
  node->windows = *w;
  return node;
}

/* The large image is `height` x `width` of the windows, the small one its outputs. */
struct node *op_bilinear(struct graph *g, struct node *x, const struct windows *w)
{
  return resized(op_unary(g, OP_BILINEAR, x), w, w->height, w->width);
}

void bilinear_gradient(struct graph *g, struct node *y, struct node *dy)
{
  const struct windows *w = &y->windows;
  struct node *dx = op_unary(g, OP_BILINEAR_ADJOINT, dy);
  graph_accumulate(g, y->in[0], resized(dx, w, w->out_height, w->out_width));
}

/* Along one axis: the pixels 0 and 1 on both sides of pixel `at` of the large image, and the
 * weight of pixel 1: none where both are one, so that equal pixels are equal to the last digit. */
static void emit_neighbours(struct emitter *e, const char *axis, const char *at, int small,
                            int factor)
{
  emit_bind(e, "axis", "%s", axis);
  emit_bind(e, "at", "%s", at);
  emit_bind_int(e, "small", small);
  emit_bind_int(e, "offset", factor - 1);
  emit_bind(e, "step", "%s", emit_number(e, 0.5 / factor));
  emit(e, "const int from_$axis = 2 * $at > $offset ? 2 * $at - $offset : 0;\n");
  emit_bind_int(e, "twice", 2 * (int64_t)factor);
  emit(
      e,
      "const int ${axis}0 = from_$axis / $twice;\n"
      "const int ${axis}1 = ${axis}0 + 1 < $small ? ${axis}0 + 1 : ${axis}0;\n"
      "const $real near_$axis = ${axis}1 > ${axis}0 ? ($real)(from_$axis % $twice) * $step : 0;\n");
}

/* The two neighbours of a series, or the four of an image: $near's index and weight. */
static void emit_near(struct emitter *e, bool row)
{
  if (row)
    emit(e, "for (int near = 0; near < 2; near++) {\n"
            "const int small = (i * $OW + (near == 0 ? x0 : x1)) * $C;\n"
            "const $real weight = near == 0 ? 1 - near_x : near_x;\n");
  else
    emit(e,
         "for (int near = 0; near < 4; near++) {\n"
         "const int small = ((i * $OH + (near < 2 ? y0 : y1)) * $OW + (near % 2 ? x1 : x0)) * $C;\n"
         "const $real weight = (near < 2 ? 1 - near_y : near_y) * (near % 2 ? near_x : 1 - "
         "near_x);\n");
}

/* Loops over the large image's pixels; `each` is done for the neighbours' $in and $weight. */
static void emit_pixels(struct emitter *e, const struct kernel *kernel, const char *clear,
                        const char *before, const char *each)
{
  const struct node *node = kernel->chain[0];
  const struct windows *w = &node->windows;
  bool row = node->shape.rank == 2;
  int count = e->binding_count;
  emit_bind_int(e, "C", w->channels);
  emit_bind_int(e, "H", w->height);
  emit_bind_int(e, "W", w->width);
  emit_bind_int(e, "OH", w->out_height);
  emit_bind_int(e, "OW", w->out_width);
  emit_bind_int(e, "image", (int64_t)w->channels * w->out_height * w->out_width);
  emit(e, "for (int i = begin; i < end; i++) {\n");
  emit(e, clear);
  if (!row) {
    emit(e, "for (int py = 0; py < $H; py++) {\n");
    emit_neighbours(e, "y", "py", w->out_height, w->y.stride);
  }
  emit(e, "for (int px = 0; px < $W; px++) {\n");
  emit_neighbours(e, "x", "px", w->out_width, w->x.stride);
  emit(e, row ? "const int large = (i * $W + px) * $C;\n"
              : "const int large = ((i * $H + py) * $W + px) * $C;\n");
  emit(e, before);
  emit_near(e, row);
  emit(e, each);
  emit(e, row ? "}\n}\n}\n" : "}\n}\n}\n}\n");
  e->binding_count = count;
  emit_epilogue_images(e, kernel, 1);
}

void bilinear_emit(struct emitter *e, const struct kernel *kernel)
{
  emit_pixels(e, kernel, "", "memset($to + large, 0, $C * sizeof *$to);\n",
              "for (int c = 0; c < $C; c++)\n"
              "  $to[large + c] += weight * $from[small + c];\n");
}

void bilinear_adjoint_emit(struct emitter *e, const struct kernel *kernel)
{
  emit_pixels(e, kernel, "memset($to + i * $image, 0, $image * sizeof *$to);\n", "",
              "for (int c = 0; c < $C; c++)\n"
              "  $to[small + c] += weight * $from[large + c];\n");
}
