#include "algorithm.h"
#include "lower_parts.h"
#include "op.h"
#include <math.h>
#include <string.h>

static struct node *leaf(struct lowering *l, enum op op, const char *name, struct shape shape)
{
  struct node *node = graph_add(l->graph, op, 0, NULL);
  node->name = name;
  node->shape = shape;
  return node;
}

/* ---- Parameters ---- */

void lower_split_axis(struct lathe_tensor *t, int64_t size, int64_t interleave)
{
  int axis = t->axes;
  if (interleave == 0) {
    t->extent[axis] = size;
    t->order[axis] = axis;
    t->axes += 1;
    return;
  }
  t->extent[axis] = interleave;
  t->extent[axis + 1] = size / interleave;
  t->order[axis] = axis + 1;
  t->order[axis + 1] = axis;
  t->axes += 2;
}

struct node *lower_parameter(struct lowering *l, const struct layer *layer, struct lathe_tensor t)
{
  struct parameters *all = l->parameters;
  struct parameter *p = NULL;
  for (int i = 0; i < all->count; i++)
    if (strcmp(all->items[i]->tensor.name, t.name) == 0)
      p = all->items[i];
  if (p == NULL) {
    p = mem_alloc(all->mem, sizeof *p);
    p->tensor = t;
    p->layer = layer;
    p->count = 1;
    for (int i = 0; i < t.rank; i++)
      p->count *= t.shape[i];
    all->items = mem_grow(all->mem, all->items, &all->capacity, all->count + 1, sizeof(void *));
    all->items[all->count++] = p;
  }
  if (t.role == LATHE_COUNTER)
    return NULL;
  struct node *node = leaf(l, t.role == LATHE_BUFFER ? OP_BUFFER : OP_PARAMETER, t.name,
                           (struct shape){.rank = 1, .dim = {p->count}});
  node->parameter = p;
  node->per_image = false;
  return node;
}

/* A vector of one number for each feature of a value that lies in memory as `like` does. */
static struct node *vector(struct lowering *l, const struct layer *layer, const char *name,
                           int64_t size, int64_t interleave, enum lathe_role role, double bound,
                           double fill)
{
  struct lathe_tensor t = {.name = name, .role = role, .rank = 1, .shape = {size}};
  lower_split_axis(&t, size, interleave);
  t.bound = bound;
  t.fill = fill;
  return lower_parameter(l, layer, t);
}

struct scale_and_shift lower_scale_and_shift(struct lowering *l, const struct layer *layer,
                                             const struct shape *shape, int64_t interleave)
{
  struct lathe_tensor t = {.rank = shape->rank};
  for (int i = 0; i < shape->rank; i++)
    t.shape[i] = shape->dim[i];
  lower_split_axis(&t, shape_size(shape), interleave);
  t.name = mem_printf(l->mem, "%s.weight", layer->name);
  t.fill = 1;
  struct node *weight = lower_parameter(l, layer, t);
  t.name = mem_printf(l->mem, "%s.bias", layer->name);
  t.fill = 0;
  return (struct scale_and_shift){weight, lower_parameter(l, layer, t)};
}

/* PyTorch's default: uniform within 1 / sqrt(fan-in), for weights and biases. */
static double default_bound(int64_t fan_in)
{
  return 1 / sqrt((double)fan_in);
}

/* Moves the first `count` of n axes behind the others. */
static void rotate(int *order, int n, int count)
{
  int first[LATHE_MAX_AXES];
  memcpy(first, order, (size_t)count * sizeof *order);
  memmove(order, order + count, (size_t)(n - count) * sizeof *order);
  memcpy(order + n - count, first, (size_t)count * sizeof *order);
}

/* y + PREFIX.bias, a number for each channel (of a vector, each feature). */
static struct node *with_bias(struct lowering *l, const struct layer *layer, const char *prefix,
                              struct node *y, int64_t fan_in)
{
  struct node *b =
      vector(l, layer, mem_printf(l->mem, "%s.bias", prefix), node_channels(y),
             y->shape.rank == 1 ? y->interleave : 0, LATHE_PARAMETER, default_bound(fan_in), 0);
  return op_binary(l->graph, OP_BIAS, y, b);
}

