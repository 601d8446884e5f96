#include "tune_parts.h"
#include <stdlib.h>
#include <string.h>

struct applying {
  struct mem *mem;
  struct model *model;
  const struct tune_content *content;
  struct diags *diags;
  bool training; /* whether what was measured in training fits */
};

static void advise(struct diags *diags)
{
  diag_help(diags, "`lathe tune` measures anew; until then the cost model chooses");
}

static bool same(const struct tune_value *value, const char *text)
{
  return strcmp(value->text, text) == 0;
}

/* Whether all was measured for what is built. */
static bool check_conditions(struct applying *a, const struct tune_conditions *here)
{
  const struct tune_value *values = a->content->values;
  const char *precision = a->model->float64 ? "float64" : "float32";
  const char *batch = mem_printf(a->mem, "%d", a->model->training.batch);
  if (!same(&values[KEY_TARGET], here->target)) {
    diag_report(a->diags, CODE_STALE_TUNE_FILE, values[KEY_TARGET].span,
                "measured for the target %s, not for %s: nothing of it is used",
                values[KEY_TARGET].text, here->target);
    advise(a->diags);
    return false;
  }
  if (!same(&values[KEY_PRECISION], precision)) {
    diag_report(a->diags, CODE_STALE_TUNE_FILE, values[KEY_PRECISION].span,
                "measured in %s, and the model is of %s: nothing of it is used",
                values[KEY_PRECISION].text, precision);
    advise(a->diags);
    return false;
  }
  a->training = same(&values[KEY_BATCH], batch);
  if (!a->training) {
    diag_report(
        a->diags, CODE_STALE_TUNE_FILE, values[KEY_BATCH].span,
        "measured with batches of %s, and they are of %s: only what it says of inference is "
        "used",
        values[KEY_BATCH].text, batch);
    advise(a->diags);
  }
  bool native = strcmp(here->target, "native") == 0;
  if (native && !same(&values[KEY_PROCESSOR], here->processor))
    diag_report(a->diags, CODE_FOREIGN_TUNE_FILE, values[KEY_PROCESSOR].span,
                "measured on another processor than this");
  else if (!same(&values[KEY_LATHE], here->lathe))
    diag_report(a->diags, CODE_FOREIGN_TUNE_FILE, values[KEY_LATHE].span,
                "measured by lathe %s, and this is another", values[KEY_LATHE].text);
  else
    return true;
  diag_help(a->diags, "its choices are used all the same; `lathe tune` measures here");
  return true;
}

static void apply_entry(struct applying *a, const struct tune_entry *entry)
{
  struct layer *layer = model_layer(a->model, entry->name.text);
  if (layer == NULL) {
    diag_report(a->diags, CODE_STALE_TUNE_FILE, entry->name.span, "the model has no layer `%s`",
                entry->name.text);
    advise(a->diags);
    return;
  }
  const char *now = tune_layer(a->mem, layer);
  if (strcmp(now, entry->layer.text) != 0) {
    diag_report(a->diags, CODE_STALE_TUNE_FILE, entry->layer.span,
                "`%s` (line %d) is another by now: %s", layer->name, layer->line, now);
    advise(a->diags);
    return;
  }
  for (int use = 0; use < USES; use++) {
    enum algorithm algorithm = entry->chosen.of[use];
    if (algorithm == ALGORITHM_ANY)
      continue;
    if (!algorithm_serves(layer, (enum algorithm_use)use, algorithm)) {
      diag_report(a->diags, CODE_BAD_TUNE_FILE, entry->spans[use],
                  "`%s` is nothing that `%s` of `%s` can be computed by",
                  algorithm_table[algorithm].name, use_table[use].name, layer->name);
      continue;
    }
    if (use == USE_INFERENCE || a->training)
      layer->tuned.of[use] = algorithm;
  }
}

/* Layers that have a product or a convolution, of which the file says nothing. */
static void find_missing(const struct applying *a)
{
  const struct section *const sections[] = {&a->model->encoder, &a->model->decoder};
  for (int s = 0; s < 2; s++)
    for (int i = 0; i < sections[s]->count; i++) {
      const struct layer *layer = &sections[s]->layers[i];
      bool chosen = algorithm_chooser(layer, USE_FORWARD) > CHOSEN_BY_MEASUREMENT;
      bool there = chosen || !layer_multiplies(layer);
      for (int k = 0; k < a->content->count && !there; k++)
        there = strcmp(a->content->entries[k].name.text, layer->name) == 0;
      if (there)
        continue;
      diag_report(a->diags, CODE_STALE_TUNE_FILE, (struct span){0},
                  "nothing was measured of `%s` (line %d)", layer->name, layer->line);
      advise(a->diags);
    }
}

bool tune_apply(struct mem *mem, struct model *model, const struct tune_conditions *here,
                const struct source *source, struct diags *diags)
{
  struct tune_content content;
  if (!tune_read(mem, source, &content, diags))
    return false;
  struct applying a = {mem, model, &content, diags, .training = false};
  if (!check_conditions(&a, here))
    return true;
  for (int i = 0; i < content.count; i++)
    apply_entry(&a, &content.entries[i]);
  find_missing(&a);
  return diags->errors == 0;
}
