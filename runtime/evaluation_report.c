#include "evaluation.h"
#include "json.h"
#include "words.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static json_t *class_json(const struct lathe_scores *scores, int i)
{
  return json_pack("{s:I, s:I, s:o, s:o, s:o}", "label", (json_int_t)scores->labels[i], "support",
                   (json_int_t)scores->support[i], "precision",
                   lathe_json_number(scores->precision[i]), "recall",
                   lathe_json_number(scores->recall[i]), "f1", lathe_json_number(scores->f1[i]));
}

static json_t *confusion_json(const struct lathe_scores *scores)
{
  json_t *labels = json_array(), *rows = json_array();
  for (int i = 0; i < scores->classes; i++) {
    json_t *row = json_array();
    for (int j = 0; j < scores->classes; j++)
      json_array_append_new(row, json_integer(scores->confusion[i * scores->classes + j]));
    json_array_append_new(labels, json_integer(scores->labels[i]));
    json_array_append_new(rows, row);
  }
  return json_pack("{s:o, s:o}", "labels", labels, "counts", rows);
}

static json_t *scores_json(const struct lathe_evaluation *evaluation)
{
  const struct lathe_scores *scores = &evaluation->scores;
  json_t *classes = json_array();
  for (int i = 0; i < scores->classes; i++)
    json_array_append_new(classes, class_json(scores, i));
  int64_t right = 0;
  for (int i = 0; i < scores->classes; i++)
    right += scores->confusion[i * scores->classes + i];
  json_t *json = json_pack(
      "{s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "names",
      evaluation->matched ? "matched" : "given", "right", (json_int_t)right, "accuracy",
      lathe_json_number(scores->accuracy), "macro_precision",
      lathe_json_number(scores->macro_precision), "macro_recall",
      lathe_json_number(scores->macro_recall), "macro_f1", lathe_json_number(scores->macro_f1),
      "micro_precision", lathe_json_number(scores->micro_precision), "micro_recall",
      lathe_json_number(scores->micro_recall), "micro_f1", lathe_json_number(scores->micro_f1),
      "classes", classes, "confusion", confusion_json(scores));
  if (json && evaluation->names && evaluation->names->count > 0)
    json_object_set_new(json, "label_names", lathe_class_names_json(evaluation->names));
  return json;
}

static json_t *decoded_json(const struct lathe_evaluation *evaluation)
{
  const struct lathe_loss *loss = &evaluation->loss;
  double ssim = NAN;
  lathe_similarity_ssim(&evaluation->similarity, &ssim);
  json_t *json = json_pack("{s:o, s:o, s:o, s:o}", "mse",
                           lathe_json_number(lathe_similarity_mse(&evaluation->similarity)), "ssim",
                           lathe_json_number(ssim), "loss", lathe_json_number(loss->total),
                           "reconstruction", lathe_json_number(loss->reconstruction));
  if (evaluation->divergence && json) {
    json_object_set_new(json, "kl", lathe_json_number(loss->kl));
    json_object_set_new(json, "elbo", lathe_json_number(evaluation->elbo));
  }
  return json;
}

static json_t *fitness_json(const struct lathe_evaluation *evaluation)
{
  const struct lathe_fitness *fitness = &evaluation->fitness;
  return json_pack("{s:o, s:o, s:o}", "log_likelihood", lathe_json_number(fitness->log_likelihood),
                   "bic", lathe_json_number(fitness->bic), "aic", lathe_json_number(fitness->aic));
}

/* `json` with the members of `part`, both of which are taken; NULL if that fails, or either is. */
static json_t *joined(json_t *json, json_t *part)
{
  if (json_object_update(json, part) != 0) {
    json_decref(json);
    json = NULL;
  }
  json_decref(part);
  return json;
}

json_t *lathe_evaluation_json(const struct lathe_evaluation *evaluation)
{
  json_t *json = json_pack("{s:I}", "images", (json_int_t)evaluation->images);
  if (evaluation->decoded)
    json = joined(json, decoded_json(evaluation));
  json = joined(json, fitness_json(evaluation));
  if (evaluation->scored)
    json = joined(json, scores_json(evaluation));
  return json;
}

static void print_scores(const struct lathe_evaluation *evaluation)
{
  const struct lathe_scores *scores = &evaluation->scores;
  printf("  accuracy %.2f %%", 100 * scores->accuracy);
  printf("   macro precision %.2f %%, recall %.2f %%, F1 %.2f %%", 100 * scores->macro_precision,
         100 * scores->macro_recall, 100 * scores->macro_f1);
  printf("   micro F1 %.2f %%\n", 100 * scores->micro_f1);
  if (evaluation->matched)
    printf("  (the clusters have no names of their own: these match the labels best)\n");

  enum { WIDEST = 20, LABEL = 24 };
  if (scores->classes > WIDEST) {
    printf("  the confusion matrix of %d classes is too wide to show: see --json\n",
           scores->classes);
    return;
  }
  char label[WIDEST][LABEL];
  int width = 7;
  for (int i = 0; i < scores->classes; i++) {
    lathe_class_brief(evaluation->names, scores->labels[i], label[i], LABEL);
    width = (int)strlen(label[i]) > width ? (int)strlen(label[i]) : width;
  }
  printf("\n  confusion, a row a true label, a column a predicted one (-1: unnamed cluster)\n  %*s",
         width + 1, "");
  for (int j = 0; j < scores->classes; j++)
    printf(" %*s", width, label[j]);
  printf("   precision  recall      F1\n");
  for (int i = 0; i < scores->classes; i++) {
    printf("  %*s", width + 1, label[i]);
    for (int j = 0; j < scores->classes; j++)
      printf(" %*lld", width, (long long)scores->confusion[i * scores->classes + j]);
    printf("     %7.4f %7.4f %7.4f\n", scores->precision[i], scores->recall[i], scores->f1[i]);
  }
}

static void print_decoded(const struct lathe_evaluation *evaluation,
                          const struct lathe_model *model)
{
  double ssim;
  printf("  MSE %.4f", lathe_similarity_mse(&evaluation->similarity));
  if (lathe_similarity_ssim(&evaluation->similarity, &ssim))
    printf("   SSIM %.4f", ssim);
  else
    printf("   (SSIM is not defined for these %s)", lathe_input_words(model));
  printf("\n  loss %.2f nats %s", evaluation->loss.total, lathe_input_one(model));
  if (evaluation->divergence)
    printf(" = reconstruction %.2f + %g x KL divergence %.2f", evaluation->loss.reconstruction,
           model->kl_weight, evaluation->loss.kl);
  if (model->normalised)
    printf(", of normalised values");
  if (model->normalised && evaluation->divergence)
    printf("\n  ELBO %.2f nats %s, of the values as they are", evaluation->elbo,
           lathe_input_one(model));
  printf("\n");
}

void lathe_evaluation_print(const struct lathe_evaluation *evaluation,
                            const struct lathe_model *model)
{
  const struct lathe_fitness *fitness = &evaluation->fitness;
  if (evaluation->decoded)
    print_decoded(evaluation, model);
  printf("  mixture: log-likelihood %.4f nats a point, BIC %.2f, AIC %.2f\n",
         fitness->log_likelihood, fitness->bic, fitness->aic);
  if (evaluation->scored)
    print_scores(evaluation);
}
