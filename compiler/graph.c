#include "graph.h"
#include "op.h"
#include <string.h>

const struct op_info op_table[OP_COUNT] = {
#define OP(id, name, class, operands, result, expression, gradient, plan, emit, flops)             \
  [OP_##id] = {#name, class, operands, result, expression, gradient, plan, emit, flops},
#include "ops.def"
#undef OP
};

enum op op_find(const char *name)
{
  int op = 0;
  while (op < OP_COUNT && strcmp(op_table[op].name, name) != 0)
    op++;
  return (enum op)op;
}

struct graph *graph_new(struct mem *mem, const struct model *model, const char *name)
{
  struct graph *graph = mem_alloc(mem, sizeof *graph);
  graph->mem = mem;
  graph->model = model;
  graph->name = name;
  return graph;
}

struct node *graph_add(struct graph *graph, enum op op, int in_count, struct node *const *in)
{
  struct node *node = mem_alloc(graph->mem, sizeof *node);
  node->id = graph->count;
  node->op = op;
  node->in_count = in_count;
  node->per_image = true;
  node->name = op_table[op].name;
  for (int i = 0; i < in_count; i++)
    node->in[i] = in[i];
  if (in_count > 0) {
    node->shape = in[0]->shape;
    node->interleave = in[0]->interleave;
    node->layer = in[0]->layer;
    node->name = in[0]->name;
  }
  graph->nodes =
      mem_grow(graph->mem, graph->nodes, &graph->capacity, graph->count + 1, sizeof *graph->nodes);
  graph->nodes[graph->count++] = node;
  return node;
}

static void add_output(struct graph *graph, struct output output)
{
  graph->outputs = mem_grow(graph->mem, graph->outputs, &graph->output_capacity,
                            graph->output_count + 1, sizeof *graph->outputs);
  graph->outputs[graph->output_count++] = output;
}

void graph_output(struct graph *graph, struct node *node, const char *argument)
{
  add_output(graph, (struct output){.node = node, .argument = argument});
}

void graph_optional_output(struct graph *graph, struct node *node, const char *argument)
{
  add_output(graph, (struct output){.node = node, .argument = argument, .optional = true});
}

/* Whether anything trainable lies below each node: only there are adjoints wanted. */
static bool *trainable(const struct graph *graph)
{
  bool *wanted = mem_alloc(graph->mem, (size_t)graph->count * sizeof *wanted);
  for (int i = 0; i < graph->count; i++) {
    const struct node *node = graph->nodes[i];
    wanted[i] = node->op == OP_PARAMETER;
    for (int k = 0; k < node->in_count; k++)
      wanted[i] = wanted[i] || wanted[node->in[k]->id];
  }
  return wanted;
}

/* A derivative goes by the value it was first made for, even where others take it on unchanged. */
static void name_adjoint(struct graph *graph, struct node *adjoint, const struct node *of,
                         const char *suffix)
{
  if (adjoint->adjoint_of != NULL && adjoint->adjoint_of != of)
    return;
  adjoint->adjoint_of = of;
  adjoint->name = mem_printf(graph->mem, "d.%s%s", of->name, suffix);
}

/* What one use of a value gives to its derivative, or several in the order in which they are added:
 * ".part", ".part.2", ".part.1-2". Which of them come into being depends on the algorithms; which
 * is which does not. */
static void name_part(struct graph *graph, struct node *part, const struct node *of, int first,
                      int last)
{
  name_adjoint(graph, part, of,
               last == 1       ? ".part"
               : first == last ? mem_printf(graph->mem, ".part.%d", last)
                               : mem_printf(graph->mem, ".part.%d-%d", first, last));
}

void graph_accumulate(struct graph *graph, struct node *of, struct node *value)
{
  struct node **adjoint = &graph->adjoint[of->id];
  int parts = ++graph->parts[of->id];
  if (*adjoint == NULL) {
    name_adjoint(graph, value, of, "");
    *adjoint = value;
    return;
  }
  name_part(graph, *adjoint, of, 1, parts - 1);
  name_part(graph, value, of, parts, parts);
  *adjoint = graph_add(graph, OP_ADD, 2, (struct node *[]){value, *adjoint});
  name_adjoint(graph, *adjoint, of, "");
}

/* Reverse mode: nodes are visited from last to first, so that a node's adjoint is complete (all of
 * its uses have been visited) before its own gradient rule hands it on. The rule of an op says only
 * what its operands receive; nothing here knows one op from another. */
void graph_differentiate(struct graph *graph)
{
  const struct model *model = graph->model;
  bool *wanted = trainable(graph);
  graph->forward_count = graph->count;
  graph->adjoint = mem_alloc(graph->mem, (size_t)graph->count * sizeof(struct node *));
  graph->parts = mem_alloc(graph->mem, (size_t)graph->count * sizeof *graph->parts);

  int losses = graph->output_count;
  for (int i = 0; i < losses; i++) {
    struct node *loss = graph->outputs[i].node;
    if (!loss->wide)
      continue;
    /* The loss is the batch's mean: each image's part weighs weight / n. Constant 0 is the weight;
     * constant 1 says that the call has the one in force. */
    struct node *seed = graph_add(graph, OP_SEED, 0, NULL);
    bool divergence = loss->op == OP_KL || loss->op == OP_KL_FREE;
    seed->name = divergence ? "kl_seed" : "seed";
    seed->per_image = false;
    seed->shape = (struct shape){.rank = 1, .dim = {1}};
    seed->constant[0] = divergence ? model->kl_weight : 1.0;
    seed->constant[1] = divergence && lathe_kl_scheduled(&model->training);
    graph->adjoint[loss->id] = seed;
  }

  for (int i = graph->forward_count - 1; i >= 0; i--) {
    struct node *node = graph->nodes[i];
    struct node *adjoint = graph->adjoint[i];
    if (adjoint == NULL || !wanted[i])
      continue;
    int before = graph->count;
    if (op_table[node->op].gradient != NULL)
      op_table[node->op].gradient(graph, node, adjoint);
    for (int k = before; k < graph->count; k++)
      graph->nodes[k]->layer = node->layer;
    if (node->op == OP_PARAMETER)
      add_output(graph, (struct output){.node = adjoint, .gradient_of = node->parameter});
  }
}

void graph_mark(struct graph *graph)
{
  for (int i = 0; i < graph->count; i++) {
    graph->nodes[i]->alive = graph->nodes[i]->op == OP_RUNNING_UPDATE;
    graph->nodes[i]->uses = 0;
  }
  for (int i = 0; i < graph->output_count; i++) {
    graph->outputs[i].node->alive = true;
    graph->outputs[i].node->uses++;
  }
  for (int i = graph->count - 1; i >= 0; i--) {
    struct node *node = graph->nodes[i];
    for (int k = 0; node->alive && k < node->in_count; k++) {
      node->in[k]->alive = true;
      node->in[k]->uses++;
    }
  }
}

int64_t node_size(const struct node *node)
{
  return shape_size(&node->shape);
}

int64_t node_channels(const struct node *node)
{
  return node->shape.dim[0];
}

const struct node *node_storage(const struct node *node)
{
  while (op_table[node->op].class == CLASS_VIEW)
    node = node->in[0];
  return node;
}

bool graph_verify(const struct graph *graph, FILE *err)
{
  bool sound = true;
  for (int i = 0; i < graph->count; i++) {
    const struct node *node = graph->nodes[i];
    const char *wrong = NULL;
    if (node->id != i)
      wrong = "its number is not its place";
    if (node->shape.rank < 1 || node_size(node) < 1)
      wrong = "it has no shape";
    if (node->interleave != 0 && node_size(node) % node->interleave != 0)
      wrong = "its interleave does not divide its size";
    for (int k = 0; k < node->in_count; k++) {
      const struct node *in = node->in[k];
      if (in == NULL || in->id >= i) {
        wrong = "an operand comes after it";
      } else if (op_table[node->op].class == CLASS_ELEMENTWISE && in->per_image &&
                 (node_size(in) != node_size(node) || in->interleave != node->interleave)) {
        wrong = "an operand has another size or order";
      }
    }
    if (wrong != NULL) {
      fprintf(err, "graph %s: node %d (%s, %s): %s\n", graph->name, i, op_table[node->op].name,
              node->name, wrong);
      sound = false;
    }
  }
  return sound;
}

void node_dump_shape(const struct node *node, FILE *out)
{
  fprintf(out, "[");
  for (int d = 0; d < node->shape.rank; d++)
    fprintf(out, "%s%lld", d > 0 ? ", " : "", (long long)node->shape.dim[d]);
  fprintf(out, "]%s", node->per_image ? " an image" : "");
  if (node->interleave != 0)
    fprintf(out, " interleave %lld", (long long)node->interleave);
}

void graph_dump(const struct graph *graph, FILE *out)
{
  fprintf(out, "graph %s\n", graph->name);
  for (int i = 0; i < graph->count; i++) {
    const struct node *node = graph->nodes[i];
    fprintf(out, "%%%-3d %-18s", i, op_table[node->op].name);
    for (int k = 0; k < node->in_count; k++)
      fprintf(out, "%s%%%d", k > 0 ? ", " : "", node->in[k]->id);
    fprintf(out, "  ");
    node_dump_shape(node, out);
    fprintf(out, "  %s%s\n", node->name, node->alive ? "" : " (dead)");
  }
}
