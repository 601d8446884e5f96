/* Sections of a report: curves, metrics, classification, clusters, the latent space. */
#include "charts.h"
#include "latent_views.h"
#include "report_parts.h"
#include "words.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool lathe_report_has_curves(const struct lathe_report_page *page)
{
  return page->history.epochs > 0 || page->history.iterations > 0;
}

/* What EM did about components that degenerated, and about starts that failed: a sentence a line.
 */
static void write_recoveries(const struct lathe_report_page *page)
{
  const json_t *em = json_object_get(page->metrics, "em");
  const char *notes = json_string_value(json_object_get(em, "notes"));
  if (!notes || !*notes)
    return;
  fputs("<p>What was done in the fit of the mixture:</p>\n<ul>\n", page->out);
  for (const char *line = notes; *line;) {
    size_t length = strcspn(line, "\n");
    fputs("<li>", page->out);
    lathe_html_printf(page->out, "%.*s", (int)length, line);
    fputs("</li>\n", page->out);
    line += length + (line[length] == '\n');
  }
  fputs("</ul>\n", page->out);
}

/* How many log-variances were kept at their bounds, and how long. */
static void write_clamped(struct lathe_report_page *page)
{
  const struct lathe_history *history = &page->history;
  const struct lathe_model *model = page->show->session->model;
  const double *count = lathe_history_column(history, LATHE_EPOCH_train_clamped);
  double all = 0;
  int epochs = 0, last = 0;
  for (int i = 0; i < history->epochs; i++)
    if (count[i] > 0) { /* false for NaN: not known */
      all += count[i];
      last = i + 1;
      epochs++;
    }
  if (epochs > 0)
    fprintf(page->out,
            "<p>%.0f log-variances of training %s were clamped to [%g, %g], in %d of %d epochs, "
            "the last of them epoch %d: from one that lies at a bound the encoder learns "
            "nothing.</p>\n",
            all, lathe_input_words(model), model->logvar[0], model->logvar[1], epochs,
            history->epochs, last);
}

/* What the curves come to, in words. */
static void write_course(const struct lathe_report_page *page)
{
  const struct lathe_history *history = &page->history;
  const double *training = lathe_history_column(history, LATHE_EPOCH_train_loss);
  const double *validation = lathe_history_column(history, LATHE_EPOCH_valid_loss);
  int last = history->epochs - 1, least = 0;
  FILE *out = page->out;
  if (last < 0)
    return;
  fprintf(out, "<p>After %d epoch%s the training loss is %.5g nats %s", last + 1,
          last > 0 ? "s" : "", training[last], lathe_input_one(page->model));
  if (last > 0)
    fprintf(out, ", from %.5g after the first", training[0]);
  if (lathe_history_known(history, LATHE_EPOCH_valid_loss)) {
    for (int i = 1; i <= last; i++)
      if (!(validation[i] >= validation[least]))
        least = i;
    fprintf(out, "; the validation loss is %.5g", validation[last]);
    if (least < last)
      fprintf(out, " and was the least, %.5g, in epoch %.0f", validation[least],
              history->epoch[least]);
    else if (last > 0)
      fputs(", the least of all epochs", out);
  }
  fputs(".</p>\n", out);
}

/* How EM ended. */
static void write_settled(const struct lathe_report_page *page)
{
  const json_t *em = json_object_get(page->metrics, "em");
  long long iterations = (long long)json_integer_value(json_object_get(em, "iterations"));
  if (iterations > 0)
    fprintf(page->out,
            "<p>EM %s after %lld iteration%s, at a log-likelihood of %.5g nats a point.</p>\n",
            json_is_true(json_object_get(em, "converged")) ? "settled" : "had not settled",
            iterations, iterations > 1 ? "s" : "",
            json_number_value(json_object_get(em, "log_likelihood")));
}

bool lathe_report_curves(struct lathe_report_page *page, struct lathe_error *err)
{
  write_course(page);
  write_settled(page);
  fputs("<div class=\"pair\">\n", page->out);
  for (int i = 0; i < LATHE_CHARTS; i++) {
    const char *title = lathe_chart_title(i);
    if (lathe_chart_curve(i, 0, &page->history).n > 0 &&
        !lathe_html_picture(page->out, "plot", title,
                            lathe_chart_of(i, page->model, &page->history, lathe_plot_half, err),
                            err))
      return false;
  }
  fputs("</div>\n", page->out);
  write_clamped(page);
  write_recoveries(page);
  return true;
}

bool lathe_report_has_metrics(const struct lathe_report_page *page)
{
  (void)page;
  return true;
}

