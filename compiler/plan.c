/* Memory planning: live ranges, then offsets. Batch values are placed one after the other, each at
 * the lowest offset at which nothing that lives at the same time lies. In which order decides how
 * much is wasted, and no order is always the best; those of Pisarchyk & Lee 2020 ("Efficient memory
 * management for deep neural net inference", section 5) and two more are tried. */
#include "op.h"
#include "schedule.h"
#include <stdlib.h>

enum { ALIGN = 16 }; /* elements: 64 bytes of floats, a cache line and a vector */

static int64_t rounded(int64_t elements)
{
  return (elements + ALIGN - 1) / ALIGN * ALIGN;
}

static int64_t elements(const struct graph *g, const struct node *node)
{
  int64_t size = node_size(node);
  return rounded(node->wide && !g->model->float64 ? 2 * size : size);
}

/* Storage that is known before any planning: leaves, arguments, gradients, batch-wide tables. */
static void assign_known(struct schedule *s, int64_t fixed_base, int64_t gradients)
{
  struct graph *g = s->graph;
  for (int i = 0; i < g->count; i++) {
    struct node *node = g->nodes[i];
    struct slot *p = &s->slots[i];
    p->first = -1;
    p->last = -1;
    p->size = elements(g, node);
    if (!node->alive)
      continue;
    switch (node->op) {
    case OP_PARAMETER:
    case OP_BUFFER:
      p->storage = STORED_FIXED;
      p->offset = (int64_t)node->parameter->tensor.offset;
      break;
    case OP_INPUT:
    case OP_NOISE:
      p->storage = STORED_ARGUMENT;
      p->argument = node->name;
      break;
    case OP_SEED:
    case OP_DRAW:
      p->storage = STORED_SCALAR;
      break;
    default:
      break;
    }
  }
  for (int i = 0; i < g->output_count; i++) {
    const struct output *o = &g->outputs[i];
    struct slot *p = schedule_slot(s, o->node);
    if (o->gradient_of != NULL) {
      p->storage = STORED_FIXED;
      p->offset = gradients + (int64_t)o->gradient_of->tensor.offset;
    } else if (o->argument != NULL) {
      p->storage = STORED_ARGUMENT;
      p->argument = o->argument;
    }
    p->last = s->count; /* read after the last kernel */
  }
  s->fixed = 0;
  for (int i = 0; i < s->count; i++) {
    struct node *result = kernel_result(&s->kernels[i]);
    if (result == NULL)
      continue;
    struct slot *p = schedule_slot(s, result);
    if (p->storage == STORED_NOWHERE && !result->per_image) {
      p->storage = STORED_FIXED;
      p->offset = fixed_base + s->fixed;
      s->fixed += p->size;
    } else if (p->storage == STORED_NOWHERE) {
      p->storage = STORED_BATCH;
    }
  }
}

static void find_live_ranges(struct schedule *s)
{
  for (int i = 0; i < s->count; i++) {
    const struct kernel *kernel = &s->kernels[i];
    for (int k = 0; k < kernel->length; k++)
      for (int a = 0; a < kernel->chain[k]->in_count; a++) {
        struct slot *p = schedule_slot(s, kernel->chain[k]->in[a]);
        if (p->last < i)
          p->last = i;
      }
    struct node *result = kernel_result(kernel);
    if (result != NULL) {
      struct slot *p = schedule_slot(s, result);
      p->first = i;
      if (p->last < i)
        p->last = i;
      if (s->graph->model->plain)
        p->last = s->count; /* kept to be looked at */
    }
  }
}

/* An elementwise kernel may overwrite an operand that nobody reads after it. The two then are one
 * buffer: `root[id]` is the node whose place they share. */
static void share_in_place(struct schedule *s, int *root)
{
  for (int i = 0; i < s->count; i++) {
    struct kernel *kernel = &s->kernels[i];
    struct node *first = kernel->chain[0];
    struct node *result = kernel_result(kernel);
    if (op_table[first->op].class != CLASS_ELEMENTWISE || result->wide)
      continue;
    struct slot *to = schedule_slot(s, result);
    for (int a = 0; a < first->in_count && to->storage == STORED_BATCH; a++) {
      const struct node *operand = node_storage(first->in[a]);
      struct slot *from = &s->slots[operand->id];
      if (from->storage == STORED_BATCH && from->last == i && from->size == to->size &&
          !operand->wide && from->first >= 0) {
        root[result->id] = root[operand->id];
        kernel->in_place = true;
        break;
      }
    }
  }
}

/* A value to be placed, and what the orders go by. */
struct candidate {
  int id;
  int64_t size;
  int64_t duration; /* kernels it lives through */
  int64_t breadth;  /* most elements that live during one of them */
  int first;
};

typedef int64_t rank_by(const struct candidate *c);

static int64_t by_size(const struct candidate *c)
{
  return c->size;
}

static int64_t by_breadth(const struct candidate *c)
{
  return c->breadth;
}

static int64_t by_duration(const struct candidate *c)
{
  return c->duration;
}

static int64_t by_area(const struct candidate *c)
{
  return c->size * c->duration;
}

static rank_by *const orders[] = {by_size, by_breadth, by_duration, by_area};
static rank_by *sorting;

