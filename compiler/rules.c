#include "rules.h"
#include "algorithm.h"
#include "forms.h"
#include "lower.h"
#include "model.h"
#include "shapes.h"
#include <limits.h>
#include <math.h>
#include <string.h>

/* The vocabulary of layers.def and settings.def. */
#define POSITIONAL(label, type_of, about, ...)                                                     \
  {                                                                                                \
    .name = label, .type = TYPE_##type_of, .help = about, .positional = true, __VA_ARGS__          \
  }
#define NAMED(label, type_of, about, ...)                                                          \
  {                                                                                                \
    .name = label, .type = TYPE_##type_of, .help = about, __VA_ARGS__                              \
  }
/* How something is computed, not what: it is no part of what makes a model the model it is. */
#define ALGORITHM_OF(what)                                                                         \
  {                                                                                                \
    .name = "algorithm", .type = TYPE_CHOICE,                                                      \
    .help = "how it is computed; `auto`: as `lathe tune` found, else what should be the fastest",  \
    .manner = true, DEFAULT_WORD("auto", ALGORITHM_ANY), .choices = what##_algorithms,             \
    .explain = algorithm_help                                                                      \
  }
#define NONE                                                                                       \
  {                                                                                                \
    .name = NULL                                                                                   \
  }
#define KEEPS_ORDER .keeps_order = true
#define OWN_ORDER .keeps_order = false
#define HOLDS_LAYERS .holds_layers = true
#define IS_HEAD .head = true
#define REQUIRED .required = true
#define OPTIONAL .required = false
#define REQUIRED_EVEN_ALONE .required = true, .even_alone = true
#define OPTIONAL_EVEN_ALONE .required = false, .even_alone = true
#define SPELT(x) #x
#define DEFAULT(x) .initial = x, .initial_text = SPELT(x)
#define DEFAULT_WORD(word, x) .initial = x, .initial_text = word
#define DEFAULT_SIDES(x) .initial = x, .initial_high = x, .initial_text = SPELT(x)
#define DEFAULT_RANGE(low, high)                                                                   \
  .initial = low, .initial_high = high, .initial_text = "[" SPELT(low) ", " SPELT(high) "]"
#define WORDS(...)                                                                                 \
  .choices = (const struct choice[])                                                               \
  {                                                                                                \
    __VA_ARGS__,                                                                                   \
    {                                                                                              \
      NULL, 0                                                                                      \
    }                                                                                              \
  }
#define SWITCHED_ON DEFAULT_WORD("on", true), WORDS({"on", true}, {"off", false})
#define ANY .lo = -INFINITY, .hi = INFINITY
#define BETWEEN(low, high) .lo = low, .hi = high
#define FROM(low) .lo = low, .hi = INT_MAX
#define COUNT .lo = 1, .hi = INT_MAX
#define AT_LEAST(low) .lo = low, .hi = INFINITY
#define ABOVE(low) .lo = low, .hi = INFINITY, .above = true
#define ABOVE_UP_TO(low, high) .lo = low, .hi = high, .above = true
/* Said by being there alone. */
#define FLAG(label, about, ...)                                                                    \
  {                                                                                                \
    .name = label, .type = TYPE_FLAG, .help = about, ANY, __VA_ARGS__                              \
  }
#define FRACTION .lo = 0, .hi = 1, .below = true
#define STORE(member)                                                                              \
  .offset = offsetof(struct model, member), .size = sizeof(((struct model *)NULL)->member)
#define ONE_OF(label, value, member)                                                               \
  .group = label, .kind = value, .group_offset = offsetof(struct model, member)
#define DEFAULT_OF(label, value, member) ONE_OF(label, value, member), .group_default = true

#define AUTO                                                                                       \
  {                                                                                                \
    "auto", ALGORITHM_ANY                                                                          \
  }
#define NO_MORE                                                                                    \
  {                                                                                                \
    NULL, 0                                                                                        \
  }
#define IF_YES(...) __VA_ARGS__
#define IF_NO(...)
/* clang-format off */
static const struct choice vectors_algorithms[] = {
  AUTO,
#define ALGORITHM(id, name, linear, convolution, vectors, ...) IF_##vectors({#name, ALGORITHM_##id},)
#include "algorithms.def"
#undef ALGORITHM
  NO_MORE
};
static const struct choice series_algorithms[] = {
  AUTO,
#define ALGORITHM(id, name, linear, convolution, vectors, series, ...) IF_##series({#name, ALGORITHM_##id},)
#include "algorithms.def"
#undef ALGORITHM
  NO_MORE
};
static const struct choice images_algorithms[] = {
  AUTO,
#define ALGORITHM(id, name, linear, convolution, vectors, series, images, ...) IF_##images({#name, ALGORITHM_##id},)
#include "algorithms.def"
#undef ALGORITHM
  NO_MORE
};
/* clang-format on */

