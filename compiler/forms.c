/* What each form does when expansion comes to it. */
#include "forms.h"
#include "check_statement.h"
#include "expand_parts.h"
#include <math.h>
#include <string.h>

static void form_let(struct expander *x, struct context *c, const struct ast_node *node);
static void form_repeat(struct expander *x, struct context *c, const struct ast_node *node);
static void form_block(struct expander *x, struct context *c, const struct ast_node *node);
static void form_include(struct expander *x, struct context *c, const struct ast_node *node);
static void form_defaults(struct expander *x, struct context *c, const struct ast_node *node);
static void form_version(struct expander *x, struct context *c, const struct ast_node *node);

#define IN_A_FILE (1U << IN_FILE)
#define AMONG_LAYERS (1U << IN_LAYERS)
#define OUTSIDE_SECTIONS (1U << IN_FILE | 1U << IN_MODEL)
#define ANYWHERE (OUTSIDE_SECTIONS | AMONG_LAYERS | 1U << IN_SETTINGS)

static const struct form forms[] = {
#define FORM(name, places, expand, usage, help) {name, places, expand, usage, help},
#include "forms.def"
};

const struct form *form_at(int index)
{
  int count = (int)(sizeof forms / sizeof *forms);
  return index >= 0 && index < count ? &forms[index] : NULL;
}

const struct form *form_find(const char *name)
{
  const struct form *form;
  for (int i = 0; (form = form_at(i)) != NULL; i++)
    if (strcmp(form->name, name) == 0)
      return form;
  return NULL;
}

/* Reports a statement that is not as its form is written; the help says how that is. */
static void malformed(struct expander *x, const struct context *c, const struct ast_node *node,
                      const char *what)
{
  diag_report(x->diags, CODE_MALFORMED_FORM, span_in(c, node->head), "%s", what);
  diag_help(x->diags, "it is written `%s`", form_find(node->name.text)->usage);
}

/* ---- let ---- */

static struct definition *find_definition(struct expander *x, const char *name)
{
  for (int i = 0; i < x->definition_count; i++)
    if (strcmp(x->definitions[i].let->values->text, name) == 0)
      return &x->definitions[i];
  return NULL;
}

static const struct ast_value *value_of(struct expander *x, const struct context *c,
                                        const struct ast_node *node)
{
  const struct ast_value *name = node->values, *written = name->next;
  struct definition *definition = c->level == 0 ? find_definition(x, name->text) : NULL;
  if (definition == NULL)
    return evaluate(x, c, written);
  if (!definition->used) {
    const struct span value = definition->let->values->next->span;
    flatten_edit(x, written->span, NULL, source_text(x->mem, x->source, value, SOURCE_MAX_BYTES));
  }
  definition->used = true;
  return evaluate(x, c, definition->let->values->next);
}

static void form_let(struct expander *x, struct context *c, const struct ast_node *node)
{
  const struct ast_value *name = node->values;
  if (!name_check(x->diags, (struct ast_word){name->text, span_in(c, name->span)}))
    return;
  if (c->level == 0 && ++x->constant_count > EXPAND_MAX_CONSTANTS) {
    diag_report(x->diags, CODE_EXPANSION_LIMIT, node->head, "there are more than %d constants",
                EXPAND_MAX_CONSTANTS);
    expand_stop(x);
    return;
  }
  const struct ast_value *value = value_of(x, c, node);
  if (value->kind == VALUE_NUMBER && isnan(value->number))
    value = NULL; /* reported: what uses it is not complained of */
  scope_keep(x, scope_bind(x, c, (struct ast_word){name->text, name->span}, value, NULL));
}

/* ---- repeat ---- */

/* The name after `index`, NULL without one; false when something is wrong. */
static bool read_index(struct expander *x, const struct context *c, const struct ast_node *node,
                       const struct ast_value **index)
{
  const struct ast_attribute *a = node->attributes;
  *index = NULL;
  if (a == NULL)
    return true;
  const struct ast_value *name = a->values;
  if (strcmp(a->name.text, "index") == 0 && a->next == NULL && name != NULL &&
      name->kind == VALUE_WORD && name->next == NULL) {
    *index = name;
    return name_check(x->diags, (struct ast_word){name->text, span_in(c, name->span)});
  }
  malformed(x, c, node, "`repeat` takes a count and, if it is to be known, the name of an index");
  return false;
}

/* How often; -1 when that is not known. */
static int read_count(struct expander *x, const struct context *c, const struct ast_node *node)
{
  if (node->values == NULL || node->values->next != NULL) {
    malformed(x, c, node, "`repeat` takes one count");
    return -1;
  }
  const struct ast_value *count = evaluate(x, c, node->values);
  double n = count->number;
  if (count->kind == VALUE_NUMBER && isnan(n))
    return -1;
  if (count->kind == VALUE_NUMBER && n == floor(n) && n >= 0 && n <= EXPAND_MAX_STATEMENTS)
    return (int)n;
  diag_report(x->diags, CODE_BAD_COUNT, count->span,
              "`repeat` takes an integer from 0 to %d as its count, not `%s`",
              EXPAND_MAX_STATEMENTS, source_text(x->mem, x->source, count->span, 40));
  return -1;
}

