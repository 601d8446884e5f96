/* The tables of rules.h, printed for people: usage lines, `lathe help`, the reference's tables. */
#include "algorithm.h"
#include "diagnostics.h"
#include "forms.h"
#include "rules.h"
#include "suggest.h"
#include "synonyms.h"
#include <ctype.h>
#include <string.h>

/* Prints what stands for an attribute's value: in capitals what must be given, else the default. */
static void print_value(FILE *out, const struct attribute *a)
{
  const char *name = a->positional ? a->name : "n";
  if (!a->required) {
    fputs(a->initial_text, out);
    return;
  }
  fputs(a->type == TYPE_LENGTH ? "[" : "", out);
  for (const char *c = name; *c != '\0'; c++)
    fputc(toupper((unsigned char)*c), out);
  fputs(a->type == TYPE_LENGTH ? "]" : "", out);
}

void rule_usage(FILE *out, const struct rule *rule)
{
  fputs(rule->name, out);
  for (const struct attribute *a = rule->attributes; a->name != NULL; a++) {
    if (a->type == TYPE_FLAG) {
      fprintf(out, " [, %s]", a->name);
      continue;
    }
    fprintf(out, a->positional ? " " : ", %s ", a->name);
    print_value(out, a);
  }
  fputs(rule->holds_layers ? " { ... }" : "", out);
}

static void print_all_of(FILE *out, enum rule_set set, const char *title)
{
  const struct rule *rule;
  fprintf(out, "\n%s\n", title);
  for (int i = 0; (rule = rule_at(i)) != NULL; i++)
    if (rule->set == set)
      fprintf(out, "  %-18s%s\n", rule->name, rule->help);
}

static void print_overview(FILE *out)
{
  const struct section_rule *section;
  const struct form *form;
  fputs("model NAME { ... } holds statements and sections; `lathe help WORD` explains one.\n", out);
  print_all_of(out, RULES_MODEL, "statements of the model:");
  fputs("\nsections of the model:\n", out);
  for (int i = 0; (section = section_rule_at(i)) != NULL; i++)
    fprintf(out, "  %-18s%s\n", section->name, section->help);
  print_all_of(out, RULES_LAYER, "layers, in `encoder` and `decoder`:");
  for (int i = 0; (section = section_rule_at(i)) != NULL; i++)
    if (section->set != RULES_LAYER) {
      char title[64];
      snprintf(title, sizeof title, "settings in `%s`:", section->name);
      print_all_of(out, section->set, title);
    }
  fputs("\nsaying things once:\n", out);
  for (int i = 0; (form = form_at(i)) != NULL; i++)
    fprintf(out, "  %-18s%s\n", form->name, form->help);
}

static void print_form(FILE *out, const struct form *form)
{
  fprintf(out, "%s\n    %s\n", form->usage, form->help);
}

static void print_rule(FILE *out, const struct rule *rule)
{
  char takes[256];
  rule_usage(out, rule);
  fprintf(out, "%s\n    %s\n", rule->holds_layers ? "" : ";", rule->help);
  for (const struct attribute *a = rule->attributes; a->name != NULL; a++) {
    fprintf(out, "  %-12s%s\n", a->name, a->help);
    fprintf(out, "  %-12s%s", "", attribute_takes(a, takes, sizeof takes));
    if (a->initial_text != NULL)
      fprintf(out, "; %s %s", rule->set != RULES_LAYER && a->required ? "without it," : "default",
              a->initial_text);
    fputs("\n", out);
    for (const struct choice *c = a->choices; a->explain != NULL && c->word != NULL; c++)
      if (a->explain(c->value) != NULL)
        fprintf(out, "  %-14s%s: %s\n", "", c->word, a->explain(c->value));
  }
}

static void print_section(FILE *out, const struct section_rule *section)
{
  fprintf(out, "%s { ... }\n    %s\n", section->name, section->help);
  print_all_of(out, section->set, "it holds:");
}

bool rules_help(FILE *out, const char *name)
{
  const struct rule *rule;
  const struct section_rule *section = name == NULL ? NULL : section_rule_find(name);
  if (name == NULL)
    print_overview(out);
  else if (section != NULL)
    print_section(out, section);
  const struct form *form = name == NULL ? NULL : form_find(name);
  if (form != NULL)
    print_form(out, form);
  bool found = name == NULL || section != NULL || form != NULL;
  for (int i = 0; name != NULL && (rule = rule_at(i)) != NULL; i++)
    if (strcmp(rule->name, name) == 0) {
      fputs(found ? "\n" : "", out);
      print_rule(out, rule);
      found = true;
    }
  return found;
}

