#include "expand_parts.h"
#include "forms.h"
#include <string.h>

enum { ENOUGH_ERRORS = 10 * DIAG_MAX_ERRORS };

struct span span_in(const struct context *context, struct span span)
{
  span.in = context->in;
  return span;
}

void expand_stop(struct expander *x)
{
  x->stopped = x->result->incomplete = true;
}

bool expand_count(struct expander *x, const struct context *context, struct span span)
{
  if (x->stopped)
    return false;
  if (++x->statements > EXPAND_MAX_STATEMENTS) {
    diag_report(x->diags, CODE_EXPANSION_LIMIT, span_in(context, span),
                "the description has more than %d statements once it is expanded",
                EXPAND_MAX_STATEMENTS);
    expand_stop(x);
  } else if (context->depth > EXPAND_MAX_DEPTH) {
    diag_report(x->diags, CODE_EXPANSION_LIMIT, span_in(context, span),
                "blocks and repetitions stand more than %d deep in one another", EXPAND_MAX_DEPTH);
    expand_stop(x);
  } else if (x->diags->errors > ENOUGH_ERRORS) {
    expand_stop(x);
  }
  return !x->stopped;
}

/* ---- Statements ---- */

static struct ast_value *copy_values(struct expander *x, const struct context *context,
                                     const struct ast_value *values)
{
  struct ast_value *copy = NULL, **end = &copy;
  for (; values != NULL && x->diags->errors <= ENOUGH_ERRORS; values = values->next) {
    *end = evaluate_written(x, context, values);
    end = &(*end)->next;
  }
  return copy;
}

static struct ast_attribute *copy_attributes(struct expander *x, const struct context *context,
                                             const struct ast_attribute *attributes)
{
  struct ast_attribute *copy = NULL, **end = &copy;
  for (; attributes != NULL; attributes = attributes->next) {
    *end = mem_alloc(x->mem, sizeof **end);
    (*end)->name =
        (struct ast_word){attributes->name.text, span_in(context, attributes->name.span)};
    (*end)->span = span_in(context, attributes->span);
    (*end)->values = copy_values(x, context, attributes->values);
    end = &(*end)->next;
  }
  return copy;
}

struct ast_node *expand_copy(struct expander *x, struct context *context,
                             const struct ast_node *node)
{
  struct ast_node *copy = mem_alloc(x->mem, sizeof *copy);
  copy->name = (struct ast_word){node->name.text, span_in(context, node->name.span)};
  copy->span = span_in(context, node->span);
  copy->head = span_in(context, node->head);
  copy->values = copy_values(x, context, node->values);
  copy->attributes = copy_attributes(x, context, node->attributes);
  copy->block = node->block;
  copy->scope = context->scope;
  *context->end = copy;
  context->end = &copy->next;
  return copy;
}

/* What stands inside of a statement's braces. */
static enum where inside(enum where where, const char *name)
{
  const struct section_rule *section = section_rule_find(name);
  if (where == IN_FILE && strcmp(name, "model") == 0)
    return IN_MODEL;
  if (where == IN_MODEL && section != NULL && section->set == RULES_LAYER)
    return IN_LAYERS;
  const struct rule *layer = rule_find(RULES_LAYER, name);
  return where == IN_LAYERS && layer != NULL && layer->holds_layers ? IN_LAYERS : IN_SETTINGS;
}

static void expand_statement(struct expander *x, struct context *context,
                             const struct ast_node *node)
{
  struct ast_node *copy = expand_copy(x, context, node);
  struct context inner = *context;
  inner.where = inside(context->where, node->name.text);
  inner.level += inner.where == IN_MODEL ? 0 : 1; /* names are the file's or the model's */
  inner.end = &copy->children;
  expand_nodes(x, &inner, node->children);
}

static void expand_form(struct expander *x, struct context *context, const struct ast_node *node,
                        const struct form *form)
{
  static const char *const places[] = {[IN_FILE] = "outside of the model",
                                       [IN_MODEL] = "in the model",
                                       [IN_LAYERS] = "among layers",
                                       [IN_SETTINGS] = "among settings"};
  if ((form->places & 1U << context->where) != 0) {
    form->expand(x, context, node);
    return;
  }
  diag_report(x->diags, CODE_MISPLACED_FORM, span_in(context, node->head), "`%s` cannot stand %s",
              form->name, places[context->where]);
  for (int i = IN_SETTINGS; i >= IN_FILE; i--)
    if ((form->places & 1U << i) != 0) {
      diag_help(x->diags, "it stands %s", places[i]);
      return;
    }
}

