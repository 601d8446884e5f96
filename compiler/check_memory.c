#include "check_memory.h"
#include "memory.h"
#include "text.h"
#include <stdlib.h>
#include <string.h>

enum { NAMED_MOST = 5 }; /* so many are named */

struct buffer {
  const char *name;
  const struct layer *layer; /* NULL: of none */
  int64_t bytes;
};

struct buffers {
  struct mem *mem;
  struct buffer *items;
  int count, capacity;
};

static void add(struct buffers *all, const char *name, const struct layer *layer, int64_t bytes)
{
  all->items = mem_grow(all->mem, all->items, &all->capacity, all->count + 1, sizeof *all->items);
  all->items[all->count++] = (struct buffer){name, layer, bytes};
}

static int larger_first(const void *a, const void *b)
{
  const struct buffer *x = a, *y = b;
  if (x->bytes != y->bytes)
    return x->bytes < y->bytes ? 1 : -1;
  return strcmp(x->name, y->name);
}

/* Copies of a parameter that training keeps besides itself: its gradient, the optimiser's moments.
 */
static int companions(const struct compilation *c)
{
  int count = 1;
  for (int i = 0; i < LATHE_MOMENTS; i++)
    count += c->moments[i] != 0;
  return count;
}

static void add_parameters(struct buffers *all, const struct compilation *c, bool training)
{
  for (int i = 0; i < c->parameters->count; i++) {
    const struct parameter *p = c->parameters->items[i];
    int64_t bytes = p->count * value_bytes(c);
    if (p->tensor.role == LATHE_PARAMETER && training)
      add(all,
          mem_printf(all->mem, "`%s` with its gradient%s", p->tensor.name,
                     companions(c) > 1 ? " and the optimiser's state" : ""),
          p->layer, bytes * (1 + companions(c)));
    else if (p->tensor.role != LATHE_COUNTER)
      add(all, mem_printf(all->mem, "`%s`", p->tensor.name), p->layer, bytes);
  }
}

/* What lies in the batch's memory in the program that needs most of it. */
static void add_activations(struct buffers *all, const struct compilation *c, bool training)
{
  const struct schedule *s = c->programs[PROGRAM_TRAIN];
  int64_t images = training ? c->model->training.batch : 1;
  for (int i = 0; i < PROGRAM_COUNT && !training; i++)
    if (i != PROGRAM_TRAIN && c->programs[i]->per_image == c->per_image_inference)
      s = c->programs[i];
  for (int i = 0; i < s->graph->count; i++) {
    const struct node *node = s->graph->nodes[i];
    if (s->slots[i].storage != STORED_BATCH)
      continue;
    const char *name =
        mem_printf(all->mem, "`%s` %s", node->name, shape_text(all->mem, &node->shape));
    if (images > 1)
      name = mem_printf(all->mem, "%s of %lld images", name, (long long)images);
    add(all, name, node->layer, s->slots[i].size * value_bytes(c) * images);
  }
}

/* ", of `relu` (line 9)", with the file's name where that is an included one. */
static const char *place_of(struct mem *mem, const struct model *model, const struct layer *layer)
{
  if (strcmp(layer->path, model->file) == 0)
    return mem_printf(mem, ", of `%s` (line %d)", layer->text, layer->line);
  return mem_printf(mem, ", of `%s` (%s:%d)", layer->text, layer->path, layer->line);
}

static void report(struct diags *diags, const struct compilation *c, int64_t needed)
{
  const struct model *model = c->model;
  struct mem *mem = c->mem;
  bool training = !model->limits_inference;
  struct buffers all = {.mem = mem};
  add_parameters(&all, c, training);
  add_activations(&all, c, training);
  add(&all, "scratch of a thread", NULL, c->scratch * value_bytes(c));
  if (training)
    add(&all, "EM statistics", NULL, c->em_doubles * 8);
  qsort(all.items, (size_t)all.count, sizeof *all.items, larger_first);

  int64_t limit = (int64_t)model->memory_limit;
  diag_report(diags, CODE_MEMORY_LIMIT, model->memory_limit_at,
              "%s takes %s bytes, %s more than the limit of %s",
              training ? mem_printf(mem, "a training step of %d images", model->training.batch)
                       : "classifying one image",
              grouped(mem, needed), grouped(mem, needed - limit), grouped(mem, limit));
  for (int i = 0; i < all.count && i < NAMED_MOST && all.items[i].bytes > 0; i++) {
    const struct buffer *b = &all.items[i];
    diag_help(diags, "%s bytes: %s%s", grouped(mem, b->bytes), b->name,
              b->layer != NULL ? place_of(mem, model, b->layer) : "");
  }
}

bool check_memory(struct mem *mem, const struct model *model, struct diags *diags)
{
  if (model->memory_limit == 0)
    return true;
  const struct compilation *c = compile(mem, model, STAGE_NONE, NULL);
  if (c == NULL)
    return false;
  bool training = !model->limits_inference;
  struct memory_part parts[MEMORY_PARTS];
  memory_parts(c, training ? model->training.batch : 1, 1, parts);
  const struct memory_part total = memory_total(parts);
  int64_t needed = training ? total.training : total.inference;
  if (needed <= (int64_t)model->memory_limit)
    return true;
  report(diags, c, needed);
  return false;
}
