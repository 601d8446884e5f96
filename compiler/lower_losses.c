/* Lowering of the loss, and of what is decoded under each likelihood. */
#include "lower_parts.h"
#include "op.h"
#include <math.h>

/* The value before a final sigmoid (through views), under the shape of `y`: what a Bernoulli
 * likelihood is best computed from. */
static struct node *logits(struct graph *g, struct node *y)
{
  const struct node *storage = node_storage(y);
  struct node *before = storage->in[0]; /* the checker has seen to it that the last is a sigmoid */
  return storage == y ? before : op_view(g, before, y->shape);
}

/* One log-variance for all values, or one for each, which lie as the decoder's outputs do. */
static struct node *lower_learned_variance(struct lowering *l, struct node *decoded,
                                           struct node *images)
{
  const struct model *model = l->model;
  struct lathe_tensor t = {.name = "likelihood.logvar", .rank = 1, .shape = {1}};
  struct shape table = {3, {1, 1, node_size(decoded)}}; /* one channel */
  double above = model->variance_start - model->variance_floor;
  t.fill = log(above > 0 ? above : model->variance_floor);
  if (model->variance == VARIANCE_LEARNED_EACH) {
    table = (struct shape){1, {node_size(decoded)}};
    t.rank = model->input.rank;
    for (int i = 0; i < t.rank; i++)
      t.shape[i] = model->input.dim[i];
    lower_split_axis(&t, node_size(decoded), decoded->interleave);
  } else {
    lower_split_axis(&t, 1, 0);
  }
  return op_gaussian_learned(l->graph, op_view(l->graph, decoded, table),
                             op_view(l->graph, images, table), lower_parameter(l, NULL, t),
                             model->variance_floor);
}

struct node *lower_value(struct graph *g, const struct model *model, struct node *decoded)
{
  if (model->likelihood == LATHE_CATEGORICAL)
    return op_categorical_value(g, decoded, model->levels, model->decodes_mode);
  return model_outputs(model) == 1 ? decoded : op_part(g, decoded, 0, model->input.dim[0]);
}

void lower_losses(struct lowering *l, struct node *images, struct node *decoded)
{
  struct graph *g = l->graph;
  const struct model *model = l->model;
  struct node *loss;
  if (model->likelihood == LATHE_CATEGORICAL) {
    loss = op_categorical(g, decoded, images, model->levels);
  } else if (model->likelihood == LATHE_GAUSSIAN && model->variance == VARIANCE_PREDICTED) {
    loss = op_gaussian_predicted(g, decoded, images, model->variance_floor);
  } else if (model->likelihood == LATHE_GAUSSIAN && model->variance < 0) {
    loss = lower_learned_variance(l, decoded, op_relayout(g, images, decoded->interleave));
  } else if (model->likelihood == LATHE_BERNOULLI) {
    struct node *from = logits(g, decoded);
    loss = op_loss(g, OP_BERNOULLI, from, op_relayout(g, images, from->interleave));
  } else {
    loss = op_loss(g, OP_GAUSSIAN, decoded, op_relayout(g, images, decoded->interleave));
    loss->constant[0] = l->model->variance;
  }
  loss->name = "reconstruction";
  loss->layer = NULL;
  graph_output(g, loss, NULL);
  if (l->logvar == NULL)
    return;
  struct node *kl = l->training && model->free_bits > 0
                        ? op_kl_free(g, l->mean, l->logvar, model->free_bits)
                        : op_loss(g, OP_KL, l->mean, l->logvar);
  kl->name = "kl";
  kl->layer = NULL;
  graph_output(g, kl, NULL);
  graph_output(g, l->logvar, NULL); /* what has been clamped is counted at the end */
}