void expand_nodes(struct expander *x, struct context *context, const struct ast_node *nodes)
{
  for (const struct ast_node *node = nodes; node != NULL; node = node->next) {
    const char *name = node->name.text;
    const struct form *form = form_find(name);
    struct binding *block = context->where == IN_LAYERS ? scope_find(context->scope, name) : NULL;
    if (!expand_count(x, context, node->head))
      return;
    if (form != NULL)
      expand_form(x, context, node, form);
    else if (block != NULL && block->block != NULL)
      expand_block(x, context, node, block);
    else
      expand_statement(x, context, node);
  }
}

/* ---- Files and the command line ---- */

void expand_file(struct expander *x, struct context *context, const struct source_file *file)
{
  const struct ast_model *ast = parse(x->mem, x->source, file, x->diags);
  const struct ast_node *first = context->first;
  x->result->incomplete |= ast->incomplete;
  context->first = ast->items;
  expand_nodes(x, context, ast->items);
  context->first = first;
}

/* Parses the command line's definitions, each a line of a file that none has written. */
static void read_definitions(struct expander *x, const char *const *definitions, int count)
{
  for (int i = 0; i < count; i++) {
    const char *equals = strchr(definitions[i], '=');
    const char *text = mem_printf(x->mem, "let %s;", definitions[i]);
    const struct source_file *file =
        source_add_text(x->mem, x->source, "<command line>", text, strlen(text));
    struct span whole = {0};
    if (file == NULL) {
      diag_report(x->diags, CODE_BAD_DEFINITION, whole,
                  "the command line's definitions are too many or too long");
      return;
    }
    whole = (struct span){.begin = file->begin + 4, .end = file->end - 1};
    if (equals != NULL && equals[1 + strspn(equals + 1, " \t")] == '\0') {
      diag_report(x->diags, CODE_BAD_DEFINITION, whole,
                  "nothing stands behind `=`: a definition is written NAME=VALUE, as `-D "
                  "latent=10`");
      continue;
    }
    int errors = x->diags->errors;
    const struct ast_model *ast = equals == NULL ? NULL : parse(x->mem, x->source, file, x->diags);
    if (x->diags->errors > errors)
      continue;
    if (ast == NULL || strcmp(ast->items->name.text, "let") != 0 || ast->items->next != NULL) {
      diag_report(x->diags, CODE_BAD_DEFINITION, whole,
                  "a definition is written NAME=VALUE, as `-D latent=10`");
      continue;
    }
    for (int k = 0; k < x->definition_count; k++)
      if (strcmp(x->definitions[k].let->values->text, ast->items->values->text) == 0)
        diag_report(x->diags, CODE_BAD_DEFINITION, whole, "`%s` is defined twice",
                    ast->items->values->text);
    x->definitions[x->definition_count++].let = ast->items;
  }
}

/* Definitions of what no `let` has named. */
static void report_unknown_definitions(const struct expander *x)
{
  for (int i = 0; i < x->definition_count && !x->result->incomplete; i++) {
    const struct ast_value *name = x->definitions[i].let->values;
    struct suggestion near = {.word = name->text};
    if (x->definitions[i].used)
      continue;
    for (int k = 0; k < x->given_count; k++)
      if (x->given[k]->level == 0 && x->given[k]->block == NULL)
        suggest(&near, x->given[k]->name.text);
    diag_report(x->diags, CODE_UNKNOWN_DEFINITION, name->span,
                "the description has no constant `%s`", name->text);
    diag_suggest(x->diags, near.best);
    if (near.best == NULL && x->constant_count == 0)
      diag_help(x->diags, "give it one, outside of all sections: `let %s = 1;`", name->text);
  }
}

struct expanded *expand(struct mem *mem, const struct ast_model *ast, struct source *source,
                        const char *const *definitions, int count, struct diags *diags)
{
  struct expanded *result = mem_alloc(mem, sizeof *result);
  struct expander x = {.mem = mem, .source = source, .diags = diags, .result = result};
  struct context context = {.where = IN_FILE, .first = ast->items, .end = &result->items};
  result->source = source;
  result->incomplete = ast->incomplete;
  x.definitions = mem_alloc(mem, (size_t)count * sizeof *x.definitions);
  read_definitions(&x, definitions, count);
  expand_nodes(&x, &context, ast->items);
  report_unknown_definitions(&x);
  scope_report_unused(&x);
  result->text = flatten(&x);
  return result;
}
