/* sigmoid: 1 / (1 + exp(-x)). */
#include "../op.h"

void sigmoid_gradient(struct graph *g, struct node *y, struct node *dy)
{
  graph_accumulate(g, y->in[0], op_binary(g, OP_SIGMOID_GRAD, dy, y));
}
