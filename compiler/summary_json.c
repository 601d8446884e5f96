/* `lathe summary --json`: all that summary.c prints, for programs. */
#include "chosen.h"
#include "cost.h"
#include "emit_model.h"
#include "memory.h"
#include "op.h"
#include "summary.h"
#include <jansson.h>

static json_t *shape_json(const struct shape *shape)
{
  json_t *list = json_array();
  for (int i = 0; i < shape->rank; i++)
    json_array_append_new(list, json_integer(shape->dim[i]));
  return list;
}

static json_t *layer_json(const struct compilation *c, const struct layer *layer)
{
  const char *algorithm;
  double flops = layer_flops(c, layer, &algorithm);
  return json_pack("{s:s, s:s, s:o, s:I, s:f, s:s, s:s, s:i}", "name", layer->name, "layer",
                   layer->text, "output", shape_json(&layer->out), "parameters",
                   (json_int_t)layer_parameters(c, layer), "flops_forward", flops, "algorithm",
                   algorithm, "file", layer->file, "line", layer->line);
}

static json_t *kernels_json(const struct compilation *c)
{
  json_t *kernels = json_array();
  for (int i = 0; i < kernel_cost_count(c); i++) {
    const struct lathe_kernel_cost k = kernel_cost(c, i);
    json_array_append_new(
        kernels, json_pack("{s:s, s:o, s:s, s:s, s:s, s:f, s:f, s:f, s:f}", "layer", k.layer,
                           "line", k.line > 0 ? json_integer(k.line) : json_null(), "pass",
                           pass_name(k.pass), "kernel", k.ops, "algorithm", k.algorithm,
                           "image_flops", k.image_flops, "image_bytes", k.image_bytes, "step_flops",
                           k.step_flops, "step_bytes", k.step_bytes));
  }
  return kernels;
}

static json_t *chosen_json(const struct compilation *c)
{
  struct chosen *list;
  const int count = chosen_list(c, &list);
  json_t *all = json_array();
  for (int i = 0; i < count; i++)
    json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s}", "layer", list[i].layer->name,
                                         "use", use_table[list[i].use].name, "algorithm",
                                         algorithm_table[list[i].algorithm].name, "chosen_by",
                                         chooser_name(list[i].chooser)));
  return all;
}

static const char *const kinds[] = {
    [LATHE_VARIATIONAL] = "variational", [LATHE_PLAIN] = "plain", [LATHE_ALONE] = "mixture"};

/* The numbers of `normalise given`: one for all, or one each. */
static json_t *numbers_json(const struct numbers *numbers)
{
  if (numbers->count == 0)
    return json_real(numbers->one);
  json_t *list = json_array();
  for (int i = 0; i < numbers->count; i++)
    json_array_append_new(list, json_real(numbers->several[i]));
  return list;
}

/* What becomes of the input before anything else: null for nothing. */
static json_t *normalise_json(const struct compilation *c)
{
  static const char *const ways[] = {
#define NORMALISATION(ID, word, ...) [LATHE_NORMALISE_##ID] = #word,
#include "../runtime/normalisations.def"
#undef NORMALISATION
  };
  static const char *const each[] = {
      [PER_CHANNEL] = "channel", [PER_VALUE] = "value", [PER_ALL] = "all"};
  const struct model *m = c->model;
  if (m->normalisation == LATHE_NOT_NORMALISED)
    return json_null();
  json_t *json = json_pack("{s:s, s:s, s:I, s:f}", "method", ways[m->normalisation], "per",
                           each[m->normalised_by], "numbers", (json_int_t)model_normalisers(m),
                           "flops_forward", 2.0 * (double)shape_size(&m->input));
  if (m->normalisation == LATHE_NORMALISE_GIVEN) {
    json_object_set_new(json, "mean", numbers_json(&m->mean));
    json_object_set_new(json, "deviation", numbers_json(&m->deviation));
  }
  return json;
}

static json_t *input_json(const struct compilation *c)
{
  const struct model *m = c->model;
  return json_pack("{s:s, s:o, s:o, s:o}", "name", m->input_name, "shape", shape_json(&m->input),
                   "range",
                   m->bounded ? json_pack("[f, f]", m->range[0], m->range[1]) : json_null(),
                   "normalise", normalise_json(c));
}

