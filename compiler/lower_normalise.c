/* Normalisation of the input: (x - shift) / scale before it is encoded and compared, y scale +
 * shift of what is decoded. Shift and scale are buffers, one of each for what the description says
 * (`per`): the runtime takes them from the training images, or they are given. */
#include "lower_parts.h"
#include "op.h"

/* The shape under which a value is walked so that what shares a shift and a scale is a channel. */
static struct shape walked(const struct model *model)
{
  const int64_t size = shape_size(&model->input);
  if (model->normalised_by == PER_CHANNEL)
    return model->input;
  return model->normalised_by == PER_VALUE ? (struct shape){1, {size}}
                                           : (struct shape){3, {1, 1, size}};
}

/* One of the two tables, for values that lie in memory with that interleave. */
static struct node *table(struct lowering *l, const char *name, const struct numbers *given,
                          double initial, int64_t interleave)
{
  const struct model *model = l->model;
  struct lathe_tensor t = {.name = mem_printf(l->mem, "input.%s", name),
                           .role = LATHE_BUFFER,
                           .rank = 1,
                           .shape = {model_normalisers(model)},
                           .fill = initial};
  if (model->normalisation == LATHE_NORMALISE_GIVEN && given->count > 0)
    t.values = given->several;
  else if (model->normalisation == LATHE_NORMALISE_GIVEN)
    t.fill = given->one;
  if (model->normalised_by == PER_VALUE) {
    t.rank = model->input.rank;
    for (int i = 0; i < t.rank; i++)
      t.shape[i] = model->input.dim[i];
  }
  lower_split_axis(&t, model_normalisers(model),
                   model->normalised_by == PER_VALUE ? interleave : 0);
  return lower_parameter(l, NULL, t);
}

static struct node *rescale(struct lowering *l, enum op op, struct node *x)
{
  static const struct {
    const char *shift, *scale;
  } names[] = {
#define NORMALISATION(ID, word, shift, scale) [LATHE_NORMALISE_##ID] = {shift, scale},
#include "../runtime/normalisations.def"
#undef NORMALISATION
  };
  struct graph *g = l->graph;
  const struct model *model = l->model;
  const struct shape shape = walked(model);
  if (model->normalisation == LATHE_NOT_NORMALISED)
    return x;
  int before = g->count;
  x = op_relayout(g, x, op_channels_last(&model->input));
  struct node *shift = table(l, names[model->normalisation].shift, &model->mean, 0, x->interleave);
  struct node *scale =
      table(l, names[model->normalisation].scale, &model->deviation, 1, x->interleave);
  if (!shape_equal(&shape, &x->shape))
    x = op_view(g, x, shape);
  x = op_ternary(g, op, x, shift, scale);
  for (int i = before; i < g->count; i++)
    if (op_table[g->nodes[i]->op].class != CLASS_LEAF)
      g->nodes[i]->name = mem_printf(l->mem, "input.%s", op_table[g->nodes[i]->op].name);
  x->name = op == OP_RESTORE ? "restored" : "input";
  x->layer = NULL;
  return shape_equal(&shape, &model->input) ? x : op_view(g, x, model->input);
}

struct node *lower_normalise(struct lowering *l, struct node *images)
{
  return rescale(l, OP_STANDARDISE, images);
}

struct node *lower_restore(struct lowering *l, struct node *decoded)
{
  return rescale(l, OP_RESTORE, decoded);
}
