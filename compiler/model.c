#include "model.h"
#include "text.h"
#include <assert.h>
#include <string.h>

int64_t shape_size(const struct shape *shape)
{
  int64_t size = 1;
  for (int i = 0; i < shape->rank; i++)
    size *= shape->dim[i];
  return size;
}

bool shape_equal(const struct shape *a, const struct shape *b)
{
  bool equal = a->rank == b->rank;
  for (int i = 0; equal && i < a->rank; i++)
    equal = a->dim[i] == b->dim[i];
  return equal;
}

const char *shape_text(struct mem *mem, const struct shape *shape)
{
  struct text text = {.mem = mem};
  for (int i = 0; i < shape->rank; i++)
    text_printf(&text, "%s%lld", i > 0 ? ", " : "[", (long long)shape->dim[i]);
  text_printf(&text, "]");
  return text.data;
}

double layer_value(const struct layer *layer, const char *name)
{
  int index = rule_attribute(layer->rule, name);
  assert(index >= 0);
  return layer->value[index];
}

int layer_int(const struct layer *layer, const char *name)
{
  return (int)layer_value(layer, name);
}

int layer_side(const struct layer *layer, const char *name, int axis)
{
  int index = rule_attribute(layer->rule, name);
  assert(index >= 0);
  bool across = axis == 1 && layer->rule->attributes[index].type == TYPE_SIDES;
  return (int)(across ? layer->across[index] : layer->value[index]);
}

bool layer_reshapes(const struct layer *layer)
{
  return layer->rule->kind == LAYER_RESHAPE || layer->rule->kind == LAYER_FLATTEN;
}

const struct layer *section_end(const struct section *section)
{
  const struct layer *end = &section->layers[section->count - 1];
  while (end > section->layers && end->rule != NULL && layer_reshapes(end))
    end--;
  return end;
}

static bool section_draws(const struct section *section)
{
  for (int i = 0; i < section->count; i++)
    if (section->layers[i].rule->kind == LAYER_DROPOUT)
      return true;
  return false;
}

struct layer *model_layer(const struct model *model, const char *name)
{
  const struct section *const sections[] = {&model->encoder, &model->decoder};
  for (int s = 0; s < 2; s++)
    for (int i = 0; i < sections[s]->count; i++)
      if (strcmp(sections[s]->layers[i].name, name) == 0)
        return &sections[s]->layers[i];
  return NULL;
}

bool model_clips_norm(const struct model *model)
{
  return model->training.clip > 0 && model->training.clipping == LATHE_CLIP_NORM;
}

bool model_draws(const struct model *model)
{
  return section_draws(&model->encoder) || section_draws(&model->decoder);
}

int64_t model_outputs(const struct model *model)
{
  if (model->likelihood == LATHE_CATEGORICAL)
    return model->levels;
  return model->likelihood == LATHE_GAUSSIAN && model->variance == VARIANCE_PREDICTED ? 2 : 1;
}

int64_t model_normalisers(const struct model *model)
{
  if (model->normalised_by == PER_ALL)
    return 1;
  return model->normalised_by == PER_VALUE ? shape_size(&model->input) : model->input.dim[0];
}

const char *model_normalised(struct mem *mem, const struct model *model)
{
  static const char *const ways[] = {
#define NORMALISATION(ID, word, ...) [LATHE_NORMALISE_##ID] = #word,
#include "../runtime/normalisations.def"
#undef NORMALISATION
  };
  static const char *const each[] = {
      [PER_CHANNEL] = "channel", [PER_VALUE] = "value", [PER_ALL] = "all"};
  if (model->normalisation == LATHE_NOT_NORMALISED)
    return NULL;
  return mem_printf(mem, "%s, per %s", ways[model->normalisation], each[model->normalised_by]);
}

const char *model_likelihood(struct mem *mem, const struct model *m)
{
  if (m->likelihood == LATHE_BERNOULLI)
    return "bernoulli";
  if (m->likelihood == LATHE_CATEGORICAL)
    return mem_printf(mem, "categorical %d, decode %s", m->levels,
                      m->decodes_mode ? "mode" : "mean");
  if (m->variance > 0)
    return mem_printf(mem, "gaussian, variance %.15g", m->variance);
  if (m->variance == VARIANCE_PREDICTED)
    return mem_printf(mem, "gaussian, variance predicted, floor %.15g", m->variance_floor);
  return mem_printf(mem, "gaussian, variance %s, floor %.15g, start %.15g",
                    m->variance == VARIANCE_LEARNED ? "learned" : "learned_each", m->variance_floor,
                    m->variance_start);
}
