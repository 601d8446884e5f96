#include "summary.h"
#include "chosen.h"
#include "cost.h"
#include "memory.h"
#include "op.h"
#include "text.h"
#include <string.h>

static const char *flops_text(struct mem *mem, double flops)
{
  if (flops >= 1e6)
    return mem_printf(mem, "%.2f M", flops / 1e6);
  if (flops >= 1e3)
    return mem_printf(mem, "%.1f k", flops / 1e3);
  return mem_printf(mem, "%.0f", flops);
}

/* ---- The memory plan ---- */

static void print_memory(FILE *out, const struct compilation *c)
{
  struct memory_part parts[MEMORY_PARTS];
  int batch = c->model->training.batch;
  memory_parts(c, batch, 1, parts);
  struct memory_part total = memory_total(parts);
  fprintf(out, "\nMemory, one arena, one thread: %*s classify, 1 image   train, %d images\n", 3, "",
          batch);
  struct memory_part single[MEMORY_PARTS];
  memory_parts(c, 1, 1, single);
  for (int i = 0; i <= MEMORY_PARTS; i++) {
    struct memory_part one = i < MEMORY_PARTS ? single[i] : memory_total(single);
    struct memory_part p = i < MEMORY_PARTS ? parts[i] : total;
    fprintf(out, "  %-36s %15s B %15s B\n", p.name, grouped(c->mem, one.inference),
            grouped(c->mem, p.training));
  }
  fprintf(out, "  each further image %s B (training %s B), each further thread %s B\n",
          grouped(c->mem, c->per_image_inference * value_bytes(c)),
          grouped(c->mem, c->per_image_training * value_bytes(c)),
          grouped(c->mem, c->scratch * value_bytes(c)));
}

/* Where each value of a training step lies and for which kernels it must stay. */
static void print_plan(FILE *out, const struct compilation *c)
{
  const struct schedule *s = c->programs[PROGRAM_TRAIN];
  fprintf(out,
          "\nPlan of a training step: %d kernels; bytes an image, from offset, kernels alive\n",
          s->count);
  int name = 28, shape = 14;
  for (int i = 0; i < s->graph->count; i++) {
    if (s->slots[i].storage != STORED_BATCH)
      continue;
    name = text_column(name, s->graph->nodes[i]->name);
    shape = text_column(shape, shape_text(c->mem, &s->graph->nodes[i]->shape));
  }
  for (int i = 0; i < s->graph->count; i++) {
    const struct slot *p = &s->slots[i];
    if (p->storage != STORED_BATCH)
      continue;
    fprintf(out, "  %-*s %-*s %10s B  at %10s  %3d-%d\n", name, s->graph->nodes[i]->name, shape,
            shape_text(c->mem, &s->graph->nodes[i]->shape),
            grouped(c->mem, p->size * value_bytes(c)), grouped(c->mem, p->offset * value_bytes(c)),
            p->first, p->last < s->count ? p->last : s->count - 1);
  }
}

/* What runs in a training step, and how. */
static void print_kernels(FILE *out, const struct compilation *c)
{
  fprintf(out, "\nKernels of a training step: FLOP and bytes moved for %d images\n",
          c->model->training.batch);
  int layer = 15, ops = 28;
  for (int i = 0; i < kernel_cost_count(c); i++) {
    const struct lathe_kernel_cost k = kernel_cost(c, i);
    layer = text_column(layer, k.layer);
    ops = text_column(ops, k.ops);
  }
  for (int i = 0; i < kernel_cost_count(c); i++) {
    const struct lathe_kernel_cost k = kernel_cost(c, i);
    const int batch = c->model->training.batch;
    fprintf(out, "  %3d %-*s %4s %-8s %-*s %-14s %10s %13s B\n", i, layer, k.layer,
            k.line > 0 ? mem_printf(c->mem, "%d", k.line) : "", pass_name(k.pass), ops, k.ops,
            k.algorithm, flops_text(c->mem, k.image_flops * batch + k.step_flops),
            grouped(c->mem, (int64_t)(k.image_bytes * batch + k.step_bytes)));
  }
}

/* What each product and convolution is computed by, and in brackets who chose that, unless it was
 * the cost model. */
static void print_chosen(FILE *out, const struct compilation *c)
{
  struct chosen *list;
  const int count = chosen_list(c, &list);
  int layer = 12, cell = 9;
  const char **cells = mem_alloc(c->mem, (size_t)count * sizeof *cells + 1);
  for (int i = 0; i < count; i++) {
    const char *name = algorithm_table[list[i].algorithm].name;
    cells[i] = list[i].chooser == CHOSEN_BY_COST
                   ? name
                   : mem_printf(c->mem, "%s (%s)", name, chooser_name(list[i].chooser));
    layer = text_column(layer, list[i].layer->name);
    cell = text_column(cell, cells[i]);
  }
  fprintf(out, "\nAlgorithms, by the cost model unless it says otherwise\n  %-*s", layer, "");
  for (int use = 0; use < USES; use++)
    fprintf(out, " %-*s", use + 1 < USES ? cell : 0, use_table[use].name);
  fprintf(out, "\n");
  for (int i = 0; i < count;) {
    const struct layer *of = list[i].layer;
    fprintf(out, "  %-*s", layer, of->name);
    for (int use = 0; use < USES; use++) {
      bool there = i < count && list[i].layer == of && (int)list[i].use == use;
      fprintf(out, " %-*s", use + 1 < USES ? cell : 0, there ? cells[i] : "");
      i += there;
    }
    fprintf(out, "\n");
  }
}

