/* Activations, one function of each value. Their rows in ops.def say what they compute; the row
 * below an activation's own is its derivative times dy, by the output (then the value before the
 * activation need not be kept) or by the input. Constants are those of the activation. */
#include "../op.h"

struct node *op_activation(struct graph *g, enum op op, struct node *x, const double *constants)
{
  struct node *y = op_unary(g, op, x);
  for (int i = 0; i < NODE_CONSTANTS; i++)
    y->constant[i] = constants[i];
  return y;
}

static void derivative(struct graph *g, struct node *y, struct node *dy, struct node *by)
{
  struct node *dx = op_binary(g, y->op + 1, dy, by);
  for (int i = 0; i < NODE_CONSTANTS; i++)
    dx->constant[i] = y->constant[i];
  graph_accumulate(g, y->in[0], dx);
}

void gradient_by_output(struct graph *g, struct node *y, struct node *dy)
{
  derivative(g, y, dy, y);
}

void gradient_by_input(struct graph *g, struct node *y, struct node *dy)
{
  derivative(g, y, dy, y->in[0]);
}