/* x times PREFIX.weight. */
static struct node *weighted(struct lowering *l, const struct layer *layer, const char *prefix,
                             struct node *x, int64_t outputs, int64_t interleave)
{
  int64_t inputs = node_size(x);
  struct lathe_tensor t = {
      .name = mem_printf(l->mem, "%s.weight", prefix),
      .rank = 2,
      .shape = {outputs, inputs},
      .bound = default_bound(inputs),
  };
  lower_split_axis(&t, outputs, interleave);
  int of_outputs = t.axes;
  lower_split_axis(&t, inputs, x->interleave);
  if (linear_outputs_last(inputs, outputs))
    rotate(t.order, t.axes, of_outputs);
  return op_linear(l->graph, x, lower_parameter(l, layer, t), outputs, interleave);
}

static struct node *fully_connected(struct lowering *l, const struct layer *layer,
                                    const char *prefix, struct node *x, int64_t outputs)
{
  return with_bias(l, layer, prefix, weighted(l, layer, prefix, x, outputs, 0), node_size(x));
}

/* ---- Memory order ---- */

/* The order in which a vector is best left by the layer at hand: that of the image which a later
 * reshape will make of it, if only layers that keep the order stand between. */
static int64_t wanted_interleave(const struct lowering *l)
{
  for (int i = l->position; i < l->section->count; i++) {
    const struct layer *next = &l->section->layers[i];
    if (i > l->position && !next->rule->keeps_order)
      return 0;
    if (next->out.rank > 1)
      return op_channels_last(&next->out);
  }
  return 0;
}

/* ---- Layers ---- */

/* What a layer that may do without its bias computes. */
static struct node *biased(struct lowering *l, const struct layer *layer, struct node *y,
                           int64_t fan_in)
{
  return layer_int(layer, "bias") ? with_bias(l, layer, layer->name, y, fan_in) : y;
}

struct node *lower_linear(struct lowering *l, const struct layer *layer, struct node *x)
{
  int64_t outputs = shape_size(&layer->out);
  struct node *y = weighted(l, layer, layer->name, x, outputs, wanted_interleave(l));
  y = biased(l, layer, y, node_size(x));
  return layer->out.rank > 1 ? op_view(l->graph, y, layer->out) : y;
}

/* Both directions hold their weights as PyTorch names the axes [filters, channels of a group,
 * height, width of the kernel], of series without the height; in memory they are [height, width,
 * channels, filters]. The fan-in that PyTorch takes is dimension 1 of the weight times the kernel:
 * of the transposed convolution, the output's channels. */
static struct node *filters(struct lowering *l, const struct layer *layer,
                            const struct convolution *c)
{
  struct lathe_tensor t = {
      .name = mem_printf(l->mem, "%s.weight", layer->name),
      .rank = 4,
      .shape = {c->filters, convolution_group_channels(c), c->y.kernel, c->x.kernel},
      .axes = 4,
      .extent = {c->filters, convolution_group_channels(c), c->y.kernel, c->x.kernel},
      .order = {2, 3, 1, 0},
      .bound = default_bound(convolution_window(c)),
  };
  if (layer->in.rank == 2) {
    t.rank = t.axes = 3;
    t.shape[2] = t.extent[2] = c->x.kernel;
    t.order[0] = 2;
    t.order[1] = 1;
    t.order[2] = 0;
  }
  return lower_parameter(l, layer, t);
}

static struct convolution geometry(const struct lowering *l, const struct layer *layer)
{
  struct convolution c = layer_convolution(layer);
  c.algorithm = (int)convolution_algorithm(l->graph, layer, &c);
  return c;
}

struct node *lower_conv(struct lowering *l, const struct layer *layer, struct node *x)
{
  struct convolution c = geometry(l, layer);
  struct node *w = filters(l, layer, &c);
  x = op_relayout(l->graph, x, op_channels_last(&x->shape));
  return biased(l, layer, op_conv(l->graph, x, w, c), convolution_window(&c));
}

struct node *lower_conv_transpose(struct lowering *l, const struct layer *layer, struct node *x)
{
  struct convolution c = geometry(l, layer);
  struct node *w = filters(l, layer, &c);
  x = op_relayout(l->graph, x, op_channels_last(&x->shape));
  return biased(l, layer, op_conv_input(l->graph, x, w, c), convolution_window(&c));
}

