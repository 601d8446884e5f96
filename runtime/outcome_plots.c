/* The plots of an outcome: charts of its history, the latent space, the confusion matrix. */
#include "charts.h"
#include "latent_views.h"
#include "outcome_parts.h"
#include "plot.h"
#include "resident.h"
#include "words.h"
#include <stdio.h>

static bool save(const struct lathe_outcome_picture *picture, enum lathe_run_file file,
                 cairo_t *page, struct lathe_error *err)
{
  char path[LATHE_PATH];
  bool good = lathe_run_path(picture->outcome->folder, file, path, err);
  if (good)
    good = lathe_canvas_save(page, path, err);
  else
    cairo_destroy(page);
  lathe_resident_trim(); /* what it was drawn with would lie beneath the next, of several MB itself
                          */
  return good;
}

static bool plot_charts(const struct lathe_outcome_picture *picture, struct lathe_error *err)
{
  struct lathe_history history;
  if (!lathe_history_read(&history, picture->outcome->folder, err))
    return false;
  bool good = true;
  for (int i = 0; good && i < LATHE_CHARTS; i++)
    if (lathe_run_has(picture->facts, lathe_chart_file(i)))
      good = save(picture, lathe_chart_file(i),
                  lathe_chart_of(i, picture->session->model, &history, 1, err), err);
  lathe_history_free(&history);
  return good;
}

/* The training images, which the mixture was fitted to; and in the same view those with labels. */
static bool plot_latents(const struct lathe_outcome_picture *picture, struct lathe_error *err)
{
  const struct lathe_evaluation *training = &picture->outcome->training;
  const struct lathe_session *session = picture->session;
  struct lathe_shown trained = {"the training images", picture->outcome->trainer->training,
                                training};
  bool alone = lathe_is_alone(session->model);
  struct lathe_latent_view view;
  char by_label[96], room[LATHE_WORDS];
  bool good =
      lathe_latent_view_new(&view, training->images, session->model->latent, training->means,
                            session->pool, err) &&
      save(picture, LATHE_RUN_CLUSTERS,
           lathe_latents_by_cluster(
               alone ? "The training points, by cluster"
                     : lathe_in_words(session->model,
                                      "Latent means of the training images, by cluster", room),
               &picture->show, &trained, &view, 1, err),
           err);
  if (good && lathe_run_has(picture->facts, LATHE_RUN_LABELS)) {
    snprintf(by_label, sizeof by_label, "%s %s, by label", alone ? "Points:" : "Latent means of",
             lathe_show_scored(&picture->show)->name);
    good = save(picture, LATHE_RUN_LABELS,
                lathe_latents_by_label(by_label, &picture->show, &trained, &view, 1, err), err);
  }
  lathe_latent_view_free(&view);
  return good;
}

static bool plot_confusion(const struct lathe_outcome_picture *picture, struct lathe_error *err)
{
  enum { CLASSES = LATHE_MOST_LABELS + 1 }; /* and what no component is named for */
  const struct lathe_shown *scored = lathe_show_scored(&picture->show);
  const struct lathe_scores *scores = &scored->evaluation->scores;
  char path[LATHE_PATH], title[96], text[CLASSES][32];
  const char *names[CLASSES];
  for (int i = 0; i < scores->classes; i++) {
    lathe_label_name(scored->evaluation->names, scores->labels[i], text[i]);
    names[i] = text[i];
  }
  snprintf(title, sizeof title, "%.2f %% of %s are given their own label", 100 * scores->accuracy,
           scored->name);
  return lathe_run_path(picture->outcome->folder, LATHE_RUN_CONFUSION, path, err) &&
         lathe_plot_confusion(path, title, scores->confusion, scores->classes, names, err);
}

bool lathe_outcome_plot(const struct lathe_outcome_picture *picture, struct lathe_error *err)
{
  return plot_charts(picture, err) && plot_latents(picture, err) &&
         (!lathe_run_has(picture->facts, LATHE_RUN_CONFUSION) || plot_confusion(picture, err));
}
