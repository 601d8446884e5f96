/* relu: max(x, 0); the derivative at 0 is 0, as PyTorch's. */
#include "../op.h"

void relu_gradient(struct graph *g, struct node *y, struct node *dy)
{
  graph_accumulate(g, y->in[0], op_binary(g, OP_RELU_GRAD, dy, y));
}
