/* concat: the channels of one value and behind them those of another, of the same height and width.
 * Its derivative takes them apart (slice). Images lie channels last, vectors in their own order. */
#include "../emit_kernel.h"
#include "../op.h"

struct node *op_concat(struct graph *g, struct node *x, struct node *more)
{
  struct node *y = op_binary(g, OP_CONCAT, x, more);
  y->shape.dim[0] += node_channels(more);
  y->interleave = op_channels_last(&y->shape);
  return y;
}

/* The channels from `first` on that are derivatives of `like`'s. */
static struct node *slice(struct graph *g, struct node *dy, const struct node *like, int64_t first)
{
  struct node *part = op_unary(g, OP_SLICE, dy);
  part->shape = like->shape;
  part->interleave = like->interleave;
  part->constant[0] = (double)first;
  return part;
}

struct node *op_part(struct graph *g, struct node *x, int64_t first, int64_t channels)
{
  struct node *part = op_unary(g, OP_SLICE, op_relayout(g, x, op_channels_last(&x->shape)));
  part->shape.dim[0] = channels;
  part->interleave = op_channels_last(&part->shape);
  part->constant[0] = (double)first;
  return part;
}

void concat_gradient(struct graph *g, struct node *y, struct node *dy)
{
  graph_accumulate(g, y->in[0], slice(g, dy, y->in[0], 0));
  graph_accumulate(g, y->in[1], slice(g, dy, y->in[1], node_channels(y->in[0])));
}

void concat_plan(struct kernel *kernel)
{
  kernel_by_images(kernel, 16);
}

static void bind_rows(struct emitter *e, const struct node *node)
{
  int64_t rows = node_size(node) / node_channels(node);
  emit_bind(e, "row0", rows == 1 ? "begin" : "begin * %lld", (long long)rows);
  emit_bind(e, "row1", rows == 1 ? "end" : "end * %lld", (long long)rows);
}

void concat_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *y = kernel->chain[0];
  bind_rows(e, y);
  emit_bind_int(e, "channels", node_channels(y));
  emit_bind_int(e, "first", node_channels(y->in[0]));
  emit_bind_int(e, "rest", node_channels(y->in[1]));
  emit(e, "for (int r = $row0; r < $row1; r++) {\n"
          "memcpy($y + r * $channels, $x + r * $first, $first * sizeof *$y);\n"
          "memcpy($y + r * $channels + $first, $more + r * $rest, $rest * sizeof *$y);\n"
          "}\n");
  emit_epilogue_images(e, kernel, 1);
}

void slice_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *part = kernel->chain[0];
  bind_rows(e, part);
  emit_bind_int(e, "channels", node_channels(part->in[0]));
  int64_t first = (int64_t)part->constant[0];
  emit_bind(e, "first", "%s", first > 0 ? mem_printf(e->mem, " + %lld", (long long)first) : "");
  emit_bind_int(e, "width", node_channels(part));
  emit(e, "for (int r = $row0; r < $row1; r++)\n"
          "  memcpy($dx + r * $width, $dy + r * $channels$first, $width * sizeof *$dx);\n");
  emit_epilogue_images(e, kernel, 1);
}
