/* `normalise`: what it needs of the input and of the likelihood, and what is said in vain. */
#include "check_parts.h"

/* Values on another scale are neither probabilities nor levels. */
static void check_likelihood(struct checker *checker, const struct found *found,
                             const struct ast_node *node)
{
  const struct model *model = checker->model;
  const char *word = model->likelihood == LATHE_BERNOULLI ? "bernoulli" : "categorical";
  const struct ast_node *said = statement_find(found->loss, word);
  if (model->likelihood == LATHE_GAUSSIAN || !found->loss_known)
    return;
  diag_report(checker->diags, CODE_NORMALISED_LIKELIHOOD, node->head,
              "normalised values are any numbers, and a %s likelihood is of %s", word,
              model->likelihood == LATHE_BERNOULLI ? "values in [0, 1]" : "levels of the range");
  if (said != NULL)
    diag_note(checker->diags, said->head, "the likelihood is chosen here");
  else
    diag_help(checker->diags, "bernoulli is the default; write `loss { gaussian; }`");
}

/* As many numbers are given as there are channels, say, or one for all of them. */
static void check_count(struct checker *checker, const struct ast_attribute *written,
                        const struct numbers *numbers)
{
  static const char *const what[] = {
      [PER_CHANNEL] = "channels", [PER_VALUE] = "values", [PER_ALL] = "values together"};
  const struct model *model = checker->model;
  int64_t count = model_normalisers(model);
  if (written == NULL || numbers->count == 0 || numbers->count == count)
    return;
  if (model->normalised_by == PER_ALL)
    diag_report(checker->diags, CODE_NORMALISED_COUNT, written->span,
                "%d numbers, but `per all` takes one for all values", numbers->count);
  else
    diag_report(checker->diags, CODE_NORMALISED_COUNT, written->span,
                "%d number%s for the %lld %s of the input %s", numbers->count,
                numbers->count == 1 ? "" : "s", (long long)count,
                model->input.rank == 1 ? "features" : what[model->normalised_by],
                shape_text(checker->mem, &model->input));
  diag_help(checker->diags, "give as many, or one number without brackets");
}

void normalise_check(struct checker *checker, const struct found *found)
{
  const struct model *model = checker->model;
  const struct ast_node *node = statement_find(found->model, "normalise");
  const struct ast_attribute *mean = attribute_find(node, "mean");
  const struct ast_attribute *deviation = attribute_find(node, "deviation");
  if (node == NULL || model->normalisation == LATHE_NOT_NORMALISED || model->input.rank == 0)
    return;
  if (model->kind == LATHE_ALONE) {
    diag_report(checker->diags, CODE_ALONE, node->head,
                "`normalise` is of what layers receive, and this model is a mixture alone, without "
                "encoder and decoder");
    diag_help(checker->diags,
              "EM with `covariance full`, `diag` or `tied` comes to the same on any scale of the "
              "columns; only where it starts, and `floor`, depend on that: where it matters, "
              "scale the columns of the data, (x - mean) / deviation");
    return;
  }
  check_likelihood(checker, found, node);
  if (model->normalisation != LATHE_NORMALISE_GIVEN)
    return;
  if (mean == NULL && deviation == NULL)
    diag_report(checker->diags, CODE_NORMALISED_BY_NOTHING, node->head,
                "`normalise given` gives nothing: say its `mean`, its `deviation`, or both");
  check_count(checker, mean, &model->mean);
  check_count(checker, deviation, &model->deviation);
}

void normalise_warn(struct checker *checker, const struct found *found)
{
  const struct ast_node *node = statement_find(found->model, "normalise");
  const struct ast_attribute *a = node != NULL ? node->attributes : NULL;
  for (; a != NULL; a = a->next)
    if (checker->model->normalisation == LATHE_NOT_NORMALISED)
      diag_report(checker->diags, CODE_IDLE_ATTRIBUTE, a->span,
                  "`%s` does nothing: nothing is normalised", a->name.text);
    else if (checker->model->normalisation != LATHE_NORMALISE_GIVEN &&
             (a == attribute_find(node, "mean") || a == attribute_find(node, "deviation")))
      diag_report(checker->diags, CODE_IDLE_ATTRIBUTE, a->span,
                  "`%s` does nothing: the training images say by what they are normalised",
                  a->name.text);
}
