#include "diff.h"
#include "cost.h"
#include "memory.h"
#include "text.h"
#include <jansson.h>
#include <string.h>

/* ---- Layers ---- */

enum change_kind { CHANGE_NONE, CHANGE_REMOVED, CHANGE_ADDED, CHANGE_CHANGED };

struct change {
  enum change_kind kind;
  const struct layer *a, *b; /* NULL: there is none */
};

struct changes {
  struct change *items;
  int count;
};

static int larger(int x, int y)
{
  return x > y ? x : y;
}

/* How well two layers answer to each other: written alike, of the same kind, not at all. */
static int likeness(const struct layer *a, const struct layer *b)
{
  return strcmp(a->text, b->text) == 0 ? 3 : a->rule == b->rule ? 1 : 0;
}

static enum change_kind compare(const struct layer *a, const struct layer *b)
{
  bool same =
      strcmp(a->text, b->text) == 0 && shape_equal(&a->in, &b->in) && shape_equal(&a->out, &b->out);
  return same ? CHANGE_NONE : CHANGE_CHANGED;
}

/* The alignment of two sections whose pairs are most alike in sum, by dynamic programming from the
 * end (Needleman & Wunsch 1970, gaps for free): best[i][j] is what layers i.. of `a` and j.. of `b`
 * can reach. */
static struct changes align(struct mem *mem, const struct section *a, const struct section *b)
{
  size_t width = (size_t)b->count + 1;
  int *best = mem_alloc(mem, ((size_t)a->count + 1) * width * sizeof *best);
  struct changes all = {mem_alloc(mem, (size_t)(a->count + b->count + 1) * sizeof *all.items), 0};
  for (int i = a->count - 1; i >= 0; i--)
    for (int j = b->count - 1; j >= 0; j--) {
      int *at = best + (size_t)i * width + (size_t)j;
      int like = likeness(&a->layers[i], &b->layers[j]);
      *at = larger(at[width], at[1]);
      if (like > 0)
        *at = larger(*at, at[width + 1] + like);
    }
  for (int i = 0, j = 0; i < a->count || j < b->count;) {
    const int *at = best + (size_t)i * width + (size_t)j;
    const struct layer *x = i < a->count ? &a->layers[i] : NULL;
    const struct layer *y = j < b->count ? &b->layers[j] : NULL;
    int like = x != NULL && y != NULL ? likeness(x, y) : 0;
    struct change *change = &all.items[all.count++];
    if (like > 0 && *at == at[width + 1] + like) {
      *change = (struct change){compare(x, y), x, y};
      i++;
      j++;
    } else if (x != NULL && (y == NULL || *at == at[width])) {
      *change = (struct change){CHANGE_REMOVED, x, NULL};
      i++;
    } else {
      *change = (struct change){CHANGE_ADDED, NULL, y};
      j++;
    }
  }
  return all;
}

/* ---- Settings ---- */

/* A member of the model as the language writes it. */
static const char *value_text(struct mem *mem, const struct model *model, const struct attribute *a)
{
  const char *member = (const char *)model + a->offset;
  double number;
  if (a->type == TYPE_NAME)
    return *(const char *const *)(const void *)member;
  if (a->type == TYPE_SHAPE)
    return shape_text(mem, (const struct shape *)(const void *)member);
  if (a->type == TYPE_RANGE) {
    double range[2];
    memcpy(range, member, sizeof range);
    return mem_printf(mem, "[%.9g, %.9g]", range[0], range[1]);
  }
  if (a->type == TYPE_REAL)
    memcpy(&number, member, sizeof number);
  else if (a->size == sizeof(bool))
    number = *member;
  else if (a->size == sizeof(uint64_t))
    number = (double)*(const uint64_t *)(const void *)member;
  else
    number = *(const int *)(const void *)member;
  if (a->type == TYPE_FLAG)
    return number != 0 ? "yes" : "no";
  for (const struct choice *c = a->choices; c != NULL && c->word != NULL; c++)
    if ((double)c->value == number)
      return c->word;
  if (number < a->lo && a->initial_text != NULL)
    return a->initial_text; /* nothing is said of it */
  return mem_printf(mem, a->type == TYPE_LENGTH ? "[%.17g]" : "%.9g", number);
}

