/* What settings differ between two models. */
#include "diff_parts.h"
#include "text.h"
#include <string.h>

static const char *numbers_text(struct mem *mem, const struct numbers *numbers)
{
  struct text text = {.mem = mem};
  for (int i = 0; i < numbers->count; i++)
    text_printf(&text, "%s%.9g", i > 0 ? ", " : "[", numbers->several[i]);
  return numbers->count == 0 ? mem_printf(mem, "%.9g", numbers->one)
                             : mem_printf(mem, "%s]", text.data);
}

/* The number, or choice, that a setting's attribute has in the model. */
static double value_number(const struct model *model, const struct attribute *a)
{
  const char *member = (const char *)model + a->offset;
  double number;
  if (a->type == TYPE_REAL || a->type == TYPE_NUMBERS) /* of several, the one is 0 */
    memcpy(&number, member, sizeof number);
  else if (a->size == sizeof(bool))
    number = *member;
  else if (a->size == sizeof(uint64_t))
    number = (double)*(const uint64_t *)(const void *)member;
  else
    number = *(const int *)(const void *)member;
  return number;
}

/* A member of the model as the language writes it; NULL when nothing is said of it. */
static const char *value_text(struct mem *mem, const struct model *model, const struct attribute *a)
{
  const char *member = (const char *)model + a->offset;
  if (a->type == TYPE_NAME)
    return *(const char *const *)(const void *)member;
  if (a->type == TYPE_SHAPE)
    return shape_text(mem, (const struct shape *)(const void *)member);
  if (a->type == TYPE_RANGE) {
    double range[2];
    memcpy(range, member, sizeof range);
    return mem_printf(mem, "[%.9g, %.9g]", range[0], range[1]);
  }
  if (a->type == TYPE_NUMBERS)
    return numbers_text(mem, (const struct numbers *)(const void *)member);
  double number = value_number(model, a);
  if (a->type == TYPE_FLAG)
    return number != 0 ? "" : NULL;
  for (const struct choice *c = a->choices; c != NULL && c->word != NULL; c++)
    if ((double)c->value == number)
      return c->word;
  if ((number < a->lo || (a->above && number == a->lo)) && a->initial_text != NULL)
    return a->positional ? a->initial_text : NULL; /* nothing is said of it */
  return mem_printf(mem, a->type == TYPE_LENGTH ? "[%.17g]" : "%.9g", number);
}

/* Whether a setting holds: of a group only the one that was chosen does. */
static bool holds(const struct model *model, const struct rule *rule)
{
  return rule->group == NULL ||
         *(const int *)(const void *)((const char *)model + rule->group_offset) == rule->kind;
}

static bool same_text(const char *a, const char *b)
{
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Whether a setting says nothing by this attribute that would not hold without it. */
static bool is_default(const struct model *model, const struct attribute *a)
{
  if (a->type == TYPE_NAME || a->type == TYPE_SHAPE || a->type == TYPE_RANGE)
    return false;
  if (a->type == TYPE_NUMBERS &&
      ((const struct numbers *)(const void *)((const char *)model + a->offset))->count > 0)
    return false;
  return value_number(model, a) == a->initial;
}

/* A setting as it could be written, "adam 0.0009, beta1 0.8": what it is about, and what is not the
 * same in `other`, or where another of the group holds there, not the default. */
static const char *setting_text(struct mem *mem, const struct model *model, const struct rule *rule,
                                const struct model *other)
{
  struct text text = {.mem = mem};
  text_printf(&text, "%s", rule->name);
  for (const struct attribute *a = rule->attributes; a->name != NULL; a++) {
    const char *value = value_text(mem, model, a);
    bool told = a->positional || (holds(other, rule) ? !same_text(value, value_text(mem, other, a))
                                                     : !is_default(model, a));
    if (value != NULL && told)
      text_printf(&text, "%s%s%s%s", a->positional ? "" : ", ", a->positional ? "" : a->name,
                  *value != '\0' ? " " : "", value);
  }
  return text.data;
}

static const char *section_of(const struct rule *rule)
{
  const struct section_rule *section;
  for (int i = 0; (section = section_rule_at(i)) != NULL; i++)
    if (section->set == rule->set)
      return section->name;
  return "model";
}

/* The text of the setting in the place of `rule`: itself, or the one of its group that holds. */
static const char *counterpart(struct mem *mem, const struct model *model, const struct rule *rule,
                               const struct model *other_model)
{
  const struct rule *other;
  for (int i = 0; (other = rule_at(i)) != NULL; i++)
    if (other->set == rule->set && holds(model, other) &&
        (other == rule ||
         (rule->group != NULL && other->group != NULL && strcmp(other->group, rule->group) == 0)))
      return setting_text(mem, model, other, other_model);
  return "";
}

bool setting_changed(struct mem *mem, const struct model *a, const struct model *b, int i,
                     struct setting_change *change)
{
  const struct rule *rule = rule_at(i);
  if (rule->set == RULES_LAYER || !holds(a, rule))
    return false;
  *change =
      (struct setting_change){section_of(rule), rule->group != NULL ? rule->group : rule->name,
                              setting_text(mem, a, rule, b), counterpart(mem, b, rule, a)};
  return strcmp(change->a, change->b) != 0;
}