struct node *lower_batchnorm(struct lowering *l, const struct layer *layer, struct node *x)
{
  struct graph *g = l->graph;
  int64_t order = 0;
  if (x->shape.rank > 1)
    x = op_relayout(g, x, op_channels_last(&x->shape));
  else
    order = x->interleave;
  int64_t channels = node_channels(x);
  const char *name = layer->name;
  double eps = layer_value(layer, "eps");
  const struct shape per_channel = {1, {channels}};
  struct scale_and_shift affine = lower_scale_and_shift(l, layer, &per_channel, order);
  struct node *mean = vector(l, layer, mem_printf(l->mem, "%s.running_mean", name), channels, order,
                             LATHE_BUFFER, 0, 0);
  struct node *variance = vector(l, layer, mem_printf(l->mem, "%s.running_var", name), channels,
                                 order, LATHE_BUFFER, 0, 1);
  lower_parameter(l, layer,
                  (struct lathe_tensor){.name = mem_printf(l->mem, "%s.num_batches_tracked", name),
                                        .role = LATHE_COUNTER});

  struct node *y;
  if (l->training) {
    struct node *moments = op_channel_table(g, OP_MOMENTS, 1, &x, 3);
    moments->constant[0] = eps;
    struct node *update = op_ternary(g, OP_RUNNING_UPDATE, moments, mean, variance);
    update->constant[0] = layer_value(layer, "momentum");
    /* NOLINTNEXTLINE(bugprone-integer-division): a channel's values are a whole number */
    update->constant[1] = (double)(node_size(x) / channels);
    y = graph_add(g, OP_NORMALISE, 4, (struct node *[]){x, moments, affine.weight, affine.bias});
  } else {
    y = graph_add(g, OP_NORMALISE_RUNNING, 5,
                  (struct node *[]){x, mean, variance, affine.weight, affine.bias});
    y->constant[0] = eps;
  }
  return y;
}

/* The op of the layer's name, with the layer's attributes for its constants. */
struct node *lower_activation(struct lowering *l, const struct layer *layer, struct node *x)
{
  return op_activation(l->graph, op_find(layer->rule->name), x, layer->value);
}

/* In evaluation it hands on what it receives. */
struct node *lower_dropout(struct lowering *l, const struct layer *layer, struct node *x)
{
  double rate = layer_value(layer, "rate");
  if (!l->training || rate == 0)
    return op_view(l->graph, x, x->shape);
  if (l->draw == NULL) {
    l->draw = leaf(l, OP_DRAW, "draw", (struct shape){.rank = 1, .dim = {1}});
    l->draw->per_image = false;
  }
  return op_dropout(l->graph, x, l->draw, rate, l->dropouts++);
}

/* What is joined to what a layer's braces make: what they receive, or what a shortcut made of it.
 */
static struct node *beside(const struct lowering *l, const struct layer *layer)
{
  return l->inputs[layer->shortcut >= 0 ? layer->shortcut : layer->first];
}

/* The values of one layer's braces and what they were made of, in one order. */
struct node *lower_residual(struct lowering *l, const struct layer *layer, struct node *x)
{
  return op_binary(l->graph, OP_ADD, x, op_relayout(l->graph, beside(l, layer), x->interleave));
}

/* The layer behind a shortcut receives what the one before it gives, and what the shortcut made
 * waits in its input. */
struct node *lower_shortcut(struct lowering *l, const struct layer *layer, struct node *x)
{
  (void)x;
  bool begins = layer->first == layer->source; /* the braces */
  return begins ? l->inputs[layer->first] : l->outputs[layer->first - 1];
}

struct node *lower_concat(struct lowering *l, const struct layer *layer, struct node *x)
{
  struct node *skip = beside(l, layer);
  skip = op_relayout(l->graph, skip, op_channels_last(&skip->shape));
  return op_concat(l->graph, skip, op_relayout(l->graph, x, op_channels_last(&x->shape)));
}

/* flatten, reshape */
struct node *lower_view(struct lowering *l, const struct layer *layer, struct node *x)
{
  return op_view(l->graph, x, layer->out);
}

struct node *lower_gaussian(struct lowering *l, const struct layer *layer, struct node *x)
{
  struct graph *g = l->graph;
  x = op_view(g, x, (struct shape){.rank = 1, .dim = {node_size(x)}});
  l->mean = fully_connected(l, layer, "mean", x, l->model->latent);
  struct node *logvar = fully_connected(l, layer, "logvar", x, l->model->latent);
  l->logvar = op_activation(g, OP_CLAMP, logvar, l->model->logvar);
  l->mean->name = "mean";
  logvar->name = "logvar"; /* both are: in fast code the two are one value in memory */
  l->logvar->name = "logvar";
  return l->mean;
}

