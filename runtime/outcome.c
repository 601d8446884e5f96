#include "outcome.h"
#include "clock.h"
#include "json.h"
#include "output.h"
#include "report.h"
#include "words.h"
#include <stdio.h>
#include <stdlib.h>

void lathe_outcome_free(struct lathe_outcome *outcome)
{
  lathe_em_report_free(&outcome->em);
  lathe_evaluation_free(&outcome->training);
  lathe_evaluation_free(&outcome->validation);
  lathe_evaluation_free(&outcome->labelled);
  lathe_clusters_free(&outcome->clusters);
}

struct lathe_show lathe_outcome_show(const struct lathe_outcome *outcome)
{
  const struct lathe_trainer *trainer = outcome->trainer;
  const struct lathe_model *model = outcome->session->model;
  struct lathe_show show = {
      .session = outcome->session,
      .images = {lathe_by_input(model, "the validation images", "the validation series",
                                "the validation rows"),
                 trainer->validation, &outcome->validation},
      .labelled = {lathe_by_input(model, "the labelled images", "the labelled series",
                                  "the labelled rows"),
                   outcome->labelled_part, &outcome->labelled},
  };
  if (trainer->validation.count == 0)
    show.images = (struct lathe_shown){
        lathe_by_input(model, "the training images", "the training series", "the training rows"),
        trainer->training, &outcome->training};
  return show;
}

static struct lathe_output *open_file(const struct lathe_outcome *outcome, enum lathe_run_file file,
                                      struct lathe_error *err)
{
  char path[LATHE_PATH];
  return lathe_run_path(outcome->folder, file, path, err) ? lathe_output_open(path, err) : NULL;
}

static bool write_em(const struct lathe_outcome *outcome, struct lathe_error *err)
{
  struct lathe_output *output = open_file(outcome, LATHE_RUN_EM, err);
  if (!output)
    return false;
  fprintf(lathe_output_stream(output), "iteration,log_likelihood\n");
  for (int i = 0; i < outcome->em.iterations; i++)
    fprintf(lathe_output_stream(output), "%d,%.10g\n", i + 1, outcome->em.log_likelihoods[i]);
  return lathe_output_commit(output, err);
}

static json_t *evaluation_json(const struct lathe_evaluation *evaluation)
{
  return evaluation->images > 0 ? lathe_evaluation_json(evaluation) : json_null();
}

json_t *lathe_outcome_json(const struct lathe_outcome *outcome)
{
  const struct lathe_em_report *em = &outcome->em;
  return json_pack(
      "{s:o, s:o, s:o, s:{s:i, s:b, s:o, s:i, s:i, s:s}, s:o}", "training",
      evaluation_json(&outcome->training), "validation", evaluation_json(&outcome->validation),
      "labelled", evaluation_json(&outcome->labelled), "em", "iterations", em->iterations,
      "converged", (int)em->converged, "log_likelihood", lathe_json_number(em->log_likelihood),
      "restart", em->restart, "recoveries", em->recoveries, "notes", em->notes, "clusters",
      lathe_clusters_json(&outcome->clusters));
}

static bool write_report(const struct lathe_outcome *outcome, struct lathe_error *err)
{
  char path[LATHE_PATH];
  struct lathe_report report = {outcome->folder, lathe_outcome_show(outcome)};
  return lathe_run_path(outcome->folder, LATHE_RUN_REPORT, path, err) &&
         lathe_report_write(&report, path, err);
}

bool lathe_outcome_write(const struct lathe_outcome *outcome, struct lathe_error *err)
{
  char metrics[LATHE_PATH];
  return lathe_session_save(outcome->session, outcome->folder, outcome->trainer->kept_steps, err) &&
         write_em(outcome, err) &&
         lathe_run_path(outcome->folder, LATHE_RUN_METRICS, metrics, err) &&
         lathe_json_write(lathe_outcome_json(outcome), metrics, err) &&
         lathe_outcome_draw(outcome, err) && write_report(outcome, err);
}

static void print_evaluation(const struct lathe_model *model, const char *name,
                             const struct lathe_evaluation *evaluation)
{
  if (evaluation->images == 0)
    return;
  double ssim;
  printf("  %-11s", name);
  if (evaluation->decoded)
    printf(" loss %#-8.5g MSE %.4f", evaluation->loss.total,
           lathe_similarity_mse(&evaluation->similarity));
  else
    printf(" log-likelihood %.4f  BIC %.2f", evaluation->fitness.log_likelihood,
           evaluation->fitness.bic);
  if (lathe_similarity_ssim(&evaluation->similarity, &ssim))
    printf("  SSIM %.4f", ssim);
  if (evaluation->scored)
    printf("  accuracy %.2f %%  macro F1 %.2f %%", 100 * evaluation->scores.accuracy,
           100 * evaluation->scores.macro_f1);
  printf("  (%lld %s)\n", (long long)evaluation->images, lathe_input_words(model));
}

void lathe_outcome_print(const struct lathe_outcome *outcome)
{
  const struct lathe_trainer *trainer = outcome->trainer;
  const struct lathe_em_report *em = &outcome->em;
  char time[LATHE_DURATION];
  double seconds = trainer->done > 0 ? trainer->epochs[trainer->done - 1].seconds : 0;
  const struct lathe_model *model = outcome->session->model;
  if (lathe_is_alone(model))
    printf("\n%s: a mixture fitted by EM\n", model->name);
  else
    printf("\n%s: %d epochs in %s\n", model->name, trainer->done, lathe_duration(time, seconds));
  if (!lathe_is_alone(model) && trainer->settings.stop_patience > 0)
    printf("  %s; the weights are those of epoch %d, whose loss is the least: %#.6g\n",
           trainer->done < trainer->settings.epochs ? "stopped early" : "trained to the last epoch",
           trainer->kept, trainer->best_loss);
  print_evaluation(model, "training", &outcome->training);
  print_evaluation(model, "validation", &outcome->validation);
  print_evaluation(model, "labelled", &outcome->labelled);
  printf("  mixture     %d components, %s after %d EM iterations, log-likelihood %.4f a point\n",
         outcome->session->mixture.components, em->converged ? "settled" : "not yet settled",
         em->iterations, em->log_likelihood);
  for (const char *line = em->notes; *line;) {
    size_t length = 0;
    while (line[length] && line[length] != '\n')
      length++;
    printf("  %.*s\n", (int)length, line);
    line += length + (line[length] == '\n');
  }
  char room[LATHE_WORDS];
  printf("\nFiles to look at in %s:\n", outcome->folder);
  struct lathe_show show = lathe_outcome_show(outcome);
  unsigned facts = lathe_show_facts(&show);
  for (enum lathe_run_file i = 0; i < LATHE_RUN_FILES; i++)
    if (lathe_run_about(i) && lathe_run_has(facts, i))
      printf("  %-23s %s\n", lathe_run_name(i), lathe_in_words(model, lathe_run_about(i), room));
}
