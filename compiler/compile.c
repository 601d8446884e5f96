#include "compile.h"
#include "em.h"
#include <limits.h>

enum { ALIGN = 16 };

static int64_t aligned(int64_t elements)
{
  return (elements + ALIGN - 1) / ALIGN * ALIGN;
}

static int64_t larger(int64_t a, int64_t b)
{
  return a > b ? a : b;
}

bool optimiser_keeps(const struct lathe_training *t, int i)
{
  bool adam = t->optimiser == LATHE_ADAM || t->optimiser == LATHE_ADAMW;
  const bool kept[LATHE_MOMENTS] = {
      adam || t->momentum > 0,
      adam || t->optimiser == LATHE_RMSPROP,
      t->optimiser == LATHE_RMSPROP && t->centered,
  };
  return kept[i];
}

/* Offsets of parameters, then of buffers, then of the tables that inference makes of them. */
static void lay_out_parameters(struct compilation *c)
{
  int64_t offset = 0;
  for (int role = LATHE_PARAMETER; role <= LATHE_BUFFER; role++) {
    for (int i = 0; i < c->parameters->count; i++) {
      struct parameter *p = c->parameters->items[i];
      if ((int)p->tensor.role != role)
        continue;
      p->tensor.offset = (size_t)offset;
      offset += aligned(p->count);
      if (role == LATHE_PARAMETER)
        c->parameter_count += p->count;
    }
    if (role == LATHE_PARAMETER)
      c->trained = offset;
  }
  for (int i = 0; i < PROGRAM_COUNT; i++)
    if (c->programs[i]->graph->tables) {
      c->tables[i] = offset;
      offset += plan_fixed(c->programs[i]);
    }
  c->fixed_inference = offset;
  c->gradients = offset;
  offset += c->trained;
  const struct lathe_training *t = &c->model->training;
  for (int i = 0; i < LATHE_MOMENTS; i++)
    if (optimiser_keeps(t, i)) {
      c->moments[i] = offset;
      offset += c->trained;
    }
  c->fixed_temporaries = offset;
  c->fixed_training = offset;
}

static double forward_flops(const struct schedule *s)
{
  double flops = 0;
  for (int i = 0; i < s->forward_count; i++)
    flops += kernel_flops(&s->kernels[i]);
  return flops;
}

/* Emitted code counts in int: offsets, and elements of one value over a batch. */
static bool fits(const struct compilation *c)
{
  int64_t batch = c->per_image_training * c->model->training.batch;
  if (c->fixed_training <= INT_MAX && batch <= INT_MAX && c->scratch <= INT_MAX)
    return true;
  fprintf(
      stderr,
      "%s: error: training %s needs %lld values for parameters, gradients and the optimiser's "
      "state, %lld for a batch of %d images and %lld for a thread; %d are the most of each: make "
      "layers or the batch smaller\n",
      c->model->file, c->model->name, (long long)c->fixed_training, (long long)batch,
      c->model->training.batch, (long long)c->scratch, INT_MAX);
  return false;
}

struct compilation *compile(struct mem *mem, const struct model *model, enum stage dump, FILE *out)
{
  struct compilation *c = mem_alloc(mem, sizeof *c);
  c->mem = mem;
  c->model = model;
  c->parameters = mem_alloc(mem, sizeof *c->parameters);
  c->parameters->mem = mem;

  /* Training first: it meets the parameters in the order of the description. */
  static const enum program order[] = {PROGRAM_TRAIN, PROGRAM_ENCODE, PROGRAM_DECODE,
                                       PROGRAM_EVALUATE};
  for (int i = 0; i < PROGRAM_COUNT; i++) {
    struct graph *graph = lower(mem, model, order[i], c->parameters);
    graph_mark(graph);
    if (dump == STAGE_GRAPH)
      graph_dump(graph, out);
    if (!graph_verify(graph, stderr))
      return NULL;
    if (order[i] == PROGRAM_TRAIN) {
      graph_differentiate(graph);
      graph_mark(graph);
      if (!graph_verify(graph, stderr))
        return NULL;
    }
    if (dump == STAGE_BACKWARD)
      graph_dump(graph, out);
    c->programs[order[i]] = schedule_build(graph);
    if (dump == STAGE_SCHEDULE)
      schedule_dump(c->programs[order[i]], out);
  }

  lay_out_parameters(c);
  c->em_doubles = em_workspace(model);
  for (int i = 0; i < PROGRAM_COUNT; i++) {
    struct schedule *s = c->programs[i];
    bool training = i == PROGRAM_TRAIN;
    int64_t fixed = training ? c->fixed_training : c->fixed_inference;
    plan_memory(s, s->graph->tables ? c->tables[i] : fixed, c->gradients);
    if (dump == STAGE_PLAN)
      schedule_dump(s, out);
    if (!plan_verify(s, stderr))
      return NULL;
    c->scratch = larger(c->scratch, s->scratch);
    c->per_image_training = larger(c->per_image_training, s->per_image);
    if (training)
      c->fixed_training += s->fixed;
    else
      c->per_image_inference = larger(c->per_image_inference, s->per_image);
  }

  if (!fits(c))
    return NULL;
  const struct schedule *train = c->programs[PROGRAM_TRAIN];
  c->flops_forward = forward_flops(train);
  for (int i = 0; i < train->count; i++)
    c->flops_step += kernel_flops(&train->kernels[i]);
  return c;
}

int64_t layer_parameters(const struct compilation *c, const struct layer *layer)
{
  int64_t count = 0;
  for (int i = 0; i < c->parameters->count; i++) {
    const struct parameter *p = c->parameters->items[i];
    if (p->layer == layer && p->tensor.role == LATHE_PARAMETER)
      count += p->count;
  }
  return count;
}
