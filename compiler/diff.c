#include "diff.h"
#include "cost.h"
#include "diff_parts.h"
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

/* Layers beside each other: of a section, or of the braces of one of its layers. Those that they
 * hold themselves are left out. */
struct row {
  const struct section *section;
  int *at; /* their places in the section */
  int count;
};

/* The layers between places `first` and `end` of the section that none of the others there holds.
 * What a layer holds stands before it, from its `first` on. */
static struct row row_of(struct mem *mem, const struct section *section, int first, int end)
{
  struct row row = {section, mem_alloc(mem, (size_t)(end - first + 1) * sizeof(int)), 0};
  for (int i = end - 1; i >= first; i = section->layers[i].first - 1)
    row.at[row.count++] = i;
  for (int i = 0, k = row.count - 1; i < k; i++, k--) {
    int other = row.at[i];
    row.at[i] = row.at[k];
    row.at[k] = other;
  }
  return row;
}

static struct row row_inside(struct mem *mem, const struct section *section, int at)
{
  return row_of(mem, section, section->layers[at].first, at);
}

/* Whether two layers, and what they hold, are written alike. */
static bool alike(const struct section *a, int i, const struct section *b, int j)
{
  int held = i - a->layers[i].first;
  if (held != j - b->layers[j].first)
    return false;
  for (int k = 0; k <= held; k++)
    if (strcmp(a->layers[i - k].text, b->layers[j - k].text) != 0)
      return false;
  return true;
}

/* How well two layers answer to each other: written alike, of the same kind, not at all. */
static int likeness(const struct row *a, int i, const struct row *b, int j)
{
  if (alike(a->section, a->at[i], b->section, b->at[j]))
    return 3;
  return a->section->layers[a->at[i]].rule == b->section->layers[b->at[j]].rule ? 1 : 0;
}

static enum change_kind compare(const struct layer *a, const struct layer *b)
{
  bool same =
      strcmp(a->text, b->text) == 0 && shape_equal(&a->in, &b->in) && shape_equal(&a->out, &b->out);
  return same ? CHANGE_NONE : CHANGE_CHANGED;
}

/* The alignment of two rows whose pairs are most alike in sum, by dynamic programming from the
 * end (Needleman & Wunsch 1970, gaps for free): best[i][j] is what layers i.. of `a` and j.. of `b`
 * can reach. Then that of what the layers of a pair hold, behind them; what a layer without
 * counterpart holds has none either. */
static void align(struct mem *mem, struct changes *all, struct row a, struct row b)
{
  size_t width = (size_t)b.count + 1;
  int *best = mem_alloc(mem, ((size_t)a.count + 1) * width * sizeof *best);
  for (int i = a.count - 1; i >= 0; i--)
    for (int j = b.count - 1; j >= 0; j--) {
      int *at = best + (size_t)i * width + (size_t)j;
      int like = likeness(&a, i, &b, j);
      *at = larger(at[width], at[1]);
      if (like > 0)
        *at = larger(*at, at[width + 1] + like);
    }
  for (int i = 0, j = 0; i < a.count || j < b.count;) {
    const int *at = best + (size_t)i * width + (size_t)j;
    const struct layer *x = i < a.count ? &a.section->layers[a.at[i]] : NULL;
    const struct layer *y = j < b.count ? &b.section->layers[b.at[j]] : NULL;
    int like = x != NULL && y != NULL ? likeness(&a, i, &b, j) : 0;
    struct change *change = &all->items[all->count++];
    struct row in_a = {a.section, NULL, 0}, in_b = {b.section, NULL, 0};
    if (like > 0 && *at == at[width + 1] + like)
      *change = (struct change){compare(x, y), x, y};
    else if (x != NULL && (y == NULL || *at == at[width]))
      *change = (struct change){CHANGE_REMOVED, x, NULL};
    else
      *change = (struct change){CHANGE_ADDED, NULL, y};
    if (change->a != NULL)
      in_a = row_inside(mem, a.section, a.at[i++]);
    if (change->b != NULL)
      in_b = row_inside(mem, b.section, b.at[j++]);
    if (in_a.count + in_b.count > 0)
      align(mem, all, in_a, in_b);
  }
}

/* How two sections differ, layer by layer; those that others hold behind them. */
static struct changes find_changes(struct mem *mem, const struct section *a,
                                   const struct section *b)
{
  struct changes all = {mem_alloc(mem, (size_t)(a->count + b->count + 1) * sizeof *all.items), 0};
  align(mem, &all, row_of(mem, a, 0, a->count), row_of(mem, b, 0, b->count));
  return all;
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

/* Widths of the columns that the layers' texts decide on. */
struct columns {
  int name, text, output;
};

static void make_room(struct mem *mem, struct columns *w, const struct layer *layer)
{
  if (layer == NULL)
    return;
  w->name = text_column(w->name, layer->name);
  w->text = text_column(w->text, layer->text);
  w->output = text_column(w->output, shape_text(mem, &layer->out));
}

static void print_layer(FILE *out, const struct compilation *c, const struct columns *w,
                        const struct layer *layer, const char *mark)
{
  const char *algorithm;
  double flops = layer_flops(c, layer, &algorithm);
  fprintf(out, "  %s %-*s %-*s %-*s %12s parameters %14s FLOP\n", mark, w->name, layer->name,
          w->text, layer->text, w->output, shape_text(c->mem, &layer->out),
          grouped(c->mem, layer_parameters(c, layer)), grouped(c->mem, (int64_t)flops));
}

static void print_changes(FILE *out, const struct compilation *a, const struct compilation *b,
                          const struct columns *w, const struct changes *all)
{
  for (int i = 0; i < all->count; i++) {
    const struct change *change = &all->items[i];
    bool changed = change->kind == CHANGE_CHANGED;
    if (changed || change->kind == CHANGE_REMOVED)
      print_layer(out, a, w, change->a, changed ? "~-" : "- ");
    if (changed || change->kind == CHANGE_ADDED)
      print_layer(out, b, w, change->b, changed ? "~+" : "+ ");
  }
}

/* Returns whether anything differs. */
static bool print_sections(FILE *out, const struct compilation *a, const struct compilation *b)
{
  const struct model *x = a->model, *y = b->model;
  const struct changes all[] = {find_changes(a->mem, &x->encoder, &y->encoder),
                                find_changes(a->mem, &x->decoder, &y->decoder)};
  struct columns w = {11, 44, 14};
  bool differs = false;
  for (int s = 0; s < 2; s++)
    for (int i = 0; i < all[s].count; i++)
      if (all[s].items[i].kind != CHANGE_NONE) {
        differs = true;
        make_room(a->mem, &w, all[s].items[i].a);
        make_room(a->mem, &w, all[s].items[i].b);
      }
  for (int s = 0; s < 2; s++)
    print_changes(out, a, b, &w, &all[s]);
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
  differs = print_sections(out, a, b);
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
  const struct changes all = find_changes(a->mem, x, y);
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
