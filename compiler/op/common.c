/* Constructors and rules that several ops share. */
#include "../op.h"
#include "../schedule.h"

int64_t op_channels_last(const struct shape *shape)
{
  int64_t channels = shape->dim[0];
  return shape->rank > 1 && channels > 1 && shape_size(shape) > channels ? channels : 0;
}

struct shape op_pixels(const struct node *like, int64_t channels, int64_t height, int64_t width)
{
  return like->shape.rank == 2 ? (struct shape){2, {channels, width}}
                               : (struct shape){3, {channels, height, width}};
}

struct node *op_unary(struct graph *g, enum op op, struct node *x)
{
  return graph_add(g, op, 1, &x);
}

struct node *op_binary(struct graph *g, enum op op, struct node *x, struct node *y)
{
  return graph_add(g, op, 2, (struct node *[]){x, y});
}

struct node *op_ternary(struct graph *g, enum op op, struct node *x, struct node *y, struct node *z)
{
  return graph_add(g, op, 3, (struct node *[]){x, y, z});
}

struct node *op_channel_table(struct graph *g, enum op op, int in_count, struct node *const *in,
                              int rows)
{
  struct node *table = graph_add(g, op, in_count, in);
  table->per_image = false;
  table->interleave = 0;
  table->shape = rows == 1 ? (struct shape){.rank = 1, .dim = {node_channels(in[0])}}
                           : (struct shape){.rank = 2, .dim = {rows, node_channels(in[0])}};
  return table;
}

double one_flop(const struct node *node)
{
  return (double)node_size(node);
}

double two_flops(const struct node *node)
{
  return 2 * (double)node_size(node);
}

double four_flops(const struct node *node)
{
  return 4 * (double)node_size(node);
}

double eight_flops(const struct node *node)
{
  return 8 * (double)node_size(node);
}

/* Of the per-channel sums: for each element that is summed. */
double sum_flops(const struct node *node)
{
  return (double)node_size(node->in[0]);
}

double moments_flops(const struct node *node)
{
  return 4 * (double)node_size(node->in[0]);
}

/* Per-channel sums run over the whole batch: the channels are what is cut, 16 or more a task so
 * that each task reads whole cache lines, and not so many that their sums would burden the stack.
 */
void channel_plan(struct kernel *kernel)
{
  enum { LEAST = 16, MOST = 4096, TASKS = 8 };
  int64_t channels = node_channels(kernel->chain[0]->in[0]);
  int64_t tasks = (channels + MOST - 1) / MOST;
  kernel_cut(kernel, channels, LEAST, (int)(tasks > TASKS ? tasks : TASKS));
}

void single_plan(struct kernel *kernel)
{
  kernel_cut(kernel, 1, 1, 1);
}

void loss_plan(struct kernel *kernel)
{
  kernel_by_images(kernel, 16);
}
