#include "allocate.h"
#include "latent_plot.h"
#include "outcome.h"
#include "plot.h"
#include "words.h"
#include <stdlib.h>

bool lathe_outcome_plot_losses(const struct lathe_outcome *outcome, const char *path,
                               struct lathe_error *err)
{
  const struct lathe_trainer *trainer = outcome->trainer;
  int n = trainer->done;
  double *x = lathe_allocate(3, n, sizeof *x, "the curves", err);
  if (!x)
    return false;
  double *training = x + n, *validation = training + n;
  for (int i = 0; i < n; i++) {
    x[i] = trainer->epochs[i].epoch;
    training[i] = trainer->epochs[i].training.total;
    validation[i] = trainer->epochs[i].validation.total;
  }
  struct lathe_curve curves[] = {{"training", x, training, n}, {"validation", x, validation, n}};
  int count = trainer->validation.count > 0 ? 2 : 1;
  char room[LATHE_WORDS];
  const char *axis = lathe_in_words(outcome->session->model, "loss (nats an image)", room);
  bool good = lathe_plot_curves(path, "Loss", "epoch", axis, curves, count, err);
  free(x);
  return good;
}

bool lathe_outcome_plot_clusters(const struct lathe_outcome *outcome, const char *path,
                                 struct lathe_error *err)
{
  const struct lathe_session *session = outcome->session;
  const struct lathe_evaluation *training = &outcome->training;
  struct lathe_latent_view view;
  char room[LATHE_WORDS];
  struct lathe_latent_plot plot = {
      .title = lathe_is_alone(session->model)
                   ? "The training points, by cluster"
                   : lathe_in_words(session->model,
                                    "Latent means of the training images, by cluster", room),
      .mixture = &session->mixture,
      .view = &view,
      .n = training->images,
      .latents = training->means,
      .group = training->clusters,
  };
  bool good = lathe_latent_view_new(&view, training->images, session->model->latent,
                                    training->means, session->pool, err) &&
              lathe_canvas_save(lathe_latent_page(path, &plot, 1, err), path, err);
  lathe_latent_view_free(&view);
  return good;
}
