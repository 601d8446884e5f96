/* bias: adds one number a channel; its derivative sums each channel over the batch. */
#include "../op.h"
#include "channel.h"

void bias_gradient(struct graph *g, struct node *y, struct node *dy)
{
  graph_accumulate(g, y->in[1], op_channel_table(g, OP_CHANNEL_SUM, 1, &dy, 1));
  graph_accumulate(g, y->in[0], dy);
}

void channel_sum_emit(struct emitter *e, const struct kernel *kernel)
{
  emit_channel_sum(e, kernel, kernel->chain[0]->in[0],
                   &(struct channel_sum){"sum", {"dy"}, "$dy[$at]"});
  emit_each_channel(e, kernel, "$db[$channel] = ($real)sum[$c];\n");
}
