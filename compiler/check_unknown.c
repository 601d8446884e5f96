/* Words that the language does not have where they stand: what could have been meant by them. */
#include "check_statement.h"
#include "expand_parts.h"
#include "forms.h"
#include "scope.h"
#include "suggest.h"
#include "synonyms.h"
#include "text.h"
#include <string.h>

/* The section or sections in which a statement of that name may stand, in words; NULL when there
 * is none. */
static const char *where_allowed(const char *name)
{
  const struct section_rule *section;
  if (rule_find(RULES_MODEL, name) != NULL || section_rule_find(name) != NULL)
    return "`model`";
  if (rule_find(RULES_LAYER, name) != NULL)
    return "`encoder` and `decoder`";
  for (int i = 0; (section = section_rule_at(i)) != NULL; i++)
    if (rule_find(section->set, name) != NULL)
      return section->set == RULES_LOSS      ? "`loss`"
             : section->set == RULES_MIXTURE ? "`mixture`"
                                             : "`train`";
  return NULL;
}

/* Whether a statement, section or form of that name may stand in a block of `set`. */
static bool may_stand(enum rule_set set, const char *name)
{
  return rule_find(set, name) != NULL || form_find(name) != NULL ||
         (set == RULES_MODEL && section_rule_find(name) != NULL);
}

/* Says what the language calls what other programs call so; false when that is not known here. */
static bool offer_synonym(struct checker *checker, const char *name, bool fits,
                          const struct synonym *synonym)
{
  const char *allowed = fits ? NULL : where_allowed(synonym->ours);
  if (!fits && allowed == NULL && *synonym->note == '\0')
    return false;
  if (fits)
    diag_suggest(checker->diags, synonym->ours);
  if (*synonym->note != '\0')
    diag_help(checker->diags, "%s", synonym->note);
  else if (allowed != NULL)
    diag_help(checker->diags, "`%s` is called `%s`, which belongs in %s", name, synonym->ours,
              allowed);
  return true;
}

/* Whether a statement of `set` has an attribute of that name. */
static bool has_attribute(enum rule_set set, const char *name)
{
  const struct rule *rule;
  for (int i = 0; (rule = rule_at(i)) != NULL; i++)
    if (rule->set == set && rule_attribute(rule, name) >= 0)
      return true;
  return false;
}

/* Advice where the name is that of an attribute: the statements of `set` that have it. */
static bool offer_owners(struct checker *checker, const char *name, enum rule_set set)
{
  struct text owners = {.mem = checker->mem};
  const struct rule *rule, *first = NULL;
  for (int i = 0; (rule = rule_at(i)) != NULL; i++) {
    int attribute = rule->set == set ? rule_attribute(rule, name) : -1;
    if (attribute < 0 || rule->attributes[attribute].positional)
      continue;
    text_printf(&owners, "%s`%s`", first == NULL ? "" : ", ", rule->name);
    first = first == NULL ? rule : first;
  }
  if (first == NULL)
    return false;
  diag_help(checker->diags, "`%s` is an attribute, and stands behind a comma in %s", name,
            owners.data);
  return true;
}

/* The nearest of the names that may stand in a block of `set`, and all of them in words. */
static const char *nearest(const struct ast_node *node, enum rule_set set, struct text *all)
{
  struct suggestion near = {.word = node->name.text};
  const struct rule *rule;
  const struct section_rule *section;
  for (int i = 0; (rule = rule_at(i)) != NULL; i++)
    if (rule->set == set) {
      suggest(&near, rule->name);
      text_printf(all, "%s%s", all->length > 0 ? ", " : "", rule->name);
    }
  if (set == RULES_LAYER)
    scope_suggest_blocks(node->scope, &near);
  enum where where = set == RULES_MODEL ? IN_MODEL : set == RULES_LAYER ? IN_LAYERS : IN_SETTINGS;
  const struct form *form;
  for (int i = 0; (form = form_at(i)) != NULL; i++)
    if ((form->places & 1U << where) != 0)
      suggest(&near, form->name);
  for (int i = 0; set == RULES_MODEL && (section = section_rule_at(i)) != NULL; i++) {
    suggest(&near, section->name);
    text_printf(all, ", %s", section->name);
  }
  return near.best;
}

