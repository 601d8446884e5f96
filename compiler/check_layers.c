/* Encoder and decoder: a list of layers, each receiving what the one before gives. */
#include "check_parts.h"
#include "text.h"
#include <limits.h>
#include <string.h>

bool count_check(struct checker *checker, struct span span, double count, const char *what)
{
  if (count <= INT_MAX)
    return true;
  diag_report(checker->diags, CODE_TOO_MANY_VALUES, span,
              "%s would have %.16g values; %d are the most", what, count, INT_MAX);
  return false;
}

static double values_of(const struct shape *shape)
{
  double count = 1;
  for (int i = 0; i < shape->rank; i++)
    count *= (double)shape->dim[i];
  return count;
}

static void set_values(struct layer *layer, const struct given *given)
{
  for (int i = 0; given->rule->attributes[i].name != NULL; i++) {
    layer->value[i] = given->value[i].number;
    layer->across[i] = given->value[i].high;
    if (given->value[i].at != NULL)
      layer->said |= 1U << i;
    if (given->value[i].shape.rank > 0)
      layer->shape = given->value[i].shape;
  }
}

/* What would make that which a layer holds fit to what it is joined to. */
static void suggest_inside(struct checker *checker, const struct section *section,
                           const struct layer *layer)
{
  struct shape wanted = layer->beside;
  int end = section->count - 1;
  if (layer->rule->kind == LAYER_CONCAT && layer->in.rank == layer->beside.rank)
    wanted.dim[0] = layer->in.dim[0];
  if (layer->shortcut == end - 1) /* it stands last: before it */
    end = section->layers[layer->shortcut].first;
  fit_suggest(checker, section, layer->first, end, &wanted);
}

/* Follows the shape through one layer; rank 0 when it is lost to an error. */
static struct shape pass(struct checker *checker, struct layers_check *layers, struct layer *layer,
                         struct span span, struct origin beside)
{
  static const struct shape unknown = {0};
  struct layer_check check = {.layer = layer,
                              .span = span,
                              .from = layers->from,
                              .beside = beside,
                              .diags = checker->diags,
                              .latent = checker->model->latent};
  layer->in = layers->shape;
  if (layers->shape.rank == 0)
    return unknown;
  if (!layer->rule->shape(&check)) {
    shapes_report(checker, layers, layers->section->count - 1);
    if (layer->rule->holds_layers)
      suggest_inside(checker, layers->section, layer);
    return unknown;
  }
  if (!count_check(checker, span, values_of(&layer->out),
                   mem_printf(checker->mem, "the output of `%s`, %s,", layer->text,
                              shape_text(checker->mem, &layer->out))))
    return unknown;
  if (!count_check(checker, span, check.parameters,
                   mem_printf(checker->mem, "the parameters of `%s`", layer->text)))
    return unknown;
  bool fitted = *layers->parameters <= INT_MAX;
  *layers->parameters += check.parameters;
  if (fitted) /* else it was reported */
    count_check(checker, span, *layers->parameters,
                mem_printf(checker->mem, "the parameters up to `%s`", layer->text));
  return layer->out;
}

enum { CHAIN = 6 }; /* layers shown of a chain */

void shapes_report(struct checker *checker, const struct layers_check *layers, int failed)
{
  struct text text = {.mem = checker->mem};
  const struct layer *layer = layers->section->layers;
  int first = failed > CHAIN ? failed - CHAIN : 0;
  if (failed == 0) /* the message says what it receives */
    return;
  text_printf(&text, "%s%s", first > 0 ? "... " : "", shape_text(checker->mem, &layer[first].in));
  for (int i = first; i < failed; i++)
    text_printf(&text, " -> %s %s", layer[i].rule->name, shape_text(checker->mem, &layer[i].out));
  if (failed < layers->section->count)
    text_printf(&text, " -> %s", layer[failed].rule->name);
  diag_shapes(checker->diags, text.data);
}

static bool is_head(const struct ast_node *node)
{
  const struct rule *rule = rule_find(RULES_LAYER, node->name.text);
  return rule != NULL && rule->head;
}

/* The first head of the block. */
static const struct ast_node *find_head(const struct ast_node *block)
{
  const struct ast_node *node = block->children;
  while (node != NULL && !is_head(node))
    node = node->next;
  return node;
}

