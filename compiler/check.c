#include "check.h"
#include "check_parts.h"
#include "forms.h"
#include "suggest.h"
#include <string.h>
#include <strings.h>

enum { MIXTURE_MOST = 1 << 18 };

/* The model among the file's items; reports all that is not it. */
static const struct ast_node *find_model(struct checker *checker, const struct expanded *ast)
{
  const struct ast_node *model = NULL;
  for (const struct ast_node *node = ast->items; node != NULL; node = node->next) {
    const char *name = node->name.text;
    struct suggestion near = {.word = name};
    const struct form *form;
    suggest(&near, "model");
    for (int i = 0; (form = form_at(i)) != NULL; i++)
      suggest(&near, form->name);
    bool meant_let = checker->incomplete && near.best != NULL && strcmp(near.best, "let") == 0;
    if (meant_let)
      continue; /* which was reported */
    if (strcmp(name, "model") != 0) {
      diag_report(checker->diags, CODE_NOT_A_MODEL, node->name.span,
                  "expected `model NAME {`, but found `%s`", quoted(checker, node->name.span));
      diag_suggest(checker->diags, near.best);
      if (near.best == NULL && rule_is_name(name))
        diag_help(checker->diags, "`%s` stands inside of the model's braces", name);
      else if (near.best == NULL && model != NULL)
        diag_help(checker->diags, "a file holds one model and nothing after it");
    } else if (model != NULL) {
      diag_report(checker->diags, CODE_SECOND_MODEL, node->head,
                  "a file holds one model, but here is a second");
      diag_note(checker->diags, model->head, "the first is here");
    } else {
      model = node;
    }
  }
  return model;
}

/* Its name, and nothing more, before the brace. */
static void check_title(struct checker *checker, const struct ast_node *model)
{
  const struct ast_value *name = model->values;
  if (!model->block)
    diag_report(checker->diags, CODE_MISSING_MARK, span_after(model->head),
                "expected '{' after `%s`", quoted(checker, model->head));
  else if (name == NULL || name->kind != VALUE_WORD)
    diag_report(checker->diags, CODE_UNNAMED_MODEL, name == NULL ? model->name.span : name->span,
                "the model needs a name: `model NAME {`");
  else if (name->next != NULL || model->attributes != NULL)
    diag_report(checker->diags, CODE_MISSING_MARK,
                name->next != NULL ? name->next->span : model->attributes->span,
                "expected '{' after `model %s`", name->text);
  else if (strncasecmp(name->text, "lathe", 5) == 0 &&
           (name->text[5] == '_' || name->text[5] == '\0'))
    diag_report(checker->diags, CODE_BAD_NAME, name->span,
                "a model's name may not begin with `lathe_`: its C code is linked with functions "
                "of such names");
  else if (name_check(checker->diags, (struct ast_word){name->text, name->span}))
    checker->model->name = name->text;
}

/* Sections stand once, with braces and without values; those that must be there are. */
static void check_sections(struct checker *checker, const struct ast_node *model)
{
  const struct section_rule *rule;
  bool alone = checker->model->kind == LATHE_ALONE;
  for (const struct ast_node *node = model->children; node != NULL && !given_up(checker);
       node = node->next) {
    const char *name = node->name.text;
    if (section_rule_find(name) == NULL)
      continue;
    const struct ast_node *first = statement_find(model, name);
    if (!node->block)
      diag_report(checker->diags, CODE_MISSING_MARK, span_after(node->head),
                  "expected '{' after `%s`, which is a section", quoted(checker, node->head));
    else if (node->values != NULL || node->attributes != NULL)
      diag_report(checker->diags, CODE_MISSING_MARK,
                  node->values != NULL ? node->values->span : node->attributes->span,
                  "expected '{' after `%s`", name);
    if (first != node)
      report_twice(checker, node->head, first->head,
                   mem_printf(checker->mem, "section `%s`", name));
  }
  for (int i = 0; (rule = section_rule_at(i)) != NULL; i++)
    if (rule->required && !alone && statement_missing(checker, model, rule->name))
      diag_report(checker->diags, CODE_MISSING_SECTION, model->head,
                  "the model has no section `%s { ... }`", rule->name);
}

/* Whether the description is of a mixture without layers: of the input itself. Where there is a
 * latent, or something like a section of layers, layers were forgotten. */
static bool is_alone(const struct checker *checker, const struct ast_node *model)
{
  bool mixture = statement_find(model, "mixture") != NULL ||
                 !statement_missing(checker, model, "mixture"); /* but misspelt, or lost */
  return mixture && statement_find(model, "latent") == NULL &&
         statement_missing(checker, model, "encoder") &&
         statement_missing(checker, model, "decoder") &&
         statement_missing(checker, model, "latent");
}

/* The mixture's points are the input's values, all of which are fitted unless the description says
 * otherwise; what a batch is, is nobody's concern but the runtime's. */
