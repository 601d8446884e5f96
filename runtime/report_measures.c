/* Sections of a report: curves, metrics, classification, clusters, the latent space. */
#include "latent_plot.h"
#include "plot.h"
#include "report_parts.h"
#include "words.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 40, MOST_GROUPS = 64 };
static const double HALF = 0.68; /* plots beside each other, with letters to be read */

bool lathe_report_has_curves(const struct lathe_report_page *page)
{
  return page->history.epochs > 0 || page->history.iterations > 0;
}

/* One plot of columns of the history; those that are not known are left out. */
static bool plot_columns(struct lathe_report_page *page, const char *title, const char *ylabel,
                         const int *fields, const char *const *names, int count,
                         struct lathe_error *err)
{
  const struct lathe_history *history = &page->history;
  struct lathe_curve curves[4];
  int shown = 0;
  for (int i = 0; i < count; i++)
    if (lathe_history_known(history, fields[i]))
      curves[shown++] = (struct lathe_curve){
          names[i], history->epoch, lathe_history_column(history, fields[i]), history->epochs};
  if (shown == 0)
    return true;
  return lathe_html_picture(
      page->out, "plot", title,
      lathe_plot_curves_page(title, title, "epoch", ylabel, curves, shown, HALF, err), err);
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
  const struct lathe_model *model = page->report->session->model;
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

bool lathe_report_curves(struct lathe_report_page *page, struct lathe_error *err)
{
  static const char *const parts[] = {"training", "validation"};
  static const char *const rate[] = {NULL};
  static const struct {
    const char *title, *ylabel;
    int fields[2], count;
    const char *const *names;
  } plots[] = {
      {"Loss", "nats an image", {LATHE_EPOCH_train_loss, LATHE_EPOCH_valid_loss}, 2, parts},
      {"Reconstruction",
       "nats an image",
       {LATHE_EPOCH_train_reconstruction, LATHE_EPOCH_valid_reconstruction},
       2,
       parts},
      {"KL divergence", "nats an image", {LATHE_EPOCH_train_kl, LATHE_EPOCH_valid_kl}, 2, parts},
      {"Learning rate", "learning rate", {LATHE_EPOCH_rate}, 1, rate},
  };
  const struct lathe_history *history = &page->history;
  char room[LATHE_WORDS];
  fputs("<div class=\"pair\">\n", page->out);
  for (size_t i = 0; history->epochs > 0 && i < sizeof plots / sizeof plots[0]; i++)
    if (!plot_columns(page, plots[i].title, lathe_in_words(page->model, plots[i].ylabel, room),
                      plots[i].fields, plots[i].names, plots[i].count, err))
      return false;
  struct lathe_curve em = {NULL, history->iteration, history->log_likelihood, history->iterations};
  const char *title = "Log-likelihood of the mixture";
  if (history->iterations > 0 &&
      !lathe_html_picture(
          page->out, "plot", title,
          lathe_plot_curves_page(title, title, "EM iteration", "nats a point", &em, 1, HALF, err),
          err))
    return false;
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
    listed = listed || strstr(page->report->images.name, parts[i]);
  }
  if (!listed) {
    json_t *metrics = lathe_evaluation_json(page->report->images.evaluation);
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

static void write_label(FILE *out, const struct lathe_class_names *names, int64_t label)
{
  char room[LATHE_CLASS_TEXT];
  if (label >= 0)
    lathe_html_printf(out, "%s", lathe_class_text(names, label, room));
  else
    fputs("unnamed", out);
}

bool lathe_report_confusion(struct lathe_report_page *page, struct lathe_error *err)
{
  const struct lathe_evaluation *evaluation = page->scored->evaluation;
  const struct lathe_scores *scores = &evaluation->scores;
  FILE *out = page->out;
  int n = scores->classes;
  (void)err;
  fputs("<p>", out);
  lathe_html_printf(out,
                    "Of %s: rows are true labels, columns predicted ones, shaded by their share "
                    "of the row.%s",
                    page->scored->name,
                    evaluation->matched ? " The clusters have no names: those are used that match "
                                          "the labels best."
                                        : "");
  fputs("</p>\n", out);
  if (n > MOST_CLASSES) {
    fprintf(out, "<p>%d classes are too many to show; <code>eval --json</code> prints them.</p>\n",
            n);
    return true;
  }
  fputs("<div class=\"scroll\"><table class=\"confusion\">\n<thead><tr><th>true</th>", out);
  for (int j = 0; j < n; j++) {
    fputs("<th>", out);
    write_label(out, evaluation->names, scores->labels[j]);
    fputs("</th>", out);
  }
  fputs("<th>precision</th><th>recall</th><th>F1</th></tr></thead>\n<tbody>\n", out);
  for (int i = 0; i < n; i++) {
    fputs("<tr><th>", out);
    write_label(out, evaluation->names, scores->labels[i]);
    fputs("</th>", out);
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
    lathe_component_name(&page->report->session->mixture, k, name);
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

/* The labels of the scored images, those of the components first, so that a component named after
 * one has its colour. Returns how many there are; 0: too many to tell apart. */
static int list_labels(const struct lathe_report_page *page, int64_t labels[MOST_GROUPS])
{
  const struct lathe_mixture *mixture = &page->report->session->mixture;
  const struct lathe_scores *scores = &page->scored->evaluation->scores;
  int count = 0, all = mixture->components + scores->classes;
  for (int i = 0; i < all; i++) {
    bool named = i < mixture->components;
    int64_t label = named ? mixture->labels[i] : scores->labels[i - mixture->components];
    bool known = label < 0;
    for (int j = 0; j < count && !known; j++)
      known = labels[j] == label;
    if (known)
      continue;
    if (count == MOST_GROUPS)
      return 0;
    labels[count++] = label;
  }
  return count;
}

static bool plot_by_label(struct lathe_report_page *page, const struct lathe_latent_view *view,
                          struct lathe_error *err)
{
  const struct lathe_shown *shown = page->scored;
  int64_t labels[MOST_GROUPS];
  char text[MOST_GROUPS][32];
  const char *names[MOST_GROUPS];
  int count = list_labels(page, labels);
  if (count == 0)
    return true;
  int64_t *group = lathe_part_labels(&shown->part, err);
  if (!group)
    return false;
  for (int c = 0; c < count; c++) {
    lathe_class_brief(shown->evaluation->names, labels[c], text[c], sizeof text[c]);
    names[c] = text[c];
  }
  for (int64_t i = 0; i < shown->part.count; i++) {
    int place = 0;
    while (place < count && labels[place] != group[i])
      place++;
    group[i] = place;
  }
  const char *title = lathe_is_alone(page->model) ? "Points, by label" : "Latent means, by label";
  struct lathe_latent_plot plot = {
      .title = title,
      .mixture = &page->report->session->mixture,
      .view = view,
      .n = shown->part.count,
      .latents = shown->evaluation->means,
      .group = group,
      .groups = count,
      .names = names,
  };
  bool good =
      lathe_html_picture(page->out, "plot", title, lathe_latent_page(title, &plot, HALF, err), err);
  free(group);
  return good;
}

bool lathe_report_latent(struct lathe_report_page *page, struct lathe_error *err)
{
  const struct lathe_report *report = page->report;
  char room[LATHE_WORDS];
  const struct lathe_shown *shown = &report->images;
  struct lathe_session *session = report->session;
  FILE *out = page->out;
  const char *title =
      lathe_is_alone(page->model) ? "Points, by cluster" : "Latent means, by cluster";
  struct lathe_latent_view view;
  struct lathe_latent_plot plot = {.title = title,
                                   .mixture = &session->mixture,
                                   .view = &view,
                                   .n = shown->part.count,
                                   .latents = shown->evaluation->means,
                                   .group = shown->evaluation->clusters};
  fputs("<p>", out);
  lathe_html_printf(out,
                    "Each dot is %s: by cluster, of %s%s%s. Ellipses are the mixture's components "
                    "at 1 and 2 standard deviations.",
                    lathe_is_alone(page->model)
                        ? "one point"
                        : lathe_in_words(page->model, "the posterior mean of one image", room),
                    shown->name, page->scored ? "; by label, of " : "",
                    page->scored ? page->scored->name : "");
  fputs("</p>\n<div class=\"pair\">\n", out);
  bool good =
      lathe_latent_view_new(&view, shown->part.count, session->model->latent,
                            shown->evaluation->means, session->pool, err) &&
      lathe_html_picture(out, "plot", title, lathe_latent_page(title, &plot, HALF, err), err) &&
      (!page->scored || plot_by_label(page, &view, err));
  lathe_latent_view_free(&view);
  fputs("</div>\n", out);
  return good;
}
