#include "scope.h"
#include "expand_parts.h"
#include <string.h>

struct binding *scope_find(struct binding *scope, const char *name)
{
  while (scope != NULL && strcmp(scope->name.text, name) != 0)
    scope = scope->outer;
  return scope;
}

void scope_keep(struct expander *x, struct binding *binding)
{
  if (binding == NULL)
    return;
  x->given = mem_grow(x->mem, x->given, &x->given_capacity, x->given_count + 1, sizeof *x->given);
  x->given[x->given_count++] = binding;
}

void scope_report_unused(const struct expander *x)
{
  for (int i = 0; i < x->given_count && x->diags->errors == 0; i++) {
    const struct binding *b = x->given[i];
    if (!b->used && source_file(x->source, b->name.span.begin) == &x->source->files[0])
      diag_report(x->diags, CODE_UNUSED_NAME, b->name.span, "%s `%s` is never used",
                  b->block != NULL ? "block" : "constant", b->name.text);
  }
}

void scope_suggest(const struct binding *scope, struct suggestion *near)
{
  for (; scope != NULL; scope = scope->outer)
    if (scope->block == NULL)
      suggest(near, scope->name.text);
}

void scope_suggest_blocks(const struct binding *scope, struct suggestion *near)
{
  for (; scope != NULL; scope = scope->outer)
    if (scope->block != NULL)
      suggest(near, scope->name.text);
}

struct binding *scope_bind(struct expander *x, struct context *context, struct ast_word name,
                           const struct ast_value *value, const struct ast_node *block)
{
  name.span = span_in(context, name.span);
  const struct binding *other = scope_find(context->scope, name.text);
  if (other != NULL && other->level == context->level) {
    diag_report(x->diags, CODE_NAME_TAKEN, name.span, "`%s` is already a name", name.text);
    diag_note(x->diags, other->name.span, "it is given here");
    return NULL;
  }
  struct binding *binding = mem_alloc(x->mem, sizeof *binding);
  *binding = (struct binding){.name = name,
                              .level = context->level,
                              .value = value,
                              .block = block,
                              .outer = context->scope};
  context->scope = binding;
  return binding;
}
