/* The words of the language for editors, kind by kind, as the tables have them. */
#include "forms.h"
#include "rules.h"
#include "support.h"
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MOST = 512 };

struct words {
  const char *items[WORDS_MOST];
  int count;
};

/* The kinds, and what editors call them. */
enum word_kind { WORD_FORM, WORD_SECTION, WORD_LAYER, WORD_SETTING, WORD_ATTRIBUTE, WORD_CHOICE };
enum { WORD_KINDS = WORD_CHOICE + 1 };

static const struct {
  const char *name, *vim, *textmate;
} kinds[WORD_KINDS] = {
    [WORD_FORM] = {"Form", "PreProc", "keyword.control.lathe"},
    [WORD_SECTION] = {"Section", "Structure", "storage.type.lathe"},
    [WORD_LAYER] = {"Layer", "Function", "entity.name.function.lathe"},
    [WORD_SETTING] = {"Setting", "Statement", "keyword.other.lathe"},
    [WORD_ATTRIBUTE] = {"Attribute", "Identifier", "variable.parameter.lathe"},
    [WORD_CHOICE] = {"Choice", "Constant", "constant.language.lathe"},
};

/* A word is of the first kind that has it. */
static void add(struct words all[WORD_KINDS], enum word_kind kind, const char *word)
{
  for (int k = 0; k < WORD_KINDS; k++)
    for (int i = 0; i < all[k].count; i++)
      if (strcmp(all[k].items[i], word) == 0)
        return;
  if (all[kind].count < WORDS_MOST)
    all[kind].items[all[kind].count++] = word;
}

static void add_attributes(struct words all[WORD_KINDS], const struct rule *rule)
{
  for (const struct attribute *a = rule->attributes; a->name != NULL; a++) {
    if (!a->positional)
      add(all, WORD_ATTRIBUTE, a->name);
    for (const struct choice *c = a->choices; c != NULL && c->word != NULL; c++)
      add(all, WORD_CHOICE, c->word);
  }
}

static void find_words(struct words all[WORD_KINDS])
{
  const struct rule *rule;
  const struct section_rule *section;
  const struct form *form;
  memset(all, 0, WORD_KINDS * sizeof *all);
  add(all, WORD_SECTION, "model");
  for (int i = 0; (section = section_rule_at(i)) != NULL; i++)
    add(all, WORD_SECTION, section->name);
  for (int i = 0; (form = form_at(i)) != NULL; i++)
    add(all, WORD_FORM, form->name);
  for (int i = 0; (rule = rule_at(i)) != NULL; i++)
    add(all, rule->set == RULES_LAYER ? WORD_LAYER : WORD_SETTING, rule->name);
  for (int i = 0; (rule = rule_at(i)) != NULL; i++)
    add_attributes(all, rule);
}

void syntax_vim(FILE *out)
{
  struct words all[WORD_KINDS];
  find_words(all);
  fputs("\" Vim syntax of Lathe's descriptions; made by `lathe support vim`.\n"
        "if exists('b:current_syntax')\n  finish\nendif\n\n"
        "syntax iskeyword @,48-57,_,+\n",
        out);
  for (int k = 0; k < WORD_KINDS; k++) {
    fprintf(out, "syntax keyword lathe%s", kinds[k].name);
    for (int i = 0; i < all[k].count; i++)
      fprintf(out, " %s", all[k].items[i]);
    fputs("\n", out);
  }
  fputs(
      "syntax match latheNumber '\\<\\d[0-9.]*\\%([eE][-+]\\=\\d\\+\\)\\=[KMG]\\=\\>\\|\\.\\d\\+'\n"
      "syntax match latheComment '#.*$' contains=@Spell\n"
      "syntax region latheString start='\"' end='\"' oneline\n\n",
      out);
  for (int k = 0; k < WORD_KINDS; k++)
    fprintf(out, "highlight default link lathe%s %s\n", kinds[k].name, kinds[k].vim);
  fputs("highlight default link latheNumber Number\n"
        "highlight default link latheComment Comment\n"
        "highlight default link latheString String\n\n"
        "setlocal commentstring=#\\ %s\n"
        "let b:current_syntax = 'lathe'\n",
        out);
}

/* "(?<![\w])(?:a|b\+\+)(?![\w+])" */
static void word_pattern(FILE *out, const struct words *words)
{
  fputs("(?<!\\w)(?:", out);
  for (int i = 0; i < words->count; i++) {
    fputs(i > 0 ? "|" : "", out);
    for (const char *c = words->items[i]; *c != '\0'; c++)
      fprintf(out, isalnum((unsigned char)*c) || *c == '_' ? "%c" : "\\%c", *c);
  }
  fputs(")(?![\\w+])", out);
}

static void append_pattern(json_t *patterns, const char *scope, const char *pattern)
{
  json_array_append_new(patterns, json_pack("{s:s, s:s}", "name", scope, "match", pattern));
}

void syntax_textmate(FILE *out)
{
  struct words all[WORD_KINDS];
  json_t *patterns = json_array();
  find_words(all);
  append_pattern(patterns, "comment.line.number-sign.lathe", "#.*$");
  append_pattern(patterns, "string.quoted.double.lathe", "\"[^\"\\n]*\"");
  append_pattern(patterns, "constant.numeric.lathe",
                 "(?<!\\w)\\.?\\d[\\d.]*(?:[eE][+-]?\\d+)?[KMG]?(?!\\w)");
  for (int k = 0; k < WORD_KINDS; k++) {
    char *pattern = NULL;
    size_t size;
    FILE *to = open_memstream(&pattern, &size);
    if (to == NULL)
      continue;
    word_pattern(to, &all[k]);
    if (fclose(to) == 0)
      append_pattern(patterns, kinds[k].textmate, pattern);
    free(pattern);
  }
  json_t *grammar = json_pack("{s:s, s:s, s:[s], s:o}", "name", "Lathe", "scopeName",
                              "source.lathe", "fileTypes", "lathe", "patterns", patterns);
  json_dumpf(grammar, out, JSON_INDENT(2));
  json_decref(grammar);
  fputs("\n", out);
}