/* Whether a setting holds: of a group only the one that was chosen does. */
static bool holds(const struct model *model, const struct rule *rule)
{
  return rule->group == NULL ||
         *(const int *)(const void *)((const char *)model + rule->group_offset) == rule->kind;
}

/* A setting as it could be written: "adam 0.0009, beta1 0.9". */
static const char *setting_text(struct mem *mem, const struct model *model, const struct rule *rule)
{
  struct text text = {.mem = mem};
  text_printf(&text, "%s", rule->name);
  for (const struct attribute *a = rule->attributes; a->name != NULL; a++)
    text_printf(&text, "%s%s %s", a->positional ? "" : ", ", a->positional ? "" : a->name,
                value_text(mem, model, a));
  return text.data;
}

struct setting_change {
  const char *section, *name, *a, *b;
};

static const char *section_of(const struct rule *rule)
{
  const struct section_rule *section;
  for (int i = 0; (section = section_rule_at(i)) != NULL; i++)
    if (section->set == rule->set)
      return section->name;
  return "model";
}

/* The text of the setting in the place of `rule`: itself, or the one of its group that holds. */
static const char *counterpart(struct mem *mem, const struct model *model, const struct rule *rule)
{
  const struct rule *other;
  for (int i = 0; (other = rule_at(i)) != NULL; i++)
    if (other->set == rule->set && holds(model, other) &&
        (other == rule ||
         (rule->group != NULL && other->group != NULL && strcmp(other->group, rule->group) == 0)))
      return setting_text(mem, model, other);
  return "";
}

/* Fills *change when the i-th rule holds in `a` and is not the same in `b`. */
static bool setting_changed(struct mem *mem, const struct model *a, const struct model *b, int i,
                            struct setting_change *change)
{
  const struct rule *rule = rule_at(i);
  if (rule->set == RULES_LAYER || !holds(a, rule))
    return false;
  *change =
      (struct setting_change){section_of(rule), rule->group != NULL ? rule->group : rule->name,
                              setting_text(mem, a, rule), counterpart(mem, b, rule)};
  return strcmp(change->a, change->b) != 0;
}

/* ---- Totals ---- */

struct total {
  const char *name, *title;
  int64_t a, b;
};

enum { TOTALS = 5 };

static int64_t memory_of(const struct compilation *c, bool training)
{
  struct memory_part parts[MEMORY_PARTS];
  memory_parts(c, training ? c->model->training.batch : 1, 1, parts);
  const struct memory_part total = memory_total(parts);
  return training ? total.training : total.inference;
}

static void find_totals(const struct compilation *a, const struct compilation *b,
                        struct total totals[TOTALS])
{
  const struct total all[TOTALS] = {
      {"parameters", "parameters", a->parameter_count, b->parameter_count},
      {"flops_forward", "FLOP an image, forward", (int64_t)a->flops_forward,
       (int64_t)b->flops_forward},
      {"flops_step", "FLOP an image, training step", (int64_t)a->flops_step,
       (int64_t)b->flops_step},
      {"inference_bytes", "bytes to classify one image", memory_of(a, false), memory_of(b, false)},
      {"training_bytes", "bytes to train, by its batch", memory_of(a, true), memory_of(b, true)},
  };
  memcpy(totals, all, sizeof all);
}

/* ---- For people ---- */

static void print_layer(FILE *out, const struct compilation *c, const struct layer *layer,
                        const char *mark)
{
  const char *algorithm;
  double flops = layer_flops(c, layer, &algorithm);
  fprintf(out, "  %s %-11s %-44s %-14s %12s parameters %14s FLOP\n", mark, layer->name, layer->text,
          shape_text(c->mem, &layer->out), grouped(c->mem, layer_parameters(c, layer)),
          grouped(c->mem, (int64_t)flops));
}

/* Returns whether anything differs. */
static bool print_section(FILE *out, const struct compilation *a, const struct compilation *b,
                          const struct section *x, const struct section *y)
{
  const struct changes all = align(a->mem, x, y);
  bool differs = false;
  for (int i = 0; i < all.count; i++) {
    const struct change *change = &all.items[i];
    bool changed = change->kind == CHANGE_CHANGED;
    differs = differs || change->kind != CHANGE_NONE;
    if (changed || change->kind == CHANGE_REMOVED)
      print_layer(out, a, change->a, changed ? "~-" : "- ");
    if (changed || change->kind == CHANGE_ADDED)
      print_layer(out, b, change->b, changed ? "~+" : "+ ");
  }
  return differs;
}