/* Widths of the columns of the table of layers that their texts decide on. */
struct columns {
  int name, text, output;
};

static void make_room(const struct compilation *c, struct columns *w, const struct section *section)
{
  for (int i = 0; i < section->count; i++) {
    const struct layer *layer = &section->layers[i];
    w->name = text_column(w->name, layer->name);
    w->text = text_column(w->text, layer->text);
    w->output = text_column(w->output, shape_text(c->mem, &layer->out));
  }
}

static struct columns find_columns(const struct compilation *c)
{
  struct columns w = {12, 0, 15};
  make_room(c, &w, &c->model->encoder);
  make_room(c, &w, &c->model->decoder);
  w.text = text_column(w.text, model_likelihood(c->mem, c->model));
  if (w.name + w.text < 12 + 46)
    w.text = 12 + 46 - w.name;
  return w;
}

static void print_layers(FILE *out, const struct compilation *c, const struct columns *w,
                         const struct section *section)
{
  for (int i = 0; i < section->count; i++) {
    const struct layer *layer = &section->layers[i];
    const char *algorithm;
    double flops = layer_flops(c, layer, &algorithm);
    fprintf(out, "%-*s %-*s %-*s %10s %10s  %s\n", w->name, layer->name, w->text, layer->text,
            w->output, shape_text(c->mem, &layer->out), grouped(c->mem, layer_parameters(c, layer)),
            flops_text(c->mem, flops), algorithm);
  }
}

/* Parameters of the loss, which belong to no layer. */
static void print_likelihood(FILE *out, const struct compilation *c, const struct columns *w)
{
  for (int i = 0; i < c->parameters->count; i++) {
    const struct parameter *p = c->parameters->items[i];
    if (p->layer == NULL && p->tensor.role == LATHE_PARAMETER)
      fprintf(out, "%-*s %-*s %-*s %10s\n", w->name, "loss", w->text,
              model_likelihood(c->mem, c->model), w->output,
              p->count == 1 ? "[1]" : shape_text(c->mem, &c->model->input),
              grouped(c->mem, p->count));
  }
}

/* A mixture alone: what is estimated, and the memory of EM. */
static void print_alone(FILE *out, const struct compilation *c)
{
  static const char *const forms[] = {
      [LATHE_FULL] = "full covariances",
      [LATHE_DIAG] = "diagonal covariances",
      [LATHE_TIED] = "one covariance for all",
      [LATHE_SPHERICAL] = "one variance a component",
  };
  const struct model *m = c->model;
  const struct lathe_mixing *x = &m->mixing;
  fprintf(out, "%s: a mixture alone of input %s, %d components, %s, %s\n\n", m->name,
          shape_text(c->mem, &m->input), x->components, forms[x->covariance],
          m->float64 ? "float64" : "float32");
  fprintf(out, "Total parameters: %s, estimated by EM\n",
          grouped(c->mem, lathe_mixture_freedom(x->covariance, x->components, m->latent)));
  fprintf(out, "Memory of EM: %s B, whatever the number of points\n",
          grouped(c->mem, c->em_doubles * 8));
}

void summary_print(FILE *out, const struct compilation *c)
{
  const struct model *m = c->model;
  if (m->kind == LATHE_ALONE) {
    print_alone(out, c);
    return;
  }
  fprintf(out, "%s: input %s, latent %d, %d components, %s\n\n", m->name,
          shape_text(c->mem, &m->input), m->latent, m->mixing.components,
          m->float64 ? "float64" : "float32");
  const struct columns w = find_columns(c);
  fprintf(out, "%-*s %-*s %-*s %10s %10s  %s\n", w.name, "Layer", w.text, "", w.output, "Output",
          "Parameters", "FLOP", "Algorithm");
  if (m->normalisation != LATHE_NOT_NORMALISED)
    fprintf(out, "%-*s %-*s %-*s %10s %10s  %s\n", w.name, "input", w.text,
            mem_printf(c->mem, "normalise %s", model_normalised(c->mem, m)), w.output,
            shape_text(c->mem, &m->input), "0",
            flops_text(c->mem, 2.0 * (double)shape_size(&m->input)), "elementwise");
  print_layers(out, c, &w, &m->encoder);
  print_layers(out, c, &w, &m->decoder);
  print_likelihood(out, c, &w);
  fprintf(out, "\nTotal parameters: %s, all trained\n", grouped(c->mem, c->parameter_count));
  fprintf(out, "FLOP an image: forward %s, training step %s\n",
          grouped(c->mem, (int64_t)c->flops_forward), grouped(c->mem, (int64_t)c->flops_step));
  if (!m->plain)
    print_chosen(out, c);
  print_kernels(out, c);
  print_memory(out, c);
  print_plan(out, c);
}