/* The head: in the encoder, once, at its end, of a latent that is declared before it. */
static void check_head(struct checker *checker, struct layers_check *layers,
                       const struct ast_node *node, const struct given *given)
{
  struct diags *diags = checker->diags;
  const char *latent = checker->model->latent_name, *name = given->value[0].word;
  const struct ast_node *first = find_head(layers->node);
  if (layers->depth > 0) {
    diag_report(diags, CODE_MISPLACED_HEAD, node->head,
                "`%s` is the encoder's head and cannot stand inside of another layer",
                given->rule->name);
    layers->misplaced = true;
  } else if (!layers->encoder) {
    diag_report(diags, CODE_MISPLACED_HEAD, node->head,
                "`%s` is the encoder's head and cannot stand in the %s", given->rule->name,
                layers->node->name.text);
  } else if (first != node) {
    diag_report(diags, CODE_MISPLACED_HEAD, node->head, "the encoder has a second head");
    diag_note(diags, first->head, "the first is here");
  } else if (node->next != NULL && !is_head(node->next)) {
    diag_report(diags, CODE_MISPLACED_HEAD, node->next->head,
                "`%s` stands behind the head, which ends the encoder",
                quoted(checker, node->next->head));
    diag_note(diags, node->head, "the head is here");
  }
  if (layers->latent == NULL || latent == NULL || name == NULL)
    return;
  struct span at = given->value[0].at->span;
  if (strcmp(name, latent) != 0) {
    diag_report(diags, CODE_UNKNOWN_LATENT, at, "there is no latent `%s`", name);
    diag_note(diags, layers->latent->head, "the latent is called `%s`", latent);
  } else if (source_before(checker->source, at, layers->latent->span)) {
    diag_report(diags, CODE_LATE_LATENT, at, "latent `%s` is used before it is declared", name);
    diag_note(diags, layers->latent->head, "it is declared only here");
    diag_help(diags, "move the declaration before the encoder");
  }
}

/* All layers of a block, those inside of others counted as well. */
static int count_layers(const struct ast_node *block)
{
  int count = 0;
  for (const struct ast_node *node = block->children; node != NULL; node = node->next)
    count += 1 + count_layers(node);
  return count;
}

static void read_layer(struct checker *checker, struct layers_check *layers,
                       const struct ast_node *node, const char *name);

enum { NESTED_MOST = 16 };

/* The layers of a block; each is named by the block's name and its position there. */
static void read_block(struct checker *checker, struct layers_check *layers,
                       const struct ast_node *block, const char *name)
{
  int position = 0;
  for (const struct ast_node *node = block->children; node != NULL && !given_up(checker);
       node = node->next)
    read_layer(checker, layers, node, mem_printf(checker->mem, "%s.%d", name, position++));
}

/* A shortcut: in the braces of `residual` or `concat`, once, beside others. */
static bool check_shortcut(struct checker *checker, const struct layers_check *layers,
                           const struct ast_node *node)
{
  const struct holder *holder = layers->holder;
  struct diags *diags = checker->diags;
  if (holder == NULL || holder->rule->kind == LAYER_SHORTCUT) {
    diag_report(diags, CODE_MISPLACED_SHORTCUT, node->head,
                "`shortcut` stands in the braces of `residual` or `concat`, beside their layers");
  } else if (holder->shortcut >= 0) {
    diag_report(diags, CODE_MISPLACED_SHORTCUT, node->head, "this `%s` has a second shortcut",
                holder->rule->name);
    diag_note(diags, layers->section->layers[holder->shortcut].node->head, "the first is here");
  } else {
    return true;
  }
  return false;
}

/* The layers that a layer holds: they come before it in the section. Those of a shortcut receive
 * what the layer does in whose braces it stands. */
static void read_inside(struct checker *checker, struct layers_check *layers,
                        const struct ast_node *node, const char *name, struct holder *holder)
{
  struct holder *outer = layers->holder;
  bool shortcut = holder->rule->kind == LAYER_SHORTCUT, placed = true;
  if (shortcut) {
    placed = check_shortcut(checker, layers, node);
    if (placed) {
      layers->shape = outer->received;
      layers->from = outer->from;
    } else {
      layers->shape.rank = 0;
    }
  }
  holder->received = layers->shape;
  if (node->children == NULL && !checker->incomplete) {
    diag_report(checker->diags, CODE_NO_LAYERS, node->head, "`%s` has no layers in its braces",
                node->name.text);
    layers->shape.rank = 0;
  } else if (layers->depth == NESTED_MOST) {
    diag_report(checker->diags, CODE_TOO_DEEP, node->head, "layers are nested more than %d deep",
                NESTED_MOST);
    layers->shape.rank = 0;
  } else {
    layers->depth++;
    layers->holder = holder;
    read_block(checker, layers, node, name);
    layers->holder = outer;
    layers->depth--;
    layers->section->layers[holder->first].joined = true;
    if (shortcut && placed)
      layers->section->layers[holder->first].source = outer->first;
    if (holder->shortcut >= 0 && node->children->next == NULL && !checker->incomplete) {
      diag_report(checker->diags, CODE_NO_LAYERS, node->head,
                  "`%s` has no layers beside its shortcut", node->name.text);
      layers->shape.rank = 0;
    }
  }
}