void diff_print(FILE *out, const struct compilation *a, const struct compilation *b)
{
  const struct model *x = a->model, *y = b->model;
  struct setting_change setting;
  struct total totals[TOTALS];
  fprintf(out, "%s (%s) and %s (%s)\n\nSettings\n", x->file, x->name, y->file, y->name);
  bool differs = false;
  for (int i = 0; rule_at(i) != NULL; i++)
    if (setting_changed(a->mem, x, y, i, &setting)) {
      fprintf(out, "  ~- %-8s %s\n  ~+ %-8s %s\n", setting.section, setting.a, setting.section,
              setting.b);
      differs = true;
    }
  fputs(differs ? "\nLayers\n" : "  the same\n\nLayers\n", out);
  differs = print_section(out, a, b, &x->encoder, &y->encoder);
  differs = print_section(out, a, b, &x->decoder, &y->decoder) || differs;
  fputs(differs ? "\n" : "  the same\n\n", out);
  find_totals(a, b, totals);
  fprintf(out, "%-30s %18s %18s %10s\n", "Totals", "first", "second", "change");
  for (int i = 0; i < TOTALS; i++)
    fprintf(out, "  %-28s %18s %18s %+9.1f%%\n", totals[i].title, grouped(a->mem, totals[i].a),
            grouped(a->mem, totals[i].b),
            totals[i].a > 0 ? 100 * ((double)totals[i].b / (double)totals[i].a - 1) : 0);
}

/* ---- For programs ---- */

static json_t *shape_json(const struct shape *shape)
{
  json_t *json = json_array();
  for (int i = 0; i < shape->rank; i++)
    json_array_append_new(json, json_integer(shape->dim[i]));
  return json;
}

static json_t *layer_json(const struct compilation *c, const struct layer *layer)
{
  const char *algorithm;
  if (layer == NULL)
    return json_null();
  return json_pack("{s:s, s:s, s:o, s:o, s:I, s:f}", "name", layer->name, "layer", layer->text,
                   "input", shape_json(&layer->in), "output", shape_json(&layer->out), "parameters",
                   (json_int_t)layer_parameters(c, layer), "flops_forward",
                   layer_flops(c, layer, &algorithm));
}

static void append_section(json_t *to, const char *name, const struct compilation *a,
                           const struct compilation *b, const struct section *x,
                           const struct section *y)
{
  static const char *const kinds[] = {
      [CHANGE_REMOVED] = "removed", [CHANGE_ADDED] = "added", [CHANGE_CHANGED] = "changed"};
  const struct changes all = align(a->mem, x, y);
  for (int i = 0; i < all.count; i++)
    if (all.items[i].kind != CHANGE_NONE)
      json_array_append_new(
          to, json_pack("{s:s, s:s, s:o, s:o}", "section", name, "change", kinds[all.items[i].kind],
                        "a", layer_json(a, all.items[i].a), "b", layer_json(b, all.items[i].b)));
}

bool diff_json(FILE *out, const struct compilation *a, const struct compilation *b)
{
  const struct model *x = a->model, *y = b->model;
  json_t *settings = json_array(), *layers = json_array(), *sums = json_object();
  struct setting_change s;
  struct total totals[TOTALS];
  for (int i = 0; rule_at(i) != NULL; i++)
    if (setting_changed(a->mem, x, y, i, &s))
      json_array_append_new(settings, json_pack("{s:s, s:s, s:s, s:s}", "section", s.section,
                                                "name", s.name, "a", s.a, "b", s.b));
  append_section(layers, "encoder", a, b, &x->encoder, &y->encoder);
  append_section(layers, "decoder", a, b, &x->decoder, &y->decoder);
  find_totals(a, b, totals);
  for (int i = 0; i < TOTALS; i++)
    json_object_set_new(sums, totals[i].name,
                        json_pack("[I, I]", (json_int_t)totals[i].a, (json_int_t)totals[i].b));
  json_t *all = json_pack("{s:s, s:s, s:o, s:o, s:o}", "a", x->name, "b", y->name, "settings",
                          settings, "layers", layers, "totals", sums);
  bool done = all != NULL && json_dumpf(all, out, JSON_COMPACT) == 0;
  json_decref(all);
  fputs("\n", out);
  return done;
}
