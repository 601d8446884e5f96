#include "check_statement.h"
#include "suggest.h"
#include "text.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { QUOTED = 40, NAME_MAX_LENGTH = 64, ENOUGH_ERRORS = 10 * DIAG_MAX_ERRORS };

bool given_up(const struct checker *checker)
{
  return checker->diags->errors > ENOUGH_ERRORS;
}

const char *quoted(const struct checker *checker, struct span span)
{
  const char *text = checker->source->text + span.begin;
  const char *end = memchr(text, '\n', (size_t)(span.end - span.begin));
  if (end == NULL)
    return source_text(checker->mem, checker->source, span, QUOTED);
  span.end = span.begin + (int)(end - text);
  return mem_printf(checker->mem, "%s ...",
                    source_text(checker->mem, checker->source, span, QUOTED));
}

void report_twice(struct checker *checker, struct span again, struct span first, const char *what)
{
  diag_report(checker->diags, CODE_GIVEN_TWICE, again, "%s is given twice", what);
  diag_note(checker->diags, first, "the first time here");
}

bool name_check(struct diags *diags, struct ast_word word)
{
  size_t length = strlen(word.text);
  if (length > NAME_MAX_LENGTH)
    diag_report(diags, CODE_BAD_NAME, word.span, "a name has at most %d characters, not %zu",
                NAME_MAX_LENGTH, length);
  else if (strchr(word.text, '+') != NULL)
    diag_report(diags, CODE_BAD_NAME, word.span,
                "a name is made of letters, digits and '_', unlike `%s`", word.text);
  else
    return true;
  return false;
}

const struct ast_node *statement_find(const struct ast_node *block, const char *name)
{
  const struct ast_node *node = block == NULL ? NULL : block->children;
  while (node != NULL && strcmp(node->name.text, name) != 0)
    node = node->next;
  return node;
}

const struct ast_attribute *attribute_find(const struct ast_node *node, const char *name)
{
  const struct ast_attribute *a = node == NULL ? NULL : node->attributes;
  while (a != NULL && strcmp(a->name.text, name) != 0)
    a = a->next;
  return a;
}

bool statement_missing(const struct checker *checker, const struct ast_node *block,
                       const char *name)
{
  if (checker->incomplete || statement_find(block, name) != NULL)
    return false;
  for (const struct ast_node *node = block->children; node != NULL; node = node->next) {
    struct suggestion near = {.word = node->name.text};
    suggest(&near, name);
    if (near.best != NULL && !rule_is_name(node->name.text))
      return false;
  }
  return true;
}

const struct rule *statement_rule(struct checker *checker, const struct ast_node *node,
                                  enum rule_set set, const char *place)
{
  const struct rule *rule = rule_find(set, node->name.text);
  if (rule == NULL) {
    unknown_statement(checker, node, set, place);
    return NULL;
  }
  if (node->block && !rule->holds_layers) {
    diag_report(checker->diags, CODE_MISSING_MARK, span_after(node->head),
                "expected ';' after `%s`, which is not a section", quoted(checker, node->head));
    return NULL;
  }
  if (!node->block && rule->holds_layers) {
    diag_report(checker->diags, CODE_MISSING_MARK, span_after(node->head),
                "expected '{' after `%s`, which holds layers", quoted(checker, node->head));
    return NULL;
  }
  return rule;
}

void given_defaults(struct given *given, const struct rule *rule)
{
  memset(given, 0, sizeof *given);
  given->rule = rule;
  for (int i = 0; rule->attributes[i].name != NULL; i++) {
    given->value[i].number = rule->attributes[i].initial;
    given->value[i].high = rule->attributes[i].initial_high;
  }
}

void help_usage(struct checker *checker, const struct rule *rule)
{
  struct text usage = {.mem = checker->mem};
  FILE *out = text_stream(&usage);
  rule_usage(out, rule);
  fclose(out);
  diag_help(checker->diags, "it is written `%s%s`", usage.data, rule->holds_layers ? "" : ";");
}

/* Reports values beyond those that `before` takes, guessing what was forgotten between them. */
static void report_extra(struct checker *checker, const struct rule *rule,
                         const struct ast_value *extra, struct span before)
{
  const char *after = quoted(checker, before);
  const char *word = extra->kind == VALUE_WORD ? extra->text : "";
  if (rule_attribute(rule, word) >= 0) {
    diag_report(checker->diags, CODE_MISSING_MARK, extra->span, "expected ',' before `%s`", word);
    diag_replace(checker->diags, mem_printf(checker->mem, ", %s", word));
  } else if (rule_is_name(word)) {
    diag_report(checker->diags, CODE_MISSING_MARK, span_after(before), "expected ';' after `%s`",
                after);
  } else {
    diag_report(checker->diags, CODE_EXTRA_VALUE, extra->span, "unexpected `%s` after `%s`",
                quoted(checker, extra->span), after);
    help_usage(checker, rule);
  }
}

/* Reads the values before the first comma. */
static bool read_positional(struct checker *checker, const struct ast_node *node,
                            struct given *given)
{
  const struct rule *rule = given->rule;
  const struct ast_value *value = node->values, *last = NULL;
  bool good = true;
  for (int i = 0; value != NULL && rule->attributes[i].name != NULL; i++) {
    /* A word that names another attribute lacks its comma, and is no value. */
    bool stray = value->kind == VALUE_WORD && value->constant == NULL &&
                 rule->attributes[i].type != TYPE_NAME && rule_attribute(rule, value->text) >= 0 &&
                 rule_attribute(rule, value->text) != i;
    if (!rule->attributes[i].positional || stray)
      break;
    good &= value_read(checker, rule, &rule->attributes[i], value, &given->value[i]);
    last = value;
    value = value->next;
  }
  if (value == NULL)
    return good;
  struct span before = last == NULL ? node->name.span : last->span;
  report_extra(checker, rule, value, before);
  return false;
}

