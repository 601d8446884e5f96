#include "cost.h"
#include "op.h"
#include "text.h"

static int64_t value_bytes(const struct compilation *c, const struct node *node)
{
  return node_size(node) * (c->model->float64 || node->wide ? 8 : 4);
}

static void add_bytes(const struct compilation *c, const struct node *node,
                      struct lathe_kernel_cost *cost)
{
  if (node->op == OP_SEED) /* a constant in the code */
    return;
  *(node->per_image ? &cost->image_bytes : &cost->step_bytes) += (double)value_bytes(c, node);
}

/* Whether operand `which` of the chain's node `at` is made within the chain, or was read by an
 * earlier operand. */
static bool seen(const struct kernel *kernel, int at, int which)
{
  const struct node *storage = node_storage(kernel->chain[at]->in[which]);
  for (int i = 0; i <= at; i++) {
    const struct node *node = kernel->chain[i];
    if (i < at && node_storage(node) == storage)
      return true;
    for (int k = 0; k < (i < at ? node->in_count : which); k++)
      if (node_storage(node->in[k]) == storage)
        return true;
  }
  return false;
}

static void count_bytes(const struct compilation *c, const struct kernel *kernel,
                        struct lathe_kernel_cost *cost)
{
  for (int i = 0; i < kernel->length; i++) {
    const struct node *node = kernel->chain[i];
    for (int k = 0; k < node->in_count; k++)
      if (!seen(kernel, i, k))
        add_bytes(c, node_storage(node->in[k]), cost);
  }
  const struct node *result = kernel_result(kernel);
  if (result != NULL)
    add_bytes(c, result, cost);
}

static const char *list_ops(struct mem *mem, const struct kernel *kernel)
{
  struct text text = {.mem = mem};
  for (int i = 0; i < kernel->length; i++)
    text_printf(&text, "%s%s", i > 0 ? " + " : "", op_table[kernel->chain[i]->op].name);
  return text.data;
}

/* The optimiser's arithmetic for one parameter, as emit_optimiser.c writes it, and how many arrays
 * of the parameters' size (themselves, gradients, moments) it reads or writes. */
static struct lathe_kernel_cost optimiser_cost(const struct compilation *c)
{
  static const struct {
    const char *name;
    int flops, arrays;
  } optimisers[] = {{"sgd", 2, 3},
                    {"sgd with momentum", 4, 5},
                    {"adam", 13, 7},
                    {"rmsprop", 9, 5},
                    {"rmsprop with momentum", 11, 7},
                    {"centred rmsprop", 14, 7},
                    {"centred rmsprop with momentum", 16, 9},
                    {"adamw", 13, 7}};
  const struct lathe_training *t = &c->model->training;
  const int moving = t->momentum > 0;
  const int which = t->optimiser == LATHE_ADAM      ? 2
                    : t->optimiser == LATHE_ADAMW   ? 7
                    : t->optimiser == LATHE_RMSPROP ? 3 + 2 * t->centered + moving
                                                    : moving;
  const int more = 2 * t->nesterov + (t->weight_decay > 0 ? 2 : 0) + (t->clip > 0 ? 1 : 0);
  return (struct lathe_kernel_cost){
      .layer = "parameters",
      .pass = LATHE_UPDATE,
      .ops = optimisers[which].name,
      .algorithm = "elementwise",
      .step_flops = (double)(optimisers[which].flops + more) * (double)c->trained,
      .step_bytes =
          (double)optimisers[which].arrays * (double)c->trained * (c->model->float64 ? 8 : 4),
  };
}

/* The norm of all gradients, which emit_optimiser.c takes where it bounds it. */
static struct lathe_kernel_cost norm_cost(const struct compilation *c)
{
  return (struct lathe_kernel_cost){
      .layer = "parameters",
      .pass = LATHE_UPDATE,
      .ops = "gradient norm",
      .algorithm = "sum",
      .step_flops = 2 * (double)c->parameter_count,
      .step_bytes = (double)c->parameter_count * (c->model->float64 ? 8 : 4),
  };
}

const char *pass_name(enum lathe_pass pass)
{
  static const char *const names[] = {
      [LATHE_FORWARD] = "forward", [LATHE_BACKWARD] = "backward", [LATHE_UPDATE] = "update"};
  return names[pass];
}

int kernel_cost_count(const struct compilation *c)
{
  return c->model->kind == LATHE_ALONE
             ? 0
             : c->programs[PROGRAM_TRAIN]->count + 1 + model_clips_norm(c->model);
}

struct lathe_kernel_cost kernel_cost(const struct compilation *c, int number)
{
  const struct schedule *train = c->programs[PROGRAM_TRAIN];
  if (number == train->count && model_clips_norm(c->model))
    return norm_cost(c);
  if (number >= train->count)
    return optimiser_cost(c);
  const struct kernel *kernel = &train->kernels[number];
  const struct node *root = kernel->chain[0];
  struct lathe_kernel_cost cost = {
      .layer = root->layer != NULL ? root->layer->name : root->name,
      .line = root->layer != NULL ? root->layer->line : 0,
      .pass = number < train->forward_count ? LATHE_FORWARD : LATHE_BACKWARD,
      .ops = list_ops(c->mem, kernel),
      .algorithm = kernel->algorithm,
      .image_flops = kernel_flops(kernel),
  };
  count_bytes(c, kernel, &cost);
  return cost;
}

double layer_flops(const struct compilation *c, const struct layer *layer, const char **algorithm)
{
  const struct schedule *train = c->programs[PROGRAM_TRAIN];
  double flops = 0, most = -1;
  *algorithm = "";
  for (int i = 0; i < train->forward_count; i++) {
    const struct kernel *kernel = &train->kernels[i];
    for (int k = 0; k < kernel->length; k++) {
      const struct node *node = kernel->chain[k];
      if (node->layer != layer)
        continue;
      double own = op_table[node->op].flops != NULL ? op_table[node->op].flops(node) : 0;
      flops += own;
      if (own > most) {
        most = own;
        *algorithm = k == 0 ? kernel->algorithm : "fused";
      }
    }
  }
  return flops;
}