/* Whether it was met before at the same place of the text, in another round or use of it: there is
 * nothing more to say, and names that are near need not be looked for thousands of times. */
static bool met_before(struct checker *checker, struct span span)
{
  if (span.in == NULL)
    return false;
  for (int i = 0; i < checker->unknown_count; i++)
    if (checker->unknown[i] == span.begin)
      return true;
  checker->unknown = mem_grow(checker->mem, checker->unknown, &checker->unknown_capacity,
                              checker->unknown_count + 1, sizeof *checker->unknown);
  checker->unknown[checker->unknown_count++] = span.begin;
  return false;
}

void unknown_statement(struct checker *checker, const struct ast_node *node, enum rule_set set,
                       const char *place)
{
  if (met_before(checker, node->name.span))
    return;
  const char *name = node->name.text, *allowed = where_allowed(name);
  const char *what = set == RULES_LAYER   ? "layer"
                     : set != RULES_MODEL ? "setting"
                     : node->block        ? "section"
                                          : "statement";
  struct text all = {.mem = checker->mem};
  const char *near = nearest(node, set, &all);
  const struct synonym *synonym = synonym_find(name);
  bool strange =
      allowed == NULL && synonym == NULL && (near == NULL || edit_distance(name, near) > 1);
  if (set == RULES_LAYER && strange && checker->incomplete)
    return; /* what was lost may have been a block of that name */
  if (checker->incomplete && near != NULL && strcmp(near, "let") == 0)
    return; /* which was reported */
  diag_report(checker->diags, CODE_UNKNOWN_WORD, node->name.span, "unknown %s `%s`", what,
              quoted(checker, node->name.span));
  if (allowed != NULL) {
    diag_help(checker->diags, "`%s` belongs in %s, not in `%s`", name, allowed, place);
    checker->listed |= 1U << set;
    return;
  }
  bool fits = synonym != NULL && may_stand(set, synonym->ours);
  bool concerns = fits || (synonym != NULL && (where_allowed(synonym->ours) != NULL ||
                                               has_attribute(set, synonym->ours)));
  if ((concerns && offer_synonym(checker, name, fits, synonym)) || offer_owners(checker, name, set))
    return;
  if (near != NULL) {
    diag_suggest(checker->diags, near);
    checker->defaults_lost = checker->defaults_lost || strcmp(near, "defaults") == 0;
    return;
  }
  if ((checker->listed & 1U << set) == 0)
    diag_help(checker->diags, "known are %s", all.data);
  checker->listed |= 1U << set;
}

void unknown_attribute(struct checker *checker, const struct ast_attribute *written,
                       const struct rule *rule)
{
  const char *name = written->name.text;
  const struct synonym *synonym = synonym_find(name);
  int ours = synonym == NULL ? -1 : rule_attribute(rule, synonym->ours);
  struct suggestion near = {.word = name};
  for (int i = 0; rule->attributes[i].name != NULL; i++)
    if (!rule->attributes[i].positional)
      suggest(&near, rule->attributes[i].name);
  diag_report(checker->diags, CODE_UNKNOWN_ATTRIBUTE, written->name.span,
              "`%s` has no attribute `%s`", rule->name, quoted(checker, written->name.span));
  if (synonym != NULL && (ours >= 0 || rule->set == RULES_LAYER) &&
      offer_synonym(checker, name, ours >= 0 && !rule->attributes[ours].positional, synonym))
    return;
  diag_suggest(checker->diags, near.best);
  if (near.best != NULL)
    return;
  if (rule->set != RULES_LAYER && may_stand(rule->set, name))
    diag_help(checker->diags, "`%s` is a statement of its own: put `;` before it, not a comma",
              name);
  else
    help_usage(checker, rule);
}