static void check_alone(struct checker *checker, const struct found *found)
{
  enum { ALONE_BATCH = 1024 };
  struct model *model = checker->model;
  settings_alone(checker, found);
  model->latent = (int)shape_size(&model->input);
  model->training.batch = ALONE_BATCH;
  model->training.epochs = 0;
  if (statement_find(found->train, "split") == NULL)
    model->training.split = 1;
}

/* Input and latent are told apart by their names. */
static void check_names(struct checker *checker, const struct found *found)
{
  const struct model *model = checker->model;
  if (model->input_name == NULL || model->latent_name == NULL ||
      strcmp(model->input_name, model->latent_name) != 0)
    return;
  diag_report(checker->diags, CODE_SAME_NAME, found->latent->head,
              "`%s` is already the name of the input", model->latent_name);
  diag_note(checker->diags, found->input->head, "the input is declared here");
}

/* Follows the shapes from the input to the head, and from the latent back to the input's shape. */
static void check_layers(struct checker *checker, const struct found *found)
{
  struct mem *mem = checker->mem;
  struct model *model = checker->model;
  double parameters = 0;
  struct layers_check encoder = {
      .node = found->encoder,
      .section = &model->encoder,
      .shape = model->input,
      .latent = found->latent,
      .encoder = true,
      .parameters = &parameters,
  };
  struct layers_check decoder = {
      .node = found->decoder,
      .section = &model->decoder,
      .shape = {model->latent > 0, {model->latent}},
      .parameters = &parameters,
  };
  if (model->input.rank > 0) {
    const char *shape = shape_text(mem, &model->input);
    encoder.from.text = mem_printf(mem, "input %s %s", model->input_name, shape);
    encoder.from.span = found->input->head;
  }
  if (model->latent > 0) {
    decoder.from.text = mem_printf(mem, "latent %s [%d]", model->latent_name, model->latent);
    decoder.from.span = found->latent->head;
  }
  if (found->encoder != NULL)
    layers_read(checker, &encoder);
  if (found->decoder != NULL)
    layers_read(checker, &decoder);
  struct shape expected = model->input;
  int64_t outputs = model_outputs(model);
  expected.dim[0] *= outputs;
  if (model->decoder.count == 0 || decoder.shape.rank == 0 || model->input.rank == 0 ||
      !found->loss_known || shape_equal(&decoder.shape, &expected))
    return;
  const char *what =
      outputs == 1 ? "the input's shape"
      : model->likelihood == LATHE_CATEGORICAL
          ? mem_printf(mem, "%lld logits for each value of the input,", (long long)outputs)
          : "a mean and a log-variance for each value of the input,";
  diag_report(checker->diags, CODE_DECODER_SHAPE, decoder.from.span,
              "the decoder ends with %s from `%s`, but must end with %s %s",
              shape_text(mem, &decoder.shape), decoder.from.text, what, shape_text(mem, &expected));
  shapes_report(checker, &decoder, model->decoder.count);
  diag_note(checker->diags, found->input->head, "the input is declared here");
  const struct ast_node *said =
      statement_find(found->loss, outputs == 1                             ? "bernoulli"
                                  : model->likelihood == LATHE_CATEGORICAL ? "categorical"
                                                                           : "gaussian");
  if (outputs > 1 && said != NULL)
    diag_note(checker->diags, said->head, "the likelihood is chosen here");
  fit_suggest(checker, &model->decoder, 0, model->decoder.count, &expected);
}

/* Where the likelihood comes from, below an error that is due to it. */
static void note_bernoulli(struct checker *checker, const struct found *found)
{
  const struct ast_node *said = statement_find(found->loss, "bernoulli");
  if (said != NULL)
    diag_note(checker->diags, said->head, "the likelihood is chosen here");
  else
    diag_help(checker->diags,
              "bernoulli is the default; another is chosen by `loss { gaussian; }`");
}

/* A Bernoulli likelihood is of values in [0, 1], on both sides. */
static void check_bernoulli(struct checker *checker, const struct found *found)
{
  const struct model *model = checker->model;
  if (model->range[0] != 0 || model->range[1] != 1) {
    diag_report(checker->diags, CODE_BERNOULLI_RANGE, found->input->head,
                "a bernoulli likelihood needs an input with range [0, 1], not [%g, %g]",
                model->range[0], model->range[1]);
    note_bernoulli(checker, found);
  }
  if (model->decoder.count == 0 || checker->incomplete)
    return;
  const struct layer *end = section_end(&model->decoder);
  if (end->rule == NULL || end->rule->kind == LAYER_SIGMOID)
    return;
  diag_report(checker->diags, CODE_BERNOULLI_OUTPUT, end->node->head,
              "a bernoulli likelihood needs a decoder that ends in `sigmoid`, not in `%s`",
              end->rule->name);
  note_bernoulli(checker, found);
  diag_help(checker->diags, "add `sigmoid;` behind it");
}