/* Parameters of the loss, which belong to no layer. */
static json_t *likelihood_json(const struct compilation *c)
{
  int64_t count = 0;
  if (c->model->kind == LATHE_ALONE)
    return json_null();
  for (int i = 0; i < c->parameters->count; i++) {
    const struct parameter *p = c->parameters->items[i];
    if (p->layer == NULL && p->tensor.role == LATHE_PARAMETER)
      count += p->count;
  }
  return json_pack("{s:s, s:I}", "loss", model_likelihood(c->mem, c->model), "parameters",
                   (json_int_t)count);
}

static json_t *mixture_json(const struct compilation *c)
{
  static const char *const forms[] = {[LATHE_FULL] = "full",
                                      [LATHE_DIAG] = "diag",
                                      [LATHE_TIED] = "tied",
                                      [LATHE_SPHERICAL] = "spherical"};
  const struct lathe_mixing *x = &c->model->mixing;
  return json_pack(
      "{s:i, s:s, s:I}", "components", x->components, "covariance", forms[x->covariance],
      "parameters",
      (json_int_t)lathe_mixture_freedom(x->covariance, x->components, c->model->latent));
}

/* The arena, part by part: to classify one image, and to train a batch. */
static json_t *parts_json(const struct memory_part *one, const struct memory_part *train)
{
  json_t *parts = json_array();
  for (int i = 0; i < MEMORY_PARTS; i++)
    json_array_append_new(parts, json_pack("{s:s, s:I, s:I}", "part", one[i].name,
                                           "inference_bytes", (json_int_t)one[i].inference,
                                           "training_bytes", (json_int_t)train[i].training));
  return parts;
}

bool summary_json(FILE *out, const struct compilation *c)
{
  const struct model *m = c->model;
  json_t *layers = json_array();
  for (int i = 0; i < m->encoder.count; i++)
    json_array_append_new(layers, layer_json(c, &m->encoder.layers[i]));
  for (int i = 0; i < m->decoder.count; i++)
    json_array_append_new(layers, layer_json(c, &m->decoder.layers[i]));

  const struct schedule *s = c->programs[PROGRAM_TRAIN];
  json_t *plan = json_array();
  for (int i = 0; i < s->graph->count; i++) {
    const struct slot *p = &s->slots[i];
    if (p->storage == STORED_BATCH)
      json_array_append_new(
          plan, json_pack("{s:s, s:o, s:I, s:I, s:i, s:i}", "value", s->graph->nodes[i]->name,
                          "shape", shape_json(&s->graph->nodes[i]->shape), "offset",
                          (json_int_t)(p->offset * value_bytes(c)), "bytes",
                          (json_int_t)(p->size * value_bytes(c)), "first", p->first, "last",
                          p->last < s->count ? p->last : s->count - 1));
  }
  struct memory_part train[MEMORY_PARTS], one[MEMORY_PARTS];
  memory_parts(c, m->training.batch, 1, train);
  memory_parts(c, 1, 1, one);
  json_t *memory = json_pack(
      "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "inference_bytes",
      (json_int_t)memory_total(one).inference, "training_bytes",
      (json_int_t)memory_total(train).training, "training_batch", (json_int_t)m->training.batch,
      "image_bytes", (json_int_t)(c->per_image_inference * value_bytes(c)), "training_image_bytes",
      (json_int_t)(c->per_image_training * value_bytes(c)), "thread_bytes",
      (json_int_t)(c->scratch * value_bytes(c)), "em_bytes", (json_int_t)(c->em_doubles * 8),
      "parts", parts_json(one, train));
  json_t *all = json_pack(
      "{s:s, s:s, s:s, s:s, s:o, s:i, s:i, s:o, s:o, s:I, s:f, s:f, s:o, s:o, s:o, s:o, "
      "s:o}",
      "model", m->name, "kind", kinds[m->kind], "fingerprint", model_fingerprint(c), "precision",
      m->float64 ? "float64" : "float32", "input", input_json(c), "latent", m->latent, "components",
      m->mixing.components, "mixture", mixture_json(c), "likelihood", likelihood_json(c),
      "parameters", (json_int_t)c->parameter_count, "flops_forward", c->flops_forward, "flops_step",
      c->flops_step, "layers", layers, "algorithms", chosen_json(c), "kernels", kernels_json(c),
      "memory", memory, "plan", plan);
  bool done = all != NULL && json_dumpf(all, out, JSON_COMPACT) == 0;
  json_decref(all);
  fprintf(out, "\n");
  return done;
}