/* Higher first; then larger, then earlier first, so that the plan is always the same. */
static int higher_first(const void *a, const void *b)
{
  const struct candidate *x = a, *y = b;
  int64_t p = sorting(x), q = sorting(y);
  if (p != q)
    return p < q ? 1 : -1;
  if (x->size != y->size)
    return x->size < y->size ? 1 : -1;
  return x->id - y->id;
}

static bool live_together(const struct slot *a, const struct slot *b)
{
  return a->first <= b->last && b->first <= a->last;
}

static int64_t lowest_gap(const struct schedule *s, const struct candidate *placed, int count,
                          const struct slot *place)
{
  int64_t offset = 0;
  for (bool moved = true; moved;) {
    moved = false;
    for (int i = 0; i < count; i++) {
      const struct slot *other = &s->slots[placed[i].id];
      if (live_together(place, other) && offset < other->offset + other->size &&
          other->offset < offset + place->size) {
        offset = other->offset + other->size;
        moved = true;
      }
    }
  }
  return offset;
}

static void measure(const struct schedule *s, struct candidate *all, int count)
{
  for (int i = 0; i < count; i++) {
    const struct slot *p = &s->slots[all[i].id];
    all[i].size = p->size;
    all[i].first = p->first;
    all[i].duration = p->last - p->first + 1;
  }
  for (int kernel = 0; kernel <= s->count; kernel++) {
    int64_t living = 0;
    for (int pass = 0; pass < 2; pass++)
      for (int i = 0; i < count; i++) {
        if (all[i].first > kernel || all[i].first + all[i].duration <= kernel)
          continue;
        if (pass == 0)
          living += all[i].size;
        else if (all[i].breadth < living)
          all[i].breadth = living;
      }
  }
}

/* Places all candidates in the order given by `rank`, and returns how much room that takes. */
static int64_t place(struct schedule *s, struct candidate *all, int count, rank_by *rank)
{
  int64_t room = 0;
  sorting = rank;
  qsort(all, (size_t)count, sizeof *all, higher_first);
  for (int i = 0; i < count; i++) {
    struct slot *p = &s->slots[all[i].id];
    p->offset = lowest_gap(s, all, i, p);
    if (room < p->offset + p->size)
      room = p->offset + p->size;
  }
  return room;
}

int64_t plan_fixed(const struct schedule *s)
{
  int64_t fixed = 0;
  for (int i = 0; i < s->count; i++) {
    const struct node *result = kernel_result(&s->kernels[i]);
    if (result != NULL && !result->per_image)
      fixed += elements(s->graph, result);
  }
  return fixed;
}

void plan_memory(struct schedule *s, int64_t fixed_base, int64_t gradients)
{
  struct graph *g = s->graph;
  assign_known(s, fixed_base, gradients);
  find_live_ranges(s);

  int *root = mem_alloc(g->mem, (size_t)g->count * sizeof *root);
  struct candidate *all = mem_alloc(g->mem, (size_t)g->count * sizeof *all);
  int count = 0;
  for (int i = 0; i < g->count; i++)
    root[i] = i;
  share_in_place(s, root);
  for (int i = 0; i < g->count; i++) {
    if (root[i] != i) {
      struct slot *shared = &s->slots[root[i]];
      if (shared->last < s->slots[i].last)
        shared->last = s->slots[i].last;
    } else if (s->slots[i].storage == STORED_BATCH) {
      all[count++].id = i;
    }
  }

  measure(s, all, count);
  rank_by *best = orders[0];
  s->per_image = INT64_MAX;
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
    int64_t room = place(s, all, count, orders[i]);
    if (room < s->per_image) {
      s->per_image = room;
      best = orders[i];
    }
  }
  place(s, all, count, best);
  for (int i = 0; i < g->count; i++)
    if (root[i] != i)
      s->slots[i].offset = s->slots[root[i]].offset;
}

/* The last kernel that reads a value itself, whoever takes its place over then. */
static int last_read(const struct schedule *s, int id)
{
  int last = -1;
  for (int i = 0; i < s->count; i++)
    for (int k = 0; k < s->kernels[i].length; k++)
      for (int a = 0; a < s->kernels[i].chain[k]->in_count; a++)
        if (node_storage(s->kernels[i].chain[k]->in[a])->id == id)
          last = i;
  for (int i = 0; i < s->graph->output_count; i++)
    if (node_storage(s->graph->outputs[i].node)->id == id)
      last = s->count;
  return last;
}

/* Whether `b` is written over `a` by a kernel after which nobody reads `a`. */
static bool handed_on(const struct schedule *s, int a, int b)
{
  const struct slot *from = &s->slots[a], *to = &s->slots[b];
  return from->first < to->first && from->offset == to->offset && from->size == to->size &&
         s->kernels[to->first].in_place && last_read(s, a) <= to->first;
}

bool plan_verify(const struct schedule *s, FILE *err)
{
  bool sound = true;
  for (int i = 0; i < s->graph->count; i++) {
    const struct slot *a = &s->slots[i];
    for (int k = i + 1; k < s->graph->count; k++) {
      const struct slot *b = &s->slots[k];
      if (a->storage == STORED_BATCH && b->storage == STORED_BATCH && live_together(a, b) &&
          a->offset < b->offset + b->size && b->offset < a->offset + a->size &&
          !handed_on(s, i, k) && !handed_on(s, k, i)) {
        fprintf(err, "plan %s: %s and %s overlap\n", s->graph->name, s->graph->nodes[i]->name,
                s->graph->nodes[k]->name);
        sound = false;
      }
    }
  }
  return sound;
}
