/* sample: z = mean + exp(logvar / 2) noise. */
#include "../op.h"

void sample_gradient(struct graph *g, struct node *z, struct node *dz)
{
  graph_accumulate(g, z->in[0], dz);
  graph_accumulate(g, z->in[1], op_ternary(g, OP_SAMPLE_GRAD_LOGVAR, dz, z->in[1], z->in[2]));
}