struct node *lower_code(struct lowering *l, const struct layer *layer, struct node *x)
{
  x = op_view(l->graph, x, (struct shape){.rank = 1, .dim = {node_size(x)}});
  l->mean = fully_connected(l, layer, "code", x, l->model->latent);
  l->mean->name = "code";
  return l->mean;
}

/* A value inside of a layer goes by the layer and its op; parameters, mean and logvar have names.
 */
static void name_node(struct lowering *l, const struct layer *layer, struct node *node)
{
  const struct op_info *op = &op_table[node->op];
  node->layer = layer;
  bool head =
      node == l->mean || (l->logvar != NULL && (node == l->logvar || node == l->logvar->in[0]));
  if (op->class != CLASS_LEAF && !head)
    node->name = mem_printf(l->mem, "%s.%s", layer->name, op->name);
}

static struct node *lower_section(struct lowering *l, const struct section *section, struct node *x)
{
  l->section = section;
  l->inputs = mem_alloc(l->mem, (size_t)section->count * sizeof(void *));
  l->outputs = mem_alloc(l->mem, (size_t)section->count * sizeof(void *));
  for (l->position = 0; l->position < section->count; l->position++) {
    const struct layer *layer = &section->layers[l->position];
    int before = l->graph->count;
    if (!layer->rule->holds_layers && layer->source < l->position)
      x = l->inputs[layer->source]; /* it begins a shortcut */
    l->inputs[l->position] = x;
    x = layer->rule->lower(l, layer, x);
    l->outputs[l->position] = x;
    for (int i = before; i < l->graph->count; i++)
      name_node(l, layer, l->graph->nodes[i]);
    if (x != l->mean && layer->rule->kind != LAYER_SHORTCUT)
      x->name = layer->name;
  }
  return x;
}

/* ---- Programs ---- */

struct graph *lower(struct mem *mem, const struct model *model, enum program program,
                    struct parameters *parameters)
{
  static const char *const names[PROGRAM_COUNT] = {
      [PROGRAM_ENCODE] = "encode",
      [PROGRAM_DECODE] = "decode",
      [PROGRAM_EVALUATE] = "evaluate",
      [PROGRAM_TRAIN] = "train",
  };
  struct graph *g = graph_new(mem, model, names[program]);
  bool batch = program == PROGRAM_TRAIN || program == PROGRAM_EVALUATE;
  g->images = batch ? model->training.batch : 1;
  g->tables = !batch;
  struct lowering l = {
      .mem = mem,
      .model = model,
      .graph = g,
      .parameters = parameters,
      .training = program == PROGRAM_TRAIN,
  };
  struct shape latent_shape = {.rank = 1, .dim = {model->latent}};

  if (model->kind == LATHE_ALONE) {
    /* nothing is computed: the input is what the mixture is of */
  } else if (program == PROGRAM_DECODE) {
    struct node *z = leaf(&l, OP_INPUT, "latents", latent_shape);
    struct node *decoded = lower_section(&l, &model->decoder, z);
    decoded = lower_restore(&l, lower_value(g, model, decoded));
    decoded = op_relayout(g, decoded, 0);
    if (op_table[node_storage(decoded)->op].class == CLASS_LEAF) /* nothing has written it yet */
      decoded = op_unary(g, OP_COPY, decoded);
    graph_output(g, decoded, "decoded");
  } else {
    struct node *images = lower_normalise(&l, leaf(&l, OP_INPUT, "images", model->input));
    lower_section(&l, &model->encoder, images);
    if (program == PROGRAM_ENCODE) {
      graph_output(g, l.mean, "mean");
      if (l.logvar != NULL)
        graph_optional_output(g, l.logvar, "logvar");
    } else {
      struct node *z = l.mean;
      if (l.logvar != NULL) {
        z = op_ternary(g, OP_SAMPLE, l.mean, l.logvar, leaf(&l, OP_NOISE, "noise", latent_shape));
        z->name = model->latent_name;
      }
      lower_losses(&l, images, lower_section(&l, &model->decoder, z));
    }
  }
  g->forward_count = g->count;
  return g;
}
