/* Dropout (Srivastava et al. 2014), scaled in training so that evaluation has nothing to do: a mask
 * of 0 and 1 / (1 - rate), and its product with the value, whose derivative is the product with the
 * same mask. The mask follows from the draw (seed and step), the layer and each value's place in
 * the batch alone. Constant 0 is the rate, constant 1 the layer's number. */
#include "../emit_kernel.h"
#include "../op.h"

struct node *op_dropout(struct graph *g, struct node *x, struct node *draw, double rate, int number)
{
  struct node *mask = op_unary(g, OP_DROPOUT_MASK, draw);
  mask->per_image = true;
  mask->shape = x->shape;
  mask->interleave = x->interleave;
  mask->constant[0] = rate;
  mask->constant[1] = number;
  return op_binary(g, OP_DROP, x, mask);
}

void drop_gradient(struct graph *g, struct node *y, struct node *dy)
{
  graph_accumulate(g, y->in[0], op_binary(g, OP_DROP, dy, y->in[1]));
}

void dropout_mask_plan(struct kernel *kernel)
{
  kernel_by_images(kernel, 4);
}

void dropout_mask_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *mask = kernel->chain[0];
  int64_t size = node_size(mask);
  emit_bind_int(e, "size", size);
  emit_bind_int(e, "blocks", (size + 3) / 4);
  emit_bind_int(e, "number", (int64_t)mask->constant[1]);
  emit_bind(e, "rate", "%s", emit_double(e, mask->constant[0]));
  emit(e, "for (int i = begin; i < end; i++) {\n"
          "const uint64_t first = ((uint64_t)$number << 48) + (uint64_t)i * $blocks;\n"
          "lathe_random_mask($draw, first, $size, $rate, $mask + i * $size);\n"
          "}\n");
  emit_epilogue_images(e, kernel, 1);
}
