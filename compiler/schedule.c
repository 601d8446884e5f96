/* Grouping ops into kernels. An elementwise op joins the kernel that made its operand when it is
 * that value's only use: the value then never goes through memory, and bias, activation, batch-norm
 * and their derivatives become the epilogue of the product that they follow. */
#include "schedule.h"
#include "op.h"
#include <string.h>

static bool is_leaf(const struct node *node)
{
  return op_table[node->op].class == CLASS_LEAF;
}

struct node *kernel_result(const struct kernel *kernel)
{
  struct node *last = kernel->chain[kernel->length - 1];
  return op_table[last->op].result[0] == '\0' ? NULL : last;
}

struct slot *schedule_slot(const struct schedule *schedule, struct node *node)
{
  return &schedule->slots[node_storage(node)->id];
}

/* Kernels index by which each living node's value is complete; leaves are complete before all. */
struct builder {
  struct schedule *schedule;
  int *made_by; /* by node id; -1 for leaves */
};

/* The last kernel that must have run before `node`'s operands other than `except` are there. */
static int ready_after(const struct builder *b, const struct node *node, const struct node *except)
{
  int after = -1;
  for (int k = 0; k < node->in_count; k++) {
    struct node *in = node->in[k];
    if (in != except && b->made_by[in->id] > after)
      after = b->made_by[in->id];
  }
  return after;
}

/* Whether values of both nodes are walked by the same rows and channels. */
static bool same_walk(const struct node *a, const struct node *b)
{
  return shape_equal(&a->shape, &b->shape) && a->interleave == b->interleave;
}

static struct kernel *producer_to_join(const struct builder *b, struct node *node)
{
  if (op_table[node->op].class != CLASS_ELEMENTWISE || b->schedule->graph->model->plain)
    return NULL;
  for (int k = 0; k < node->in_count; k++) {
    struct node *in = node->in[k];
    if (is_leaf(in) || in->uses != 1 || !in->per_image || in->wide)
      continue;
    int made_by = b->made_by[in->id];
    if (made_by < 0) /* a view of a leaf */
      continue;
    struct kernel *kernel = &b->schedule->kernels[made_by];
    if (kernel->length < KERNEL_MAX_CHAIN && kernel->chain[kernel->length - 1] == in &&
        same_walk(in, node) && ready_after(b, node, in) < made_by)
      return kernel;
  }
  return NULL;
}

/* Finds the kernels that nothing needs but an optional output. Each program has one at most. */
static void find_optional(struct schedule *s)
{
  const struct graph *g = s->graph;
  bool *needed = mem_alloc(g->mem, (size_t)g->count * sizeof *needed); /* whatever is left out */
  const char *optional = NULL;
  for (int i = 0; i < g->output_count; i++)
    if (g->outputs[i].optional)
      optional = g->outputs[i].argument;
    else
      needed[g->outputs[i].node->id] = true;
  if (optional == NULL)
    return;
  for (int i = g->count - 1; i >= 0; i--)
    for (int k = 0; needed[i] && k < g->nodes[i]->in_count; k++)
      needed[g->nodes[i]->in[k]->id] = true;
  for (int i = 0; i < s->count; i++)
    if (!needed[s->kernels[i].chain[s->kernels[i].length - 1]->id])
      s->kernels[i].only_for = optional;
}

struct schedule *schedule_build(struct graph *graph)
{
  struct schedule *s = mem_alloc(graph->mem, sizeof *s);
  s->graph = graph;
  s->slots = mem_alloc(graph->mem, (size_t)graph->count * sizeof *s->slots);
  struct builder b = {s, mem_alloc(graph->mem, (size_t)graph->count * sizeof(int))};

