/* Normalisation within an image to ops. */
#include "lower_parts.h"
#include "op.h"

/* An image is normalised as the vector of its values, in the order in which they lie. */
struct node *lower_layernorm(struct lowering *l, const struct layer *layer, struct node *x)
{
  struct graph *g = l->graph;
  if (x->shape.rank > 1)
    x = op_relayout(g, x, op_channels_last(&x->shape));
  struct scale_and_shift affine = lower_scale_and_shift(l, layer, &x->shape, x->interleave);
  struct node *values = op_view(g, x, (struct shape){.rank = 1, .dim = {node_size(x)}});
  values = op_group_normalise(g, values, 1, layer_value(layer, "eps"));
  values = op_ternary(g, OP_AFFINE, values, affine.weight, affine.bias);
  return op_view(g, values, layer->out);
}

struct node *lower_groupnorm(struct lowering *l, const struct layer *layer, struct node *x)
{
  const struct shape per_channel = {1, {x->shape.dim[0]}};
  struct scale_and_shift affine = lower_scale_and_shift(l, layer, &per_channel, 0);
  x = op_relayout(l->graph, x, op_channels_last(&x->shape));
  x = op_group_normalise(l->graph, x, layer_int(layer, "groups"), layer_value(layer, "eps"));
  return op_ternary(l->graph, OP_AFFINE, x, affine.weight, affine.bias);
}