/* The columns of the table, of the kinds of models up to one. */
static const struct metric {
  const char *key, *head, *format;
  enum lathe_kind last;
} columns[] = {{"images", "Images", "%.0f", LATHE_ALONE},
               {"loss", "Loss", "%.3f", LATHE_PLAIN},
               {"reconstruction", "Reconstruction", "%.3f", LATHE_PLAIN},
               {"kl", "KL", "%.3f", LATHE_VARIATIONAL},
               {"mse", "MSE", "%.5f", LATHE_PLAIN},
               {"ssim", "SSIM", "%.4f", LATHE_PLAIN},
               {"log_likelihood", "Log-likelihood", "%.4f", LATHE_ALONE},
               {"bic", "BIC", "%.1f", LATHE_ALONE},
               {"accuracy", "Accuracy", "%.4f", LATHE_ALONE},
               {"macro_precision", "Precision", "%.4f", LATHE_ALONE},
               {"macro_recall", "Recall", "%.4f", LATHE_ALONE},
               {"macro_f1", "F1", "%.4f", LATHE_ALONE}};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static void write_metrics_row(const struct lathe_report_page *page, const char *name,
                              const json_t *metrics)
{
  FILE *out = page->out;
  fputs("<tr><th>", out);
  lathe_html_text(out, name);
  fputs("</th>", out);
  for (int i = 0; i < COLUMNS; i++) {
    const json_t *value = json_object_get(metrics, columns[i].key);
    if (page->model->kind <= columns[i].last)
      lathe_report_number(out, columns[i].format,
                          json_is_number(value) ? json_number_value(value) : NAN);
  }
  fputs("</tr>\n", out);
}

bool lathe_report_metrics(struct lathe_report_page *page, struct lathe_error *err)
{
  static const char *const parts[] = {"training", "validation", "labelled"};
  FILE *out = page->out;
  char room[LATHE_WORDS];
  bool listed = false;
  fputs("<div class=\"scroll\"><table>\n<thead><tr><th>Part</th>", out);
  for (int i = 0; i < COLUMNS; i++)
    if (page->model->kind <= columns[i].last)
      fprintf(out, "<th class=\"n\">%s</th>", columns[i].head);
  fputs("</tr></thead>\n<tbody>\n", out);
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    const json_t *metrics = json_object_get(page->metrics, parts[i]);
    if (!json_is_object(metrics))
      continue;
    write_metrics_row(page, parts[i], metrics);
    listed = listed || strstr(page->show->images.name, parts[i]);
  }
  if (!listed) {
    json_t *metrics = lathe_evaluation_json(page->show->images.evaluation);
    if (!metrics)
      return lathe_fail(err, "not enough memory for the report; free some memory");
    write_metrics_row(page, "shown here", metrics);
    json_decref(metrics);
  }
  fprintf(out,
          "</tbody></table></div>\n<p class=\"quiet\">%sLog-likelihood of the mixture in nats a "
          "point; precision, recall and F1 are means over the classes.</p>\n",
          lathe_is_alone(page->model)
              ? ""
              : lathe_in_words(page->model,
                               "Loss, reconstruction and KL divergence in nats an image. ", room));
  return true;
}

bool lathe_report_has_confusion(const struct lathe_report_page *page)
{
  return page->scored != NULL;
}

/* A heading of a row or a column. */
static void write_label(FILE *out, const struct lathe_class_names *names, int64_t label)
{
  char name[32];
  lathe_label_name(names, label, name);
  fputs("<th>", out);
  lathe_html_text(out, name);
  fputs("</th>", out);
}

/* How many are right, and what the wrong ones are most often taken for. */
static void write_mistakes(const struct lathe_report_page *page)
{
  const struct lathe_scores *scores = &page->scored->evaluation->scores;
  const struct lathe_class_names *names = page->scored->evaluation->names;
  int n = scores->classes, worst = 0;
  int64_t wrong = 0;
  char label[32], taken[32];
  for (int i = 0; i < n * n; i++)
    if (i / n != i % n && scores->confusion[i] > wrong)
      wrong = scores->confusion[worst = i];
  fprintf(page->out, "<p>%.2f %% of %lld %s are given their own label.", 100 * scores->accuracy,
          (long long)scores->total, lathe_input_words(page->model));
  if (wrong > 0) {
    lathe_label_name(names, scores->labels[worst / n], label);
    lathe_label_name(names, scores->labels[worst % n], taken);
    lathe_html_printf(page->out, " The most frequent mistake is to take %s for %s: %lld of %lld.",
                      label, taken, (long long)wrong, (long long)scores->support[worst / n]);
  }
  fputs("</p>\n", page->out);
}