  for (int i = 0; i < graph->count; i++) {
    struct node *node = graph->nodes[i];
    if (i == graph->forward_count)
      s->forward_count = s->count;
    b.made_by[i] = -1;
    if (!node->alive || is_leaf(node))
      continue;
    if (op_table[node->op].class == CLASS_VIEW) {
      b.made_by[i] = b.made_by[node->in[0]->id];
      continue;
    }
    struct kernel *kernel = producer_to_join(&b, node);
    if (kernel == NULL) {
      s->kernels = mem_grow(graph->mem, s->kernels, &s->capacity, s->count + 1, sizeof *s->kernels);
      kernel = &s->kernels[s->count++];
      *kernel = (struct kernel){.graph = graph, .algorithm = "direct"};
    }
    kernel->chain[kernel->length++] = node;
    b.made_by[i] = (int)(kernel - s->kernels);
  }
  if (graph->forward_count == 0 || graph->forward_count == graph->count)
    s->forward_count = s->count;

  for (int i = 0; i < s->count; i++) {
    struct kernel *kernel = &s->kernels[i];
    struct node *root = kernel->chain[0];
    if (op_table[root->op].plan != NULL) {
      op_table[root->op].plan(kernel);
    } else {
      kernel->algorithm = "elementwise";
      kernel_by_images(kernel, 16);
    }
    if (kernel->scratch > s->scratch)
      s->scratch = kernel->scratch;
  }
  find_optional(s);
  return s;
}

void kernel_cut(struct kernel *kernel, int64_t extent, int multiple, int most)
{
  int64_t blocks = (extent + multiple - 1) / multiple;
  int64_t per_task = (blocks + most - 1) / most;
  kernel->domain = DOMAIN_FIXED;
  kernel->extent = (int)extent;
  kernel->block = (int)(per_task * multiple < extent ? per_task * multiple : extent);
  kernel->tasks = (int)((extent + kernel->block - 1) / kernel->block);
}

void kernel_computed_by(struct kernel *kernel, enum algorithm algorithm, const char *title)
{
  kernel->made_by = algorithm;
  kernel->algorithm = title;
}

bool kernel_plain(const struct kernel *kernel)
{
  return kernel->graph->model->plain;
}

void kernel_by_images(struct kernel *kernel, int chunk)
{
  kernel->domain = DOMAIN_IMAGES;
  kernel->chunk = chunk;
}

bool kernel_prepares(const struct kernel *kernel)
{
  struct node *result = kernel_result(kernel);
  return kernel->graph->tables && result != NULL && !result->per_image;
}

double kernel_flops(const struct kernel *kernel)
{
  double flops = 0;
  for (int i = 0; i < kernel->length; i++) {
    const struct node *node = kernel->chain[i];
    if (op_table[node->op].flops != NULL)
      flops += op_table[node->op].flops(node);
  }
  return flops;
}

static void dump_place(const struct slot *place, FILE *out)
{
  static const char *const where[] = {
      [STORED_BATCH] = "batch",
      [STORED_FIXED] = "fixed",
      [STORED_ARGUMENT] = "argument",
      [STORED_SCALAR] = "by value",
  };
  fprintf(out, ", %s +%lld, %lld elements, kernels %d to %d", where[place->storage],
          (long long)place->offset, (long long)place->size, place->first, place->last);
}

void schedule_dump(const struct schedule *s, FILE *out)
{
  fprintf(out, "schedule %s: %d kernels, %lld of scratch a thread", s->graph->name, s->count,
          (long long)s->scratch);
  if (s->per_image > 0)
    fprintf(out, ", %lld elements an image", (long long)s->per_image);
  fprintf(out, "\n");
  for (int i = 0; i < s->count; i++) {
    const struct kernel *kernel = &s->kernels[i];
    fprintf(out, "%3d ", i);
    for (int k = 0; k < kernel->length; k++)
      fprintf(out, "%s%s", k > 0 ? " + " : "", op_table[kernel->chain[k]->op].name);
    struct node *result = kernel_result(kernel);
    if (result != NULL) {
      const struct slot *place = schedule_slot(s, result);
      fprintf(out, " -> %s: ", result->name);
      node_dump_shape(result, out);
      if (place->storage != STORED_NOWHERE) /* memory has been planned */
        dump_place(place, out);
      fprintf(out, "%s", kernel->in_place ? ", in place" : "");
    }
    fprintf(out, "\n");
  }
}