/* What a layer joins to what its braces give; where that comes from. */
static struct origin find_beside(const struct layers_check *layers, struct layer *layer,
                                 const struct holder *holder)
{
  layer->shortcut = holder->shortcut;
  layer->beside = layer->received = holder->received;
  if (holder->shortcut < 0)
    return holder->from;
  const struct layer *shortcut = &layers->section->layers[holder->shortcut];
  layer->beside = shortcut->out;
  return (struct origin){shortcut->text, shortcut->node->head};
}

/* The layers behind a shortcut receive what those before it give. */
static void end_shortcut(struct layers_check *layers, int at, struct shape before,
                         struct origin from)
{
  layers->from = from;
  if (layers->shape.rank == 0 || layers->holder == NULL) {
    layers->shape.rank = 0;
    return;
  }
  layers->holder->shortcut = at;
  layers->section->layers[at].source = layers->holder->first;
  layers->shape = before;
}

static void read_layer(struct checker *checker, struct layers_check *layers,
                       const struct ast_node *node, const char *name)
{
  const struct rule *rule = statement_rule(checker, node, RULES_LAYER, layers->node->name.text);
  bool holds = rule != NULL && rule->holds_layers;
  struct shape before = layers->shape;
  struct holder holder = {rule, before, layers->from, layers->section->count, -1};
  if (holds)
    read_inside(checker, layers, node, name, &holder);
  int at = layers->section->count++;
  struct layer *layer = &layers->section->layers[at];
  struct given given;
  bool good = rule != NULL && statement_read(checker, node, rule, &given);
  if (rule != NULL && rule->head) {
    check_head(checker, layers, node, &given);
    checker->model->kind = rule->kind == LAYER_CODE ? LATHE_PLAIN : LATHE_VARIATIONAL;
  }
  if (good) {
    layer->rule = rule;
    struct place place = source_place(checker->source, node->span.begin);
    layer->path = place.file->path;
    layer->file = place.file->name;
    layer->line = place.line;
    layer->name = name;
    layer->node = node;
    layer->first = holder.first;
    layer->source = at;
    struct origin beside = find_beside(layers, layer, &holder);
    layer->text = statement_text(checker->mem, &given);
    int held = at - holder.first;
    if (holds)
      layer->text =
          mem_printf(checker->mem, "%s { %d layer%s }", layer->text, held, held == 1 ? "" : "s");
    set_values(layer, &given);
    if (rule->head && (!layers->encoder || layers->depth > 0))
      layers->shape.rank = 0;
    layers->shape = pass(checker, layers, layer, node->head, beside);
    if (rule->kind == LAYER_SHORTCUT)
      end_shortcut(layers, at, before, holder.from);
    else
      layers->from = (struct origin){layer->text, node->head};
  } else {
    layers->shape.rank = 0;
  }
}

void defaults_read(struct checker *checker, const struct ast_node *nodes)
{
  for (const struct ast_node *node = nodes; node != NULL && !given_up(checker); node = node->next) {
    const struct rule *rule = statement_rule(checker, node, RULES_LAYER, "defaults");
    struct given *given = rule == NULL ? NULL : &checker->defaults[rule->kind];
    if (rule == NULL)
      continue;
    if (rule->holds_layers)
      diag_report(checker->diags, CODE_UNKNOWN_ATTRIBUTE, node->head,
                  "`%s` has no attributes, and layers have no place in `defaults`", rule->name);
    if (node->values != NULL) {
      diag_report(checker->diags, CODE_DEFAULT_BY_PLACE, node->values->span,
                  "a default is given by its name: `%s, %s`", rule->name, "ATTRIBUTE VALUE");
      help_usage(checker, rule);
    }
    if (given->rule == NULL)
      given_defaults(given, rule);
    for (const struct ast_attribute *a = node->attributes; a != NULL; a = a->next)
      attribute_read(checker, a, given);
  }
}

void layers_read(struct checker *checker, struct layers_check *layers)
{
  const struct ast_node *block = layers->node;
  int count = count_layers(block);
  layers->section->layers = mem_alloc(checker->mem, (size_t)count * sizeof(struct layer));
  if (checker->incomplete)
    layers->shape.rank = 0; /* what was lost may have been a layer */
  read_block(checker, layers, block, block->name.text);
  if (count == 0 && !checker->incomplete) {
    diag_report(checker->diags, CODE_NO_LAYERS, block->head, "the %s has no layers",
                block->name.text);
  } else if (layers->encoder && !layers->misplaced && find_head(block) == NULL &&
             statement_missing(checker, block, "gaussian") &&
             statement_missing(checker, block, "code")) {
    diag_report(checker->diags, CODE_NO_HEAD, block->head, "the encoder has no head");
    diag_help(checker->diags, "end it with `gaussian %s;`",
              checker->model->latent_name != NULL ? checker->model->latent_name : "LATENT");
  }
}