bool lathe_report_confusion(struct lathe_report_page *page, struct lathe_error *err)
{
  const struct lathe_evaluation *evaluation = page->scored->evaluation;
  const struct lathe_scores *scores = &evaluation->scores;
  FILE *out = page->out;
  int n = scores->classes;
  (void)err;
  write_mistakes(page);
  fputs("<p>", out);
  lathe_html_printf(out,
                    "Of %s: rows are true labels, columns predicted ones, shaded by their share "
                    "of the row.%s",
                    page->scored->name,
                    evaluation->matched ? " The clusters have no names: those are used that match "
                                          "the labels best."
                                        : "");
  fputs("</p>\n", out);
  if (!lathe_run_has(page->facts, LATHE_RUN_CONFUSION)) {
    fprintf(out, "<p>%d classes are too many to show; <code>eval --json</code> prints them.</p>\n",
            n);
    return true;
  }
  fputs("<div class=\"scroll\"><table class=\"confusion\">\n<thead><tr><th>true</th>", out);
  for (int j = 0; j < n; j++)
    write_label(out, evaluation->names, scores->labels[j]);
  fputs("<th>precision</th><th>recall</th><th>F1</th></tr></thead>\n<tbody>\n", out);
  for (int i = 0; i < n; i++) {
    fputs("<tr>", out);
    write_label(out, evaluation->names, scores->labels[i]);
    for (int j = 0; j < n; j++) {
      int64_t count = scores->confusion[i * n + j];
      double share = scores->support[i] > 0 ? (double)count / (double)scores->support[i] : 0;
      /* Never so strong that text on it could not be read. */
      fprintf(out, "<td style=\"background:rgba(var(--shade),%.3f)\">%lld</td>", 0.5 * share,
              (long long)count);
    }
    lathe_report_number(out, "%.4f", scores->precision[i]);
    lathe_report_number(out, "%.4f", scores->recall[i]);
    lathe_report_number(out, "%.4f", scores->f1[i]);
    fputs("</tr>\n", out);
  }
  fputs("</tbody></table></div>\n", out);
  return true;
}

bool lathe_report_has_clusters(const struct lathe_report_page *page)
{
  (void)page;
  return true;
}

bool lathe_report_clusters(struct lathe_report_page *page, struct lathe_error *err)
{
  const struct lathe_clusters *clusters = &page->clusters;
  FILE *out = page->out;
  char *words = lathe_clusters_words(clusters), name[32];
  if (!words)
    return lathe_fail(err, "not enough memory for the report; free some memory");
  fputs("<p>", out);
  lathe_html_text(out, words);
  fputs(
      "</p>\n<div class=\"scroll\"><table>\n<thead><tr><th>Cluster</th><th class=\"n\">Weight"
      "</th><th class=\"n\">Images</th><th class=\"n\">Typical deviation</th><th class=\"n\">Mean "
      "distance</th><th class=\"n\">Expected elsewhere</th></tr></thead>\n<tbody>\n",
      out);
  free(words);
  for (int k = 0; k < clusters->components; k++) {
    const struct lathe_cluster *cluster = &clusters->cluster[k];
    lathe_component_name(&page->show->session->mixture, k, name);
    fputs("<tr><th>", out);
    lathe_html_text(out, name);
    fputs("</th>", out);
    lathe_report_number(out, "%.4f", cluster->weight);
    lathe_report_number(out, "%.0f", (double)cluster->points);
    lathe_report_number(out, "%.4f", cluster->radius);
    lathe_report_number(out, "%.4f", cluster->points > 0 ? cluster->mean_distance : (double)NAN);
    lathe_report_number(out, "%.2f %%", 100 * cluster->misassigned);
    fputs("</tr>\n", out);
  }
  fputs("</tbody></table></div>\n", out);
  return true;
}

bool lathe_report_has_latent(const struct lathe_report_page *page)
{
  (void)page;
  return true;
}

bool lathe_report_latent(struct lathe_report_page *page, struct lathe_error *err)
{
  const struct lathe_show *show = page->show;
  const struct lathe_shown *shown = &show->images;
  bool alone = lathe_is_alone(page->model), labels = lathe_run_has(page->facts, LATHE_RUN_LABELS);
  const char *by_cluster = alone ? "Points, by cluster" : "Latent means, by cluster";
  const char *by_label = alone ? "Points, by label" : "Latent means, by label";
  FILE *out = page->out;
  struct lathe_latent_view view;
  fputs("<p>", out);
  char room[LATHE_WORDS];
  bool both = page->scored == shown; /* else the labels are those of other images */
  lathe_html_printf(out, "Each dot is %s: by cluster, ",
                    alone ? "one point"
                          : lathe_in_words(page->model, "the posterior mean of one image", room));
  if (labels && !both)
    lathe_html_printf(out, "of %s; by label, of %s", shown->name, page->scored->name);
  else
    lathe_html_printf(out, "%sof %s", labels ? "and by label, " : "", shown->name);
  lathe_html_printf(
      out, ". Ellipses are the mixture's components at 1 and 2 standard deviations%s.",
      page->model->latent > 2 ? ", seen in the plane of the first two principal components" : "");
  fputs("</p>\n<div class=\"pair\">\n", out);
  bool good =
      lathe_latent_view_new(&view, shown->part.count, page->model->latent, shown->evaluation->means,
                            show->session->pool, err) &&
      lathe_html_picture(
          out, "plot", by_cluster,
          lathe_latents_by_cluster(by_cluster, show, shown, &view, lathe_plot_half, err), err) &&
      (!labels ||
       lathe_html_picture(
           out, "plot", by_label,
           lathe_latents_by_label(by_label, show, shown, &view, lathe_plot_half, err), err));
  lathe_latent_view_free(&view);
  fputs("</div>\n", out);
  return good;
}