static const struct rule rules[] = {
#define SETTING(in, label, grouping, about, ...)                                                   \
  {.set = RULES_##in, .name = label, .help = about, grouping, .attributes = {__VA_ARGS__}},
#include "settings.def"
#define LAYER(which, label, shape_rule, lowering, order, about, ...)                               \
  {.set = RULES_LAYER,                                                                             \
   .kind = LAYER_##which,                                                                          \
   .name = label,                                                                                  \
   .shape = shape_rule,                                                                            \
   .lower = lowering,                                                                              \
   order,                                                                                          \
   .help = about,                                                                                  \
   .attributes = {__VA_ARGS__}},
#include "layers.def"
};

static const struct section_rule sections[] = {
#define SECTION(label, holds, needed, about)                                                       \
  {.name = label, .set = RULES_##holds, .required = needed, .help = about},
#include "settings.def"
};

const struct rule *rule_at(int index)
{
  int count = (int)(sizeof rules / sizeof *rules);
  return index >= 0 && index < count ? &rules[index] : NULL;
}

const struct section_rule *section_rule_at(int index)
{
  int count = (int)(sizeof sections / sizeof *sections);
  return index >= 0 && index < count ? &sections[index] : NULL;
}

const struct rule *rule_find(enum rule_set set, const char *name)
{
  const struct rule *rule;
  for (int i = 0; (rule = rule_at(i)) != NULL; i++)
    if (rule->set == set && strcmp(rule->name, name) == 0)
      return rule;
  return NULL;
}

const struct section_rule *section_rule_find(const char *name)
{
  const struct section_rule *section;
  for (int i = 0; (section = section_rule_at(i)) != NULL; i++)
    if (strcmp(section->name, name) == 0)
      return section;
  return NULL;
}

bool rule_is_name(const char *name)
{
  for (int i = 0; rule_at(i) != NULL; i++)
    if (strcmp(rule_at(i)->name, name) == 0)
      return true;
  return section_rule_find(name) != NULL || form_find(name) != NULL;
}

bool rule_is_attribute(const char *name)
{
  for (int i = 0; rule_at(i) != NULL; i++) {
    int index = rule_attribute(rule_at(i), name);
    if (index >= 0 && !rule_at(i)->attributes[index].positional)
      return true;
  }
  return false;
}

int rule_attribute(const struct rule *rule, const char *name)
{
  for (int i = 0; rule->attributes[i].name != NULL; i++)
    if (strcmp(rule->attributes[i].name, name) == 0)
      return i;
  return -1;
}

/* " from 1 to 9", " above 0": the range of a number. */
static void range_words(const struct attribute *a, char *text, size_t size)
{
  const char *from = a->above ? "above" : isinf(a->hi) ? "of at least" : "from";
  const char *to = a->below ? "to below" : a->above ? "and at most" : "to";
  if (isinf(a->lo))
    *text = '\0';
  else if (isinf(a->hi))
    snprintf(text, size, " %s %.16g", from, a->lo);
  else
    snprintf(text, size, " %s %.16g %s %.16g", from, a->lo, to, a->hi);
}

static void choice_words(const struct attribute *a, char *text, size_t size)
{
  size_t used = 0;
  *text = '\0';
  for (const struct choice *c = a->choices; c != NULL && c->word != NULL && used < size; c++) {
    const char *before = c == a->choices ? "" : c[1].word == NULL ? " or " : ", ";
    used += (size_t)snprintf(text + used, size - used, "%s`%s`", before, c->word);
  }
}

const char *attribute_takes(const struct attribute *a, char *text, size_t size)
{
  char range[96], words[128];
  range_words(a, range, sizeof range);
  switch (a->type) {
  case TYPE_INT:
    snprintf(text, size, "an integer%s", range);
    break;
  case TYPE_SIDES:
    snprintf(text, size, "an integer%s, or two like [3, 5]", range);
    break;
  case TYPE_REAL:
    choice_words(a, words, sizeof words);
    snprintf(text, size, "a number%s%s%s", range, words[0] != '\0' ? ", " : "", words);
    break;
  case TYPE_SHAPE:
    snprintf(text, size, "a shape like [784], [2, 128] or [1, 28, 28]");
    break;
  case TYPE_SIZE:
    snprintf(text, size, "an integer%s, or a shape like [128, 7, 7]", range);
    break;
  case TYPE_LENGTH:
    snprintf(text, size, "a length like [20],%s", range);
    break;
  case TYPE_RANGE:
    snprintf(text, size, "a range like [0, 1]%s%s", *range ? "," : "", range);
    break;
  case TYPE_CHOICE:
    choice_words(a, text, size);
    break;
  case TYPE_NAME:
    snprintf(text, size, "a name");
    break;
  case TYPE_NUMBERS:
    snprintf(text, size, "a number%s, or several like [0.5, 0.4]", range);
    break;
  case TYPE_FLAG:
    snprintf(text, size, "nothing");
    break;
  }
  return text;
}