/* The statements that have an attribute of that name, and what it is of each. */
static bool print_owners(FILE *out, const char *name)
{
  const struct rule *rule;
  bool found = false;
  for (int i = 0; (rule = rule_at(i)) != NULL; i++) {
    int attribute = rule_attribute(rule, name);
    if (attribute < 0)
      continue;
    if (!found)
      fprintf(out, "%s, an attribute of\n", name);
    fprintf(out, "  %-18s%s\n", rule->name, rule->attributes[attribute].help);
    found = true;
  }
  return found;
}

bool rules_help_related(FILE *out, const char *name)
{
  bool found = print_owners(out, name);
  const struct synonym *synonym = synonym_find(name);
  if (synonym == NULL)
    return found;
  fputs(found ? "\n" : "", out);
  if (*synonym->note != '\0')
    fprintf(out, "`%s`: %s.\n\n", name, synonym->note);
  else
    fprintf(out, "`%s` is called `%s`.\n\n", name, synonym->ours);
  if (!rules_help(out, synonym->ours))
    print_owners(out, synonym->ours);
  return true;
}

const char *rules_nearest(const char *name)
{
  struct suggestion near = {.word = name};
  const struct rule *rule;
  for (int i = 0; (rule = rule_at(i)) != NULL; i++)
    suggest(&near, rule->name);
  for (int i = 0; section_rule_at(i) != NULL; i++)
    suggest(&near, section_rule_at(i)->name);
  for (int i = 0; form_at(i) != NULL; i++)
    suggest(&near, form_at(i)->name);
  return near.best;
}

/* A cell's text: a bar would end the cell. */
static void print_cell(FILE *out, const char *text)
{
  for (; *text != '\0'; text++) {
    fputs(*text == '|' ? "\\" : "", out);
    fputc(*text, out);
  }
}

static void print_table(FILE *out, enum rule_set set)
{
  const struct rule *rule;
  char takes[256];
  fputs("| Statement | Attribute | Takes | Default | Meaning |\n|---|---|---|---|---|\n", out);
  for (int i = 0; (rule = rule_at(i)) != NULL; i++) {
    if (rule->set != set)
      continue;
    fprintf(out, "| `");
    rule_usage(out, rule);
    fprintf(out, "` | | | %s | ",
            rule->required        ? "required"
            : rule->group_default ? "chosen"
                                  : "");
    print_cell(out, rule->help);
    fputs(" |\n", out);
    for (const struct attribute *a = rule->attributes; a->name != NULL; a++) {
      fprintf(out, "| | %s | ", a->name);
      print_cell(out, attribute_takes(a, takes, sizeof takes));
      fprintf(out, " | %s%s%s | ", a->initial_text == NULL ? "" : "`",
              a->initial_text == NULL ? (a->required ? "required" : "") : a->initial_text,
              a->initial_text == NULL ? "" : "`");
      print_cell(out, a->help);
      fputs(" |\n", out);
    }
  }
}

static void print_algorithms(FILE *out)
{
  fputs("\n#### Algorithms\n\n| Algorithm | In tables, of products | Of convolutions | Meaning |\n"
        "|---|---|---|---|\n",
        out);
  for (int i = ALGORITHM_ANY + 1; i < ALGORITHM_COUNT; i++) {
    const struct algorithm_info *a = &algorithm_table[i];
    fprintf(out, "| `%s` | %s | %s | %s |\n", a->name, a->linear, a->convolution, a->help);
  }
  fputs("\n| Use | Meaning |\n|---|---|\n", out);
  for (int i = 0; i < USES; i++)
    fprintf(out, "| `%s` | %s |\n", use_table[i].name, use_table[i].help);
}

void rules_markdown(FILE *out)
{
  const struct section_rule *section;
  const struct form *form;
  fputs("#### Statements of the model\n\n", out);
  print_table(out, RULES_MODEL);
  fputs("\n#### Sections\n\n| Section | | Meaning |\n|---|---|---|\n", out);
  for (int i = 0; (section = section_rule_at(i)) != NULL; i++)
    fprintf(out, "| `%s { ... }` | %s | %s |\n", section->name,
            section->required ? "required" : "optional", section->help);
  fputs("\n#### Saying things once\n\n| Form | Meaning |\n|---|---|\n", out);
  for (int i = 0; (form = form_at(i)) != NULL; i++)
    fprintf(out, "| `%s` | %s |\n", form->usage, form->help);
  fputs("\n#### Layers of `encoder` and `decoder`\n\n", out);
  print_table(out, RULES_LAYER);
  for (int i = 0; (section = section_rule_at(i)) != NULL; i++)
    if (section->set != RULES_LAYER) {
      fprintf(out, "\n#### Settings of `%s`\n\n", section->name);
      print_table(out, section->set);
    }
  print_algorithms(out);
  fputs("\n#### Diagnostics\n\n", out);
  diagnostics_markdown(out);
}
