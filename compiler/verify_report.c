#include "verify_parts.h"
#include <jansson.h>
#include <math.h>
#include <string.h>

enum { MOST_ERRORS = 12 };

/* What a check is called in the table. */
static const char *title(struct mem *mem, const struct finding *finding)
{
  static const struct {
    const char *check, *title;
  } titles[] = {
      {"emission", "second emission"},          {"plain", "fast against plain code"},
      {"precision", "float32 against float64"}, {"gradients", "finite differences"},
      {"optimiser", "optimiser's definition"},  {"em", "EM's definition"},
      {"threads", "threads: the same bits"},    {"memory", "memory: the same bits"},
  };
  const char *words = finding->check;
  for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
    if (strcmp(titles[i].check, finding->check) == 0)
      words = titles[i].title;
  if (strcmp(finding->check, "precision") == 0)
    return words;
  return mem_printf(mem, "%s, %s", words, finding->precision);
}

static const char *error_text(struct mem *mem, double error)
{
  return isnan(error) ? "-" : mem_printf(mem, error == 0 ? "0" : "%.1e", error);
}

/* A value that a step computes on its way: many, of interest when one is wrong. */
static bool on_the_way(const struct finding *f)
{
  static const char *const prefixes[] = {"activation.", "gradient.activation.", "loss.image."};
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
    if (strncmp(f->item, prefixes[i], strlen(prefixes[i])) == 0)
      return finding_good(f);
  return false;
}

static bool same_check(const struct finding *a, const struct finding *b)
{
  return strcmp(a->check, b->check) == 0 && strcmp(a->precision, b->precision) == 0;
}

/* One finding for all of `like`'s check that are on the way: the worst of them. */
static struct finding gather(const struct findings *findings, const struct finding *like)
{
  struct finding all = *like;
  int count = 0;
  for (int i = 0; i < findings->count; i++) {
    const struct finding *f = &findings->items[i];
    if (!same_check(f, like) || !on_the_way(f))
      continue;
    count++;
    double ulp = f->ulp > all.ulp ? f->ulp : all.ulp;
    if (f->error * all.tolerance > all.error * f->tolerance)
      all = *f;
    all.ulp = ulp;
  }
  all.item = mem_printf(findings->mem, "%d values on the way", count);
  return all;
}

static void print_row(FILE *out, const struct findings *findings, int i)
{
  const struct finding *f = &findings->items[i];
  struct mem *mem = findings->mem;
  struct finding gathered;
  bool first = i == 0 || !same_check(&findings->items[i - 1], f);
  if (on_the_way(f)) {
    for (int k = 0; k < i; k++)
      if (same_check(&findings->items[k], f) && on_the_way(&findings->items[k]))
        return; /* in the row that was printed for all */
    gathered = gather(findings, f);
    f = &gathered;
  }
  if (i == 0)
    fprintf(out, "%-33s %-30s %11s %9s\n", "Check", "Tensor, value or deed", "Worst error",
            "Tolerance");
  fprintf(out, "%-33s %-30s %11s %9s  %s", first ? title(mem, f) : "", f->item,
          error_text(mem, f->error), error_text(mem, f->tolerance),
          finding_good(f) ? "ok" : "FAILED");
  if (f->ulp > 0)
    fprintf(out, ", %.1f ULP", f->ulp);
  if (!finding_good(f) && f->layer != NULL)
    fprintf(out, ", %s (line %d)", f->layer->name, f->layer->line);
  if (f->detail[0] != '\0' && (!finding_good(f) || strncmp(f->detail, "ill-", 4) == 0))
    fprintf(out, ", %s", f->detail);
  fprintf(out, "\n");
}

static json_t *json_number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

static void print_json(FILE *out, json_t *json)
{
  json_dumpf(json, out, JSON_COMPACT | JSON_REAL_PRECISION(10));
  json_decref(json);
  fprintf(out, "\n");
}

static void print_finding_json(FILE *out, const struct finding *f)
{
  json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:b}", "check", f->check,
                           "precision", f->precision, "item", f->item, "error",
                           json_number(f->error), "tolerance", json_number(f->tolerance), "ulp",
                           json_number(f->ulp), "detail", f->detail, "ok", finding_good(f));
  if (f->layer != NULL) {
    json_object_set_new(json, "layer", json_string(f->layer->name));
    json_object_set_new(json, "line", json_integer(f->layer->line));
  }
  print_json(out, json);
}

void report_findings(FILE *out, struct findings *findings, bool json)
{
  for (; findings->printed < findings->count; findings->printed++) {
    if (json)
      print_finding_json(out, &findings->items[findings->printed]);
    else
      print_row(out, findings, findings->printed);
  }
  fflush(out);
}

static void print_error(FILE *out, const struct findings *findings, const struct finding *f)
{
  fprintf(out, "%s:", f->layer != NULL ? f->layer->path : findings->model->file);
  if (f->layer != NULL)
    fprintf(out, "%d: error: %s (`%s`): ", f->layer->line, f->layer->name, f->layer->text);
  else
    fprintf(out, " error: ");
  fprintf(out, "%s: ", title(findings->mem, f));
  if (isnan(f->error) || f->tolerance == 0)
    fprintf(out, "%s", f->item);
  else
    fprintf(out, "%s is off by %.2e, tolerance %.1e", f->item, f->error, f->tolerance);
  fprintf(out, f->detail[0] != '\0' ? " (%s)\n" : "\n", f->detail);
}

bool report_end(FILE *out, FILE *errors, const struct findings *findings, bool json)
{
  int failed = 0;
  for (int i = 0; i < findings->count; i++)
    if (!finding_good(&findings->items[i]) && ++failed <= MOST_ERRORS)
      print_error(errors, findings, &findings->items[i]);
  if (failed > MOST_ERRORS)
    fprintf(errors, "%s: %d more are out of tolerance\n", findings->model->file,
            failed - MOST_ERRORS);
  if (json)
    print_json(out, json_pack("{s:s, s:i, s:i}", "model", findings->model->name, "checks",
                              findings->count, "failed", failed));
  else if (failed == 0)
    fprintf(out, "\n%s: %d checks, all within tolerance\n", findings->model->name, findings->count);
  else
    fprintf(out, "\n%s: %d checks, %d OUT OF TOLERANCE\n", findings->model->name, findings->count,
            failed);
  return failed == 0;
}
