/* add: the sum of two values of one shape; where two uses of a value meet on the way back. */
#include "../op.h"

void add_gradient(struct graph *g, struct node *y, struct node *dy)
{
  graph_accumulate(g, y->in[0], dy);
  graph_accumulate(g, y->in[1], dy);
}
