#include "tune_report.h"
#include "text.h"
#include <jansson.h>

static const char *name_of(const struct tune_row *row, int candidate)
{
  return algorithm_table[row->candidates[candidate]].name;
}

static double median_of(const struct tune_row *row, int candidate, int rounds)
{
  return tune_median(row->seconds[candidate], rounds);
}

const char *tune_times(struct mem *mem, const struct tune_row *row, int rounds)
{
  struct text text = {.mem = mem};
  text_printf(&text, "us:");
  for (int k = 0; k < row->count; k++)
    text_printf(&text, "%s %s %.1f", k > 0 ? "," : "", name_of(row, k),
                1e6 * median_of(row, k, rounds));
  return text.data;
}

/* ---- For people ---- */

static const char *cell(struct mem *mem, const struct tune_row *row, int candidate, int rounds)
{
  return mem_printf(mem, "%s %.1f", name_of(row, candidate),
                    1e6 * median_of(row, candidate, rounds));
}

static const char *others(struct mem *mem, const struct tune_row *row, int rounds)
{
  struct text text = {.mem = mem};
  text_printf(&text, "%s", "");
  for (int k = 1; k < row->count; k++) {
    const struct tune_ratio ratio = tune_ratio(row->seconds[k], row->seconds[0], rounds);
    text_printf(&text, "%s%s (%.2f +- %.2f)", k > 1 ? ", " : "", cell(mem, row, k, rounds),
                ratio.median, ratio.noise);
  }
  return text.data;
}

static void print_whole(FILE *out, const struct tune_whole *whole, const char *what)
{
  if (!whole->differs) {
    fprintf(out, "  %s: the cost model's choices are the best\n", what);
    return;
  }
  fprintf(out, "  %s: %.1f us with the cost model's choices; with these %.3f +- %.3f of it%s\n",
          what, 1e6 * whole->before, whole->ratio.median, whole->ratio.noise,
          whole->kept ? "" : ": slower, so the cost model's stay");
}

void tune_print(FILE *out, struct mem *mem, const struct tune_result *result)
{
  const struct tune_conditions *c = result->conditions;
  const int rounds = result->rounds;
  fprintf(out, "%s: %s, batches of %d, %d threads, target %s, on %s; %d builds, %d rounds\n\n",
          result->model->name, result->model->float64 ? "float64" : "float32",
          result->model->training.batch, c->threads, c->target, c->processor, result->builds,
          rounds);
  int layer = 5, first = 14, other = 5;
  for (int i = 0; i < result->count; i++) {
    layer = text_column(layer, result->rows[i].layer->name);
    first = text_column(first, cell(mem, &result->rows[i], 0, rounds));
    other = text_column(other, others(mem, &result->rows[i], rounds));
  }
  fprintf(out, "%-*s %4s %-9s %-*s %-*s chosen\n", layer, "layer", "line", "use", first,
          "cost model, us", other, "others, us (share of it)");
  for (int i = 0; i < result->count; i++) {
    const struct tune_row *row = &result->rows[i];
    fprintf(out, "%-*s %4d %-9s %-*s %-*s %s%s\n", layer, row->layer->name, row->layer->line,
            use_table[row->use].name, first, cell(mem, row, 0, rounds), other,
            others(mem, row, rounds), name_of(row, row->chosen), row->chosen != 0 ? " *" : "");
  }
  fprintf(out, "\n");
  print_whole(out, &result->wholes[WHOLE_TRAINING], "a training step");
  print_whole(out, &result->wholes[WHOLE_INFERENCE], "one image encoded and decoded");
  fprintf(out, "  kept in %s\n", result->file);
}

/* ---- For programs ---- */

static json_t *row_json(const struct tune_row *row, int rounds)
{
  json_t *times = json_object();
  for (int k = 0; k < row->count; k++) {
    const struct tune_ratio ratio = tune_ratio(row->seconds[k], row->seconds[0], rounds);
    json_object_set_new(times, name_of(row, k),
                        json_pack("{s:f, s:f, s:f}", "seconds", median_of(row, k, rounds), "ratio",
                                  ratio.median, "noise", ratio.noise));
  }
  return json_pack("{s:s, s:i, s:s, s:s, s:s, s:o}", "layer", row->layer->name, "line",
                   row->layer->line, "use", use_table[row->use].name, "cost_model", name_of(row, 0),
                   "chosen", name_of(row, row->chosen), "measured", times);
}

static json_t *whole_json(const struct tune_whole *whole)
{
  if (!whole->differs)
    return json_null();
  return json_pack("{s:f, s:f, s:f, s:b}", "cost_model_seconds", whole->before, "ratio",
                   whole->ratio.median, "noise", whole->ratio.noise, "kept", whole->kept);
}

bool tune_json(FILE *out, const struct tune_result *result)
{
  const struct tune_conditions *c = result->conditions;
  json_t *rows = json_array();
  for (int i = 0; i < result->count; i++)
    json_array_append_new(rows, row_json(&result->rows[i], result->rounds));
  json_t *all =
      json_pack("{s:s, s:s, s:i, s:i, s:s, s:s, s:i, s:o, s:o, s:o, s:s}", "model",
                result->model->name, "precision", result->model->float64 ? "float64" : "float32",
                "batch", result->model->training.batch, "threads", c->threads, "target", c->target,
                "processor", c->processor, "rounds", result->rounds, "choices", rows, "training",
                whole_json(&result->wholes[WHOLE_TRAINING]), "inference",
                whole_json(&result->wholes[WHOLE_INFERENCE]), "file", result->file);
  bool done = all != NULL && json_dumpf(all, out, JSON_COMPACT) == 0;
  json_decref(all);
  fprintf(out, "\n");
  return done;
}
