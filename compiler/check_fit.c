/* What would make shapes fit that do not: another number of the layer that they come from, or a
 * change of form behind it. */
#include "check_parts.h"
#include "text.h"
#include <string.h>

enum { TRIED_MOST = 8 }; /* how far from what is written a number is looked for */

static int kind_of(const struct layer *layer)
{
  return layer->rule->kind;
}

/* Whether a layer gives the shape that it receives, whatever that is. */
static bool keeps_shape(const struct layer *layer)
{
  bool (*const rule)(struct layer_check *) = layer->rule->shape;
  return rule == shape_same || rule == shape_batchnorm || rule == shape_layernorm ||
         rule == shape_groupnorm;
}

/* Whether the layer, with its numbers as they are by now, gives `wanted`. */
static bool gives(struct checker *checker, struct layer *layer, const struct shape *wanted)
{
  struct layer_check check = {.layer = layer,
                              .from = {"", layer->node->head},
                              .span = layer->node->head,
                              .diags = diags_new(checker->mem, checker->diags->source),
                              .latent = checker->model->latent};
  return layer->rule->shape(&check) && shape_equal(&layer->out, wanted);
}

/* Whether a number is worth telling: padding beyond the window makes values of nothing. */
static bool is_sound(const struct layer *layer, int attribute, double number)
{
  const struct attribute *a = &layer->rule->attributes[attribute];
  int kernel = rule_attribute(layer->rule, "kernel");
  bool pads = attribute == rule_attribute(layer->rule, "pad");
  return number >= a->lo && number <= a->hi &&
         !(pads && kernel >= 0 && number >= layer->value[kernel]);
}

/* One number of the layer, of both sides where it has two alike, that makes it give `wanted`: the
 * nearest to what is written. Returns how far it is from there; 0: there is none. */
static int find_number(struct checker *checker, const struct layer *layer, int attribute,
                       const struct shape *wanted, int64_t *found)
{
  const struct attribute *a = &layer->rule->attributes[attribute];
  bool sides = a->type == TYPE_SIDES;
  if ((a->type != TYPE_INT && !sides) ||
      (sides && layer->value[attribute] != layer->across[attribute]))
    return 0;
  for (int by = 1; by <= TRIED_MOST; by++)
    for (int sign = 1; sign >= -1; sign -= 2) {
      struct layer tried = *layer;
      double number = layer->value[attribute] + sign * by;
      tried.value[attribute] = tried.across[attribute] = number;
      *found = (int64_t)number;
      if (is_sound(layer, attribute, number) && gives(checker, &tried, wanted))
        return by;
    }
  return 0;
}

/* "`linear [1, 28, 28]`" or "`kernel 4`", with which the layer gives that shape; NULL: not known.
 */
static const char *rewritten(struct checker *checker, const struct layer *layer,
                             const struct shape *wanted)
{
  struct mem *mem = checker->mem;
  struct layer tried = *layer;
  const struct rule *rule = layer->rule;
  int channels = rule_attribute(rule, "channels");
  if (kind_of(layer) == LAYER_LINEAR && layer->in.rank == 1)
    return wanted->rank == 1 ? mem_printf(mem, "`linear %lld`", (long long)wanted->dim[0])
                             : mem_printf(mem, "`linear %s`", shape_text(mem, wanted));
  const char *first = "";
  if (channels >= 0 && tried.value[channels] != (double)wanted->dim[0]) {
    tried.value[channels] = tried.across[channels] = (double)wanted->dim[0];
    first = mem_printf(mem, "`%s %lld`", rule->name, (long long)wanted->dim[0]);
    if (gives(checker, &tried, wanted))
      return first;
  }
  int64_t number, nearest = 0;
  int which = -1, least = TRIED_MOST + 1;
  for (int i = 0; rule->attributes[i].name != NULL; i++) {
    int by = i == channels ? 0 : find_number(checker, &tried, i, wanted, &number);
    if (by == 0 || by >= least)
      continue;
    which = i;
    least = by;
    nearest = number;
  }
  if (which < 0)
    return NULL;
  const struct attribute *a = &rule->attributes[which];
  return mem_printf(mem, "%s%s`%s %lld`", first, *first != '\0' ? " and " : "",
                    a->positional ? rule->name : a->name, (long long)nearest);
}

void fit_suggest(struct checker *checker, const struct section *section, int first, int end,
                 const struct shape *wanted)
{
  struct mem *mem = checker->mem;
  int i = end - 1;
  while (i >= first && keeps_shape(&section->layers[i]))
    i--;
  if (i < first || section->layers[i].rule->holds_layers || section->layers[i].in.rank == 0)
    return;
  const struct layer *layer = &section->layers[i];
  const char *written = rewritten(checker, layer, wanted), *shape = shape_text(mem, wanted);
  if (written != NULL)
    diag_help(checker->diags, "it fits with %s %s `%s` (line %d)", written,
              strncmp(written + 1, layer->rule->name, strlen(layer->rule->name)) == 0 ? "for"
                                                                                      : "in",
              layer->text, layer->line);
  else if (shape_size(&layer->out) == shape_size(wanted))
    diag_help(checker->diags, "put `%s;` behind `%s` (line %d)",
              wanted->rank == 1 ? "flatten" : mem_printf(mem, "reshape %s", shape), layer->text,
              layer->line);
}