/* What is said by being there, without a value. */
static bool flag_read(struct checker *checker, const struct ast_attribute *written,
                      struct given *given, int i)
{
  struct ast_value *said = mem_alloc(checker->mem, sizeof *said);
  *said = (struct ast_value){.kind = VALUE_NUMBER, .number = 1, .span = written->span};
  given->value[i].at = said;
  given->value[i].number = 1;
  if (written->values == NULL)
    return true;
  report_extra(checker, given->rule, written->values, written->name.span);
  return false;
}

bool attribute_read(struct checker *checker, const struct ast_attribute *written,
                    struct given *given)
{
  const struct rule *rule = given->rule;
  const char *name = written->name.text;
  int i = rule_attribute(rule, name);
  if (i < 0) {
    unknown_attribute(checker, written, rule);
    return false;
  }
  const struct attribute *attribute = &rule->attributes[i];
  if (attribute->positional) {
    diag_report(checker->diags, CODE_NAMED_BY_MISTAKE, written->name.span,
                "`%s` is given by its place, without its name", name);
    help_usage(checker, rule);
    return false;
  }
  if (given->value[i].at != NULL) {
    report_twice(checker, written->span, given->value[i].at->span,
                 mem_printf(checker->mem, "`%s`", name));
    return false;
  }
  if (attribute->type == TYPE_FLAG)
    return flag_read(checker, written, given, i);
  if (written->values == NULL) {
    char takes[256];
    diag_report(checker->diags, CODE_LACKS_VALUE, written->span, "`%s` lacks its value: %s", name,
                attribute_takes(attribute, takes, sizeof takes));
    return false;
  }
  bool good = value_read(checker, rule, attribute, written->values, &given->value[i]);
  if (written->values->next == NULL)
    return good;
  report_extra(checker, rule, written->values->next,
               span_join(written->name.span, written->values->span));
  return false;
}

/* The model's own defaults, where the statement says nothing. */
static void take_defaults(const struct given *defaults, struct given *given)
{
  for (int i = 0; defaults->rule != NULL && defaults->rule->attributes[i].name != NULL; i++)
    if (given->value[i].at == NULL)
      given->value[i] = defaults->value[i];
}

bool statement_read(struct checker *checker, const struct ast_node *node, const struct rule *rule,
                    struct given *given)
{
  given_defaults(given, rule);
  bool good = read_positional(checker, node, given);
  for (const struct ast_attribute *a = node->attributes; a != NULL; a = a->next)
    good &= attribute_read(checker, a, given);
  if (rule->set == RULES_LAYER)
    take_defaults(&checker->defaults[rule->kind], given);
  for (int i = 0; good && rule->attributes[i].name != NULL; i++)
    if (rule->attributes[i].required && given->value[i].at == NULL) {
      char takes[256];
      if (checker->defaults_lost && !rule->attributes[i].positional)
        return false;
      diag_report(checker->diags, CODE_LACKS_VALUE, node->head, "`%s` lacks its %s: %s", rule->name,
                  rule->attributes[i].name,
                  attribute_takes(&rule->attributes[i], takes, sizeof takes));
      help_usage(checker, rule);
      return false;
    }
  return good;
}

/* The shortest decimal that reads back as the same number; exponents without padding. */
static void add_number(struct text *text, double number)
{
  char digits[32];
  if (fabs(number) < 1e15 && number == floor(number)) {
    text_printf(text, "%.0f", number);
    return;
  }
  for (int precision = 1; precision <= 17; precision++) {
    snprintf(digits, sizeof digits, "%.*g", precision, number);
    if (strtod(digits, NULL) == number)
      break;
  }
  char *e = strchr(digits, 'e');
  if (e == NULL) {
    text_printf(text, "%s", digits);
    return;
  }
  text_printf(text, "%.*s%d", (int)(e - digits) + 1, digits, (int)strtol(e + 1, NULL, 10));
}

/* An attribute as it would be written; a name or a choice by its word. */
static void add_value(struct text *text, const struct attribute *attribute,
                      const struct given_value *value)
{
  if (attribute->type == TYPE_SIDES && value->number != value->high) {
    text_printf(text, "[%.0f, %.0f]", value->number, value->high);
  } else if (value->word != NULL) {
    text_printf(text, "%s", value->word);
  } else if (value->shape.rank > 0) {
    text_printf(text, "[");
    for (int i = 0; i < value->shape.rank; i++)
      text_printf(text, "%lld%s", (long long)value->shape.dim[i],
                  i + 1 < value->shape.rank ? ", " : "]");
  } else {
    add_number(text, value->number);
  }
}

const char *statement_text(struct mem *mem, const struct given *given)
{
  const struct rule *rule = given->rule;
  struct text text = {.mem = mem};
  text_printf(&text, "%s", rule->name);
  for (int i = 0; rule->attributes[i].name != NULL; i++) {
    const struct attribute *attribute = &rule->attributes[i];
    const struct given_value *value = &given->value[i];
    bool defaulted =
        value->at == NULL || (!attribute->required && value->number == attribute->initial &&
                              value->high == attribute->initial_high);
    if (defaulted || attribute->manner)
      continue;
    text_printf(&text, attribute->positional ? " " : ", %s", attribute->name);
    if (attribute->type == TYPE_FLAG)
      continue;
    text_printf(&text, attribute->positional ? "" : " ");
    add_value(&text, attribute, value);
  }
  return text.data;
}
