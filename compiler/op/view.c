/* view: the operand's memory under another shape; it costs nothing. */
#include "../op.h"

struct node *op_view(struct graph *g, struct node *x, struct shape shape)
{
  struct node *y = op_unary(g, OP_VIEW, x);
  y->shape = shape;
  return y;
}

void view_gradient(struct graph *g, struct node *y, struct node *dy)
{
  graph_accumulate(g, y->in[0], op_view(g, dy, y->in[0]->shape));
}