static void repeat_once(struct expander *x, struct context *c, const struct ast_node *node,
                        const struct ast_value *index, int i)
{
  struct expansion *expansion = mem_alloc(x->mem, sizeof *expansion);
  struct context inner = *c;
  expansion->call = span_in(c, node->head);
  expansion->what = index == NULL ? mem_printf(x->mem, "round %d of `repeat`", i + 1)
                                  : mem_printf(x->mem, "`repeat` with %s = %d", index->text, i);
  inner.level++;
  inner.depth++;
  inner.in = expansion;
  if (index != NULL) {
    struct ast_value *value = mem_alloc(x->mem, sizeof *value);
    *value = (struct ast_value){.kind = VALUE_NUMBER, .number = i, .integer = true};
    scope_bind(x, &inner, (struct ast_word){index->text, index->span}, value, NULL);
  }
  expand_nodes(x, &inner, node->children);
  c->end = inner.end;
}

static void form_repeat(struct expander *x, struct context *c, const struct ast_node *node)
{
  const struct ast_value *index;
  if (!node->block) {
    malformed(x, c, node, "`repeat` lacks the layers that it repeats");
    return;
  }
  bool good = read_index(x, c, node, &index);
  int count = read_count(x, c, node);
  for (int i = 0; good && i < count; i++)
    if (expand_count(x, c, node->head))
      repeat_once(x, c, node, index, i);
}

/* ---- block ---- */

/* Whether the parameters are not too many, and differ. */
static bool parameters_check(struct expander *x, const struct ast_node *node)
{
  int count = 0;
  for (const struct ast_attribute *a = node->attributes; a != NULL; a = a->next) {
    if (++count > EXPAND_MAX_PARAMETERS) {
      diag_report(x->diags, CODE_EXPANSION_LIMIT, a->span, "a block has at most %d parameters",
                  EXPAND_MAX_PARAMETERS);
      return false;
    }
    for (const struct ast_attribute *b = node->attributes; b != a; b = b->next)
      if (strcmp(a->name.text, b->name.text) == 0) {
        diag_report(x->diags, CODE_PARAMETER_TWICE, a->name.span,
                    "block `%s` has two parameters `%s`", node->values->text, a->name.text);
        diag_note(x->diags, b->name.span, "the first is here");
        return false;
      }
  }
  return true;
}

static void form_block(struct expander *x, struct context *c, const struct ast_node *node)
{
  const struct ast_value *name = node->values;
  struct ast_word word = {name->text, span_in(c, name->span)};
  if (rule_is_name(name->text)) {
    diag_report(x->diags, CODE_RESERVED_BLOCK, word.span,
                "`%s` is a word of the language, and cannot name a block", name->text);
    return;
  }
  if (!parameters_check(x, node))
    return;
  if (name_check(x->diags, word))
    scope_keep(x, scope_bind(x, c, word, NULL, node));
}

/* ---- include ---- */

/* Whether a file is being read already: it includes itself, or others that include it. */
static bool is_open(const struct source *source, struct span at, const struct source_file *file)
{
  for (;;) {
    const struct source_file *by = source_file(source, at.begin);
    if (source_same_file(by, file))
      return true;
    if (by->included == NULL)
      return false;
    at = *by->included;
  }
}

static void form_include(struct expander *x, struct context *c, const struct ast_node *node)
{
  char error[512] = "the path is empty";
  const struct ast_value *path = node->values;
  const struct source_file *file = NULL;
  if (c->in != NULL) {
    diag_report(x->diags, CODE_MISPLACED_FORM, span_in(c, node->head),
                "`include` cannot stand in `block` or `repeat`");
    return;
  }
  if (*path->text != '\0')
    file = source_include(x->mem, x->source, path->text, node->span, error, sizeof error);
  if (file != NULL && is_open(x->source, node->span, file)) {
    snprintf(error, sizeof error, "%s includes itself", file->path);
    file = NULL;
  }
  if (file != NULL) {
    flatten_edit(x, node->span, file, NULL);
    expand_file(x, c, file);
    return;
  }
  diag_report(x->diags, CODE_BAD_INCLUDE, path->span, "%s", error);
  x->result->incomplete = true;
}

/* ---- defaults ---- */

static void form_defaults(struct expander *x, struct context *c, const struct ast_node *node)
{
  struct context inner = *c;
  struct ast_node **end = x->last_default == NULL ? &x->result->defaults : &x->last_default->next;
  if (!node->block || node->values != NULL || node->attributes != NULL) {
    malformed(x, c, node, "`defaults` takes statements in braces, and nothing else");
    return;
  }
  inner.where = IN_SETTINGS;
  inner.level++;
  inner.end = end;
  expand_nodes(x, &inner, node->children);
  for (struct ast_node *added = *end; added != NULL; added = added->next)
    x->last_default = added;
}

/* ---- lathe ---- */

static void form_version(struct expander *x, struct context *c, const struct ast_node *node)
{
  const struct ast_value *version = node->values;
  bool number = version != NULL && version->kind == VALUE_NUMBER && version->integer &&
                version->number >= 1 && version->next == NULL && node->attributes == NULL;
  if (node->block || !number) {
    if (version == NULL || version->kind != VALUE_NUMBER || !isnan(version->number))
      malformed(x, c, node, "the version of the language is an integer from 1");
  } else if (c->first != node) {
    diag_report(x->diags, CODE_LATE_VERSION, node->head, "the version stands first in a file");
  } else if (version->number > LANGUAGE_VERSION) {
    diag_report(x->diags, CODE_NEWER_VERSION, version->span,
                "this is version %.0f of the language, but this compiler reads versions up to %d",
                version->number, LANGUAGE_VERSION);
    diag_help(x->diags, "take a newer `lathe`");
    expand_stop(x);
  }
  if (source_file(x->source, node->span.begin)->included != NULL)
    flatten_edit(x, node->span, NULL, "");
}
