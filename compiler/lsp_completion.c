/* What may be written at a place. The text before it need not be right, so it is read without the
 * parser: braces, semicolons and commas say enough. */
#include "forms.h"
#include "lsp.h"
#include "rules.h"
#include <ctype.h>
#include <string.h>

enum { DEPTH_MOST = 64, WORD_MOST = 64, NAMES_MOST = 128 };

/* CompletionItemKind of the protocol. */
enum { ITEM_FUNCTION = 3, ITEM_FIELD = 5, ITEM_MODULE = 9, ITEM_VALUE = 12, ITEM_KEYWORD = 14 };

struct word {
  char text[WORD_MOST + 1];
};

/* A name that the text gives. */
enum name_kind { CONSTANT, BLOCK, PARAMETER };

struct named {
  enum name_kind kind;
  struct word word;
};

struct context {
  struct named names[NAMES_MOST]; /* in their order: a block's parameters follow it */
  int named;
  struct word blocks[DEPTH_MOST]; /* the names before the open braces */
  int depth;
  struct word first, last; /* of the statement at hand, before the word that is being written */
  int words;               /* since its beginning, and since the last comma */
  int since_comma;
  bool comma, comment, quoted;
};

static size_t read_word(const char *text, size_t length, struct word *word)
{
  size_t used = 0;
  while (used < length && (isalnum((unsigned char)text[used]) || strchr("_+.", text[used]) != NULL))
    used++;
  size_t kept = used < WORD_MOST ? used : WORD_MOST;
  memcpy(word->text, text, kept);
  word->text[kept] = '\0';
  return used;
}

static void begin_statement(struct context *c)
{
  c->words = c->since_comma = 0;
  c->comma = false;
  c->first.text[0] = c->last.text[0] = '\0';
}

static void take_mark(struct context *c, char mark)
{
  if (mark == '{') {
    if (c->depth < DEPTH_MOST)
      c->blocks[c->depth] = c->first;
    c->depth++;
    begin_statement(c);
  } else if (mark == '}') {
    c->depth -= c->depth > 0;
    begin_statement(c);
  } else if (mark == ';') {
    begin_statement(c);
  } else if (mark == ',') {
    c->comma = true;
    c->since_comma = 0;
  } else if (mark == '(' && strcmp(c->first.text, "block") == 0) {
    c->since_comma = 0;
  }
}

static void keep_name(struct context *c, enum name_kind kind, const struct word *word)
{
  if (c->named == NAMES_MOST)
    return;
  c->names[c->named].kind = kind;
  c->names[c->named++].word = *word;
}

static void take_word(struct context *c, const struct word *word)
{
  bool index = strcmp(c->last.text, "index") == 0;
  if (c->words++ == 0)
    c->first = *word;
  c->since_comma++;
  c->last = *word;
  bool block = strcmp(c->first.text, "block") == 0;
  if (c->words == 2 && (block || strcmp(c->first.text, "let") == 0))
    keep_name(c, block ? BLOCK : CONSTANT, word);
  else if (block && c->words > 2 && c->since_comma == 1)
    keep_name(c, PARAMETER, word);
  else if (index && c->since_comma == 2 && strcmp(c->first.text, "repeat") == 0)
    keep_name(c, CONSTANT, word);
}

static void read_context(struct context *c, const char *text, size_t length)
{
  begin_statement(c);
  for (size_t i = 0; i < length;) {
    struct word word;
    size_t used = 0;
    if (c->comment || text[i] == '#') {
      c->comment = text[i] != '\n';
    } else if (c->quoted || text[i] == '"') {
      c->quoted = text[i] == '"' ? !c->quoted : text[i] != '\n';
    } else if ((used = read_word(text + i, length - i, &word)) > 0) {
      i += used;
      if (i == length)
        return; /* being written */
      take_word(c, &word);
      continue;
    } else {
      take_mark(c, text[i]);
    }
    i++;
  }
}

/* What the innermost section that is open holds. */
static enum rule_set set_of(const struct context *c)
{
  for (int i = (c->depth < DEPTH_MOST ? c->depth : DEPTH_MOST) - 1; i > 0; i--) {
    const struct section_rule *section = section_rule_find(c->blocks[i].text);
    if (section != NULL)
      return section->set;
    if (form_find(c->blocks[i].text) != NULL)
      return RULES_LAYER;
  }
  return c->depth > 0 && strcmp(c->blocks[0].text, "model") != 0 ? RULES_LAYER : RULES_MODEL;
}

