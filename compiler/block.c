/* The use of a block: its arguments, and its layers in their place. */
#include "expand_parts.h"
#include <string.h>

/* A use and what it gives. */
struct use {
  struct expander *x;
  struct context *context; /* where the block is used */
  const struct ast_node *node;
  const struct binding *block;
  int count;
  const struct ast_attribute *parameter[EXPAND_MAX_PARAMETERS];
  const struct ast_value *argument[EXPAND_MAX_PARAMETERS]; /* as it is written; NULL: not given */
};

static void note_block(const struct use *use)
{
  diag_note(use->x->diags, use->block->name.span, "block `%s` is given here",
            use->block->name.text);
}

static void read_parameters(struct use *use)
{
  for (const struct ast_attribute *a = use->block->block->attributes; a != NULL; a = a->next)
    use->parameter[use->count++] = a;
}

static bool read_positional(struct use *use)
{
  const struct ast_value *value = use->node->values;
  for (int i = 0; value != NULL && i < use->count; i++, value = value->next)
    use->argument[i] = value;
  if (value == NULL)
    return true;
  diag_report(use->x->diags, CODE_BAD_ARGUMENT, span_in(use->context, value->span),
              "`%s` has %d parameter%s, and here is one value more", use->block->name.text,
              use->count, use->count == 1 ? "" : "s");
  note_block(use);
  return false;
}

static bool read_named(struct use *use, const struct ast_attribute *named)
{
  struct diags *diags = use->x->diags;
  struct suggestion near = {.word = named->name.text};
  struct span span = span_in(use->context, named->name.span);
  for (int i = 0; i < use->count; i++) {
    const char *name = use->parameter[i]->name.text;
    suggest(&near, name);
    if (strcmp(name, named->name.text) != 0)
      continue;
    if (use->argument[i] != NULL)
      diag_report(diags, CODE_BAD_ARGUMENT, span, "`%s` is given twice", name);
    else if (named->values == NULL || named->values->next != NULL)
      diag_report(diags, CODE_BAD_ARGUMENT, span, "`%s` takes one value", name);
    else
      use->argument[i] = named->values;
    return use->argument[i] == named->values && named->values != NULL;
  }
  diag_report(diags, CODE_UNKNOWN_PARAMETER, span, "`%s` has no parameter `%s`",
              use->block->name.text, named->name.text);
  diag_suggest(diags, near.best);
  note_block(use);
  return false;
}

static bool read_arguments(struct use *use)
{
  read_parameters(use);
  bool good = read_positional(use);
  for (const struct ast_attribute *a = use->node->attributes; good && a != NULL; a = a->next)
    good = read_named(use, a);
  for (int i = 0; good && i < use->count; i++) {
    good = use->argument[i] != NULL || use->parameter[i]->values != NULL;
    if (good)
      continue;
    diag_report(use->x->diags, CODE_MISSING_ARGUMENT, span_in(use->context, use->node->head),
                "`%s` lacks its %s", use->block->name.text, use->parameter[i]->name.text);
    note_block(use);
  }
  return good;
}

/* Whether the block is being expanded already; reports it. */
static bool uses_itself(const struct use *use)
{
  for (const struct context *c = use->context; c != NULL; c = c->outer)
    if (c->block == use->block->block) {
      diag_report(use->x->diags, CODE_RECURSIVE_BLOCK, span_in(use->context, use->node->head),
                  "block `%s` uses itself, which would have no end", use->block->name.text);
      return true;
    }
  return false;
}

/* Binds the parameters in `inner`: arguments are the user's, defaults the block's. */
static void bind_parameters(struct use *use, struct context *inner)
{
  for (int i = 0; i < use->count; i++) {
    bool given = use->argument[i] != NULL;
    const struct ast_value *value = evaluate(use->x, given ? use->context : inner,
                                             given ? use->argument[i] : use->parameter[i]->values);
    bool known = value->kind != VALUE_NUMBER || value->number == value->number;
    scope_bind(use->x, inner, use->parameter[i]->name, known ? value : NULL, NULL);
  }
}

void expand_block(struct expander *x, struct context *context, const struct ast_node *node,
                  struct binding *block)
{
  struct use use = {.x = x, .context = context, .node = node, .block = block};
  struct expansion *expansion = mem_alloc(x->mem, sizeof *expansion);
  *expansion = (struct expansion){mem_printf(x->mem, "block `%s`", block->name.text),
                                  span_in(context, node->head)};
  if (node->block)
    diag_report(x->diags, CODE_MISSING_MARK, span_after(expansion->call),
                "expected ';' after `%s`, which is a block", block->name.text);
  if (node->block || uses_itself(&use) || !read_arguments(&use) ||
      !expand_count(x, context, node->head))
    return;
  struct context inner = *context;
  block->used = true;
  inner.scope = block;
  inner.level = block->level + 1;
  inner.depth++;
  inner.in = expansion;
  inner.block = block->block;
  inner.outer = context;
  bind_parameters(&use, &inner);
  expand_nodes(x, &inner, block->block->children);
  context->end = inner.end;
}
