#include "verify_parts.h"
#include <jansson.h>
#include <math.h>
#include <string.h>

bool finding_good(const struct finding *finding)
{
  return finding->error <= finding->tolerance;
}

/* How bad it is: above 1 is too bad. */
static double badness(const struct finding *finding)
{
  if (isnan(finding->error))
    return INFINITY;
  if (finding->error == 0)
    return 0;
  return finding->error / finding->tolerance;
}

void findings_add(struct findings *findings, struct finding finding)
{
  for (int i = 0; i < findings->count; i++) {
    struct finding *old = &findings->items[i];
    if (strcmp(old->check, finding.check) != 0 || strcmp(old->item, finding.item) != 0 ||
        strcmp(old->precision, finding.precision) != 0)
      continue;
    double ulp = fmax(old->ulp, finding.ulp);
    if (badness(&finding) > badness(old))
      *old = finding;
    old->ulp = ulp;
    old->layer = finding_layer(findings->model, finding.item);
    return;
  }
  findings->items = mem_grow(findings->mem, findings->items, &findings->capacity,
                             findings->count + 1, sizeof *findings->items);
  finding.layer = finding_layer(findings->model, finding.item);
  findings->items[findings->count++] = finding;
}

static double number(const json_t *json)
{
  return json_is_number(json) ? json_number_value(json) : NAN;
}

bool findings_add_line(struct findings *findings, const char *line)
{
  const char *check, *precision, *item, *detail;
  json_t *error, *tolerance, *ulp, *json = json_loads(line, 0, NULL);
  bool good = json_unpack(json, "{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "check", &check, "precision",
                          &precision, "item", &item, "detail", &detail, "error", &error,
                          "tolerance", &tolerance, "ulp", &ulp) == 0;
  struct mem *mem = findings->mem;
  if (good)
    findings_add(findings, (struct finding){
                               .check = mem_string(mem, check, strlen(check)),
                               .precision = mem_string(mem, precision, strlen(precision)),
                               .item = mem_string(mem, item, strlen(item)),
                               .detail = mem_string(mem, detail, strlen(detail)),
                               .error = number(error),
                               .tolerance = number(tolerance),
                               .ulp = number(ulp),
                           });
  json_decref(json);
  return good;
}

/* Whether `name` stands in `item` as one or more of the words between its dots. */
static bool has_words(const char *item, const char *name)
{
  size_t length = strlen(name);
  for (const char *at = item; (at = strstr(at, name)) != NULL; at++)
    if ((at == item || at[-1] == '.') && (at[length] == '.' || at[length] == '\0'))
      return true;
  return false;
}

static const struct layer *find_in(const struct section *section, const char *item)
{
  for (int i = 0; i < section->count; i++)
    if (has_words(item, section->layers[i].name))
      return &section->layers[i];
  return NULL;
}

const struct layer *finding_layer(const struct model *model, const char *item)
{
  const struct layer *layer = find_in(&model->encoder, item);
  if (layer == NULL)
    layer = find_in(&model->decoder, item);
  if (layer == NULL &&
      (has_words(item, "mean") || has_words(item, "logvar") || has_words(item, "code")))
    layer = &model->encoder.layers[model->encoder.count - 1]; /* the head */
  return layer;
}
