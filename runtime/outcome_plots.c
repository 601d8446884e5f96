#include "allocate.h"
#include "density.h"
#include "linalg.h"
#include "outcome.h"
#include "plot.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lathe_component_name(const struct lathe_mixture *mixture, int k, char name[32])
{
  if (mixture->labels[k] >= 0)
    snprintf(name, 32, "%lld", (long long)mixture->labels[k]);
  else
    snprintf(name, 32, "cluster %d", k);
}

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
  bool good = lathe_plot_curves(path, "Loss", "epoch", "loss (nats an image)", curves, count, err);
  free(x);
  return good;
}

/* How a latent space of any dimension is looked at: two numbers a point. */
struct view {
  struct lathe_pca pca; /* dimensions 0: the latents are shown as they are */
  int dimensions;
};

static bool view_new(struct view *view, const struct lathe_outcome *outcome,
                     struct lathe_error *err)
{
  const struct lathe_session *session = outcome->session;
  *view = (struct view){.dimensions = session->model->latent};
  return view->dimensions <= 2 ||
         lathe_pca_new(&view->pca, outcome->training.images, view->dimensions,
                       outcome->training.means, 2, session->pool, err);
}

static void view_point(const struct view *view, const double *point, double seen[2])
{
  if (view->dimensions > 2) {
    lathe_pca_project(&view->pca, point, seen);
    return;
  }
  seen[0] = point[0];
  seen[1] = view->dimensions == 2 ? point[1] : 0;
}

static void view_covariance(const struct view *view, const double *covariance, double seen[4])
{
  memset(seen, 0, 4 * sizeof *seen);
  if (view->dimensions > 2)
    lathe_pca_project_covariance(&view->pca, covariance, seen);
  else
    memcpy(seen, covariance, (size_t)(view->dimensions * view->dimensions) * sizeof *seen);
}

struct clusters_picture {
  double *point;      /* [latent] */
  double *covariance; /* [latent, latent] */
  double *points;     /* [images, 2] */
  int *cluster;       /* [images] */
  struct lathe_ellipse *ellipses;
  char (*names)[32];
  const char **name;
};

static bool fill_clusters(const struct lathe_outcome *outcome, const struct view *view,
                          struct clusters_picture *picture)
{
  const struct lathe_mixture *mixture = &outcome->session->mixture;
  int d = view->dimensions;
  for (int64_t i = 0; i < outcome->training.images; i++) {
    for (int j = 0; j < d; j++)
      picture->point[j] = (double)outcome->training.means[i * d + j];
    view_point(view, picture->point, picture->points + 2 * i);
    picture->cluster[i] = (int)outcome->training.clusters[i];
  }
  for (int k = 0; k < mixture->components; k++) {
    lathe_component_name(mixture, k, picture->names[k]);
    picture->name[k] = picture->names[k];
    picture->ellipses[k].name = picture->names[k];
    view_point(view, mixture->means + k * d, picture->ellipses[k].mean);
    lathe_covariance_matrix(mixture, k, picture->covariance);
    view_covariance(view, picture->covariance, picture->ellipses[k].covariance);
  }
  return true;
}

static bool plot_view(const struct lathe_outcome *outcome, const struct view *view,
                      const char *path, struct lathe_error *err)
{
  int components = outcome->session->mixture.components, d = view->dimensions;
  int64_t n = outcome->training.images;
  const char *what = "the picture of the clusters";
  struct clusters_picture p = {
      .point = lathe_allocate(d, 1, sizeof *p.point, what, err),
      .covariance = lathe_allocate(d, d, sizeof *p.covariance, what, err),
      .points = lathe_allocate(n, 2, sizeof *p.points, what, err),
      .cluster = lathe_allocate(n, 1, sizeof *p.cluster, what, err),
      .ellipses = lathe_allocate(components, 1, sizeof *p.ellipses, what, err),
      .names = lathe_allocate(components, 1, sizeof *p.names, what, err),
      .name = lathe_allocate(components, 1, sizeof *p.name, what, err),
  };
  bool good = p.point && p.covariance && p.points && p.cluster && p.ellipses && p.names && p.name;
  if (good) {
    fill_clusters(outcome, view, &p);
    struct lathe_scatter scatter = {
        .title = "Latent means of the training images, by cluster",
        .xlabel = d > 2 ? "first principal component" : "z 0",
        .ylabel = d > 2    ? "second principal component"
                  : d == 2 ? "z 1"
                           : "",
        .points = p.points,
        .cluster = p.cluster,
        .n = n,
        .clusters = components,
        .names = p.name,
        .ellipses = p.ellipses,
        .ellipse_count = components,
    };
    good = lathe_plot_clusters(path, &scatter, err);
  }
  free(p.point);
  free(p.covariance);
  free(p.points);
  free(p.cluster);
  free(p.ellipses);
  free(p.names);
  free(p.name);
  return good;
}

bool lathe_outcome_plot_clusters(const struct lathe_outcome *outcome, const char *path,
                                 struct lathe_error *err)
{
  struct view view;
  bool good = view_new(&view, outcome, err) && plot_view(outcome, &view, path, err);
  lathe_pca_free(&view.pca);
  return good;
}