static void append(json_t *items, const char *label, int kind, const char *help)
{
  json_array_append_new(
      items, json_pack("{s:s, s:i, s:s}", "label", label, "kind", kind, "documentation", help));
}

static void append_statements(json_t *items, const struct context *c)
{
  const struct section_rule *section;
  const struct form *form;
  const struct rule *rule;
  enum rule_set set = set_of(c);
  for (int i = 0; (rule = rule_at(i)) != NULL; i++)
    if (rule->set == set && c->depth > 0)
      append(items, rule->name, set == RULES_LAYER ? ITEM_FUNCTION : ITEM_KEYWORD, rule->help);
  for (int i = 0; c->depth > 0 && set == RULES_MODEL && (section = section_rule_at(i)) != NULL; i++)
    append(items, section->name, ITEM_MODULE, section->help);
  for (int i = 0; i < c->named && set == RULES_LAYER && c->depth > 0; i++)
    if (c->names[i].kind == BLOCK)
      append(items, c->names[i].word.text, ITEM_FUNCTION, "A block of this file.");
  for (int i = 0; (form = form_at(i)) != NULL; i++)
    append(items, form->name, ITEM_KEYWORD, form->help);
  if (c->depth == 0)
    append(items, "model", ITEM_MODULE, "The model: its statements and sections.");
}

static void append_choices(json_t *items, const struct attribute *a)
{
  for (const struct choice *choice = a->choices; choice != NULL && choice->word != NULL; choice++)
    append(items, choice->word, ITEM_VALUE, a->help);
}

/* The constants that a number may be given by: those of the text, and in a block its parameters. */
static void append_constants(json_t *items, const struct context *c)
{
  bool inside = false;
  int last = c->named - 1;
  for (int i = 0; i < c->depth && i < DEPTH_MOST; i++)
    inside = inside || strcmp(c->blocks[i].text, "block") == 0;
  while (last > 0 && c->names[last].kind != BLOCK)
    last--;
  for (int i = 0; i < c->named; i++)
    if (c->names[i].kind == CONSTANT || (c->names[i].kind == PARAMETER && inside && i > last))
      append(items, c->names[i].word.text, ITEM_VALUE, "A constant of this file.");
}

/* The place of the block of that name among the names; c->named when there is none. */
static int find_block(const struct context *c, const char *name)
{
  int i = 0;
  while (i < c->named && (c->names[i].kind != BLOCK || strcmp(c->names[i].word.text, name) != 0))
    i++;
  return i;
}

/* Behind the name of a block: its parameters after a comma, and what they may be. */
static void append_block_arguments(json_t *items, const struct context *c, int block)
{
  if (!c->comma || c->since_comma == 1)
    append_constants(items, c);
  for (int i = block + 1; c->comma && c->since_comma == 0 && i < c->named; i++) {
    if (c->names[i].kind == BLOCK)
      break;
    if (c->names[i].kind == PARAMETER)
      append(items, c->names[i].word.text, ITEM_FIELD, "A parameter of the block.");
  }
}

static bool takes_number(const struct attribute *a)
{
  return a->name != NULL && a->type != TYPE_CHOICE && a->type != TYPE_NAME && a->type != TYPE_FLAG;
}

/* Behind a statement's name: attributes after a comma, words where a value is one of few. */
static void append_arguments(json_t *items, const struct context *c)
{
  const struct rule *rule = rule_find(set_of(c), c->first.text);
  if (rule == NULL) {
    int block = find_block(c, c->first.text);
    if (block < c->named)
      append_block_arguments(items, c, block);
    return;
  }
  int named = rule_attribute(rule, c->last.text);
  bool value = c->comma && c->since_comma == 1 && named >= 0;
  if (value || (!c->comma && c->words == 1)) {
    const struct attribute *a = &rule->attributes[value ? named : 0];
    append_choices(items, a);
    if (takes_number(a) && (value || a->positional))
      append_constants(items, c);
  }
  for (const struct attribute *a = rule->attributes; a->name != NULL; a++)
    if (c->comma && c->since_comma == 0 && !a->positional)
      append(items, a->name, ITEM_FIELD, a->help);
}

json_t *lsp_completion(const char *text, size_t offset)
{
  json_t *items = json_array();
  struct context c = {.depth = 0};
  read_context(&c, text, offset);
  if (c.comment || c.quoted)
    return items;
  if (c.words == 0)
    append_statements(items, &c);
  else
    append_arguments(items, &c);
  return items;
}
