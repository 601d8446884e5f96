/* relayout: the same values in another memory order (row-major or channels last). */
#include "../emit_kernel.h"
#include "../op.h"

struct node *op_relayout(struct graph *g, struct node *x, int64_t interleave)
{
  if (x->interleave == interleave)
    return x;
  if (x->interleave != 0 && interleave != 0) /* by way of row-major */
    x = op_relayout(g, x, 0);
  struct node *y = op_unary(g, OP_RELAYOUT, x);
  y->interleave = interleave;
  return y;
}

void relayout_gradient(struct graph *g, struct node *y, struct node *dy)
{
  graph_accumulate(g, y->in[0], op_relayout(g, dy, y->in[0]->interleave));
}

void relayout_plan(struct kernel *kernel)
{
  kernel_by_images(kernel, 16);
}

void relayout_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *y = kernel->chain[0];
  const struct node *x = y->in[0];
  int64_t channels = y->interleave != 0 ? y->interleave : x->interleave;
  emit_bind_int(e, "size", node_size(y));
  emit_bind_int(e, "channels", channels);
  emit_bind_int(e, "positions", node_size(y) / channels);
  emit(e, "for (int i = begin; i < end; i++) {\n"
          "for (int p = 0; p < $positions; p++) {\n"
          "for (int c = 0; c < $channels; c++)\n");
  emit(e, y->interleave != 0
              ? "  $y[i * $size + p * $channels + c] = $x[i * $size + c * $positions + p];\n"
              : "  $y[i * $size + c * $positions + p] = $x[i * $size + p * $channels + c];\n");
  emit(e, "}\n}\n");
  emit_epilogue_images(e, kernel, 1);
}