/* Values are held to a range that is written, or that the likelihood needs. */
static void check_range(struct checker *checker, const struct found *found)
{
  struct model *model = checker->model;
  model->bounded = attribute_find(found->input, "range") != NULL ||
                   (model->kind != LATHE_ALONE && model->likelihood != LATHE_GAUSSIAN);
}

/* What the mixture's settings mean together and for this latent. */
static void check_mixture(struct checker *checker, const struct found *found)
{
  const struct lathe_mixing *mixing = &checker->model->mixing;
  double k = mixing->components, d = checker->model->latent;
  const double count[] = {
      [LATHE_FULL] = k * d * d, [LATHE_DIAG] = k * d, [LATHE_TIED] = d * d, [LATHE_SPHERICAL] = k};
  const struct ast_node *at = found->mixture != NULL ? found->mixture : found->latent;
  if (at == NULL || d < 1)
    return;
  /* Emitted EM keeps every component's factor on the stack while it works. */
  double factors = mixing->covariance == LATHE_TIED ? k * d * d : count[mixing->covariance];
  factors = factors > k * d ? factors : k * d;
  if (factors <= MIXTURE_MOST)
    return;
  diag_report(checker->diags, CODE_MIXTURE_TOO_LARGE, at->head,
              "the mixture's covariances would have %.16g values; %d are the most", factors,
              MIXTURE_MOST);
  if (k * d <= MIXTURE_MOST)
    diag_help(checker->diags, "`mixture { components %d; covariance diag; }` has %.16g",
              mixing->components, k * d);
}

/* Section `name` if it has braces, and its settings read when it holds any. */
static const struct ast_node *read_section(struct checker *checker, const struct ast_node *model,
                                           const char *name)
{
  const struct ast_node *block = statement_find(model, name);
  enum rule_set set = section_rule_find(name)->set;
  if (block == NULL || !block->block)
    return NULL;
  if (set != RULES_LAYER)
    settings_read(checker, block, set, name);
  return block;
}

struct model *check(struct mem *mem, const struct expanded *ast, struct diags *diags)
{
  struct model *model = mem_alloc(mem, sizeof *model);
  struct checker checker = {.mem = mem,
                            .diags = diags,
                            .source = ast->source,
                            .model = model,
                            .incomplete = ast->incomplete};
  struct found found = {.model = find_model(&checker, ast)};
  model->read_from = ast->source;
  model->file = ast->source->files[0].path;
  model->source = ast->text;
  settings_defaults(model);
  if (found.model == NULL) {
    if (diags->errors == 0)
      diag_report(diags, CODE_EMPTY, (struct span){0},
                  "the description has no model: expected `model NAME {`");
    return NULL;
  }
  check_title(&checker, found.model);
  if (!found.model->block)
    return NULL;
  model->kind = is_alone(&checker, found.model) ? LATHE_ALONE : LATHE_VARIATIONAL;
  check_sections(&checker, found.model);
  defaults_read(&checker, ast->defaults);
  settings_read(&checker, found.model, RULES_MODEL, "model");
  found.input = statement_find(found.model, "input");
  found.latent = statement_find(found.model, "latent");
  found.encoder = read_section(&checker, found.model, "encoder");
  found.decoder = read_section(&checker, found.model, "decoder");
  checker.lost = false;
  found.loss = read_section(&checker, found.model, "loss");
  found.loss_known = !checker.lost && !checker.incomplete &&
                     (found.loss != NULL || statement_missing(&checker, found.model, "loss"));
  settings_check_divergence(&checker, found.loss);
  found.mixture = read_section(&checker, found.model, "mixture");
  found.train = read_section(&checker, found.model, "train");
  if (model->kind == LATHE_ALONE)
    check_alone(&checker, &found);
  check_range(&checker, &found);
  if (found.train != NULL)
    settings_check_train(&checker, found.train);
  check_names(&checker, &found);
  if (model->kind != LATHE_ALONE)
    check_layers(&checker, &found);
  if (model->kind == LATHE_PLAIN && attribute_find(found.latent, "logvar") != NULL)
    diag_report(diags, CODE_NO_DIVERGENCE, attribute_find(found.latent, "logvar")->span,
                "`logvar` bounds log-variances, and the encoder ends in `code`, which has none");
  if (model->kind == LATHE_PLAIN && statement_find(found.loss, "kl") != NULL)
    diag_report(
        diags, CODE_NO_DIVERGENCE, statement_find(found.loss, "kl")->head,
        "`kl` weighs the divergence of a posterior, and the encoder ends in `code`, which has "
        "none");
  if (model->kind != LATHE_ALONE && found.loss_known && model->likelihood == LATHE_BERNOULLI &&
      model->input.rank > 0)
    check_bernoulli(&checker, &found);
  normalise_check(&checker, &found);
  check_mixture(&checker, &found);
  if (model->memory_limit > 0)
    model->memory_limit_at = statement_find(found.model, "memory_limit")->head;
  if (diags->errors == 0)
    warnings_find(&checker, &found);
  return diags->errors == 0 ? model : NULL;
}
