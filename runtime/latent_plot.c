#include "latent_plot.h"
#include "allocate.h"
#include "density.h"
#include "plot.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lathe_component_name(const struct lathe_mixture *mixture, int k, char name[32])
{
  if (mixture->labels[k] >= 0)
    lathe_class_brief(mixture->names, mixture->labels[k], name, 32);
  else
    snprintf(name, 32, "cluster %d", k);
}

bool lathe_latent_view_new(struct lathe_latent_view *view, int64_t n, int dimensions,
                           const lathe_real *latents, struct lathe_pool *pool,
                           struct lathe_error *err)
{
  *view = (struct lathe_latent_view){.dimensions = dimensions};
  return dimensions <= 2 || lathe_pca_new(&view->pca, n, dimensions, latents, 2, pool, err);
}

void lathe_latent_view_free(struct lathe_latent_view *view)
{
  lathe_pca_free(&view->pca);
}

static void view_point(const struct lathe_latent_view *view, const double *point, double seen[2])
{
  if (view->dimensions > 2) {
    lathe_pca_project(&view->pca, point, seen);
    return;
  }
  seen[0] = point[0];
  seen[1] = view->dimensions == 2 ? point[1] : 0;
}

/* Of latents [n, dimensions], by way of one as doubles. */
static void view_points(const struct lathe_latent_view *view, const lathe_real *latents, int64_t n,
                        double *point, double *seen)
{
  int d = view->dimensions;
  for (int64_t i = 0; i < n; i++) {
    for (int j = 0; j < d; j++)
      point[j] = (double)latents[i * d + j];
    view_point(view, point, seen + 2 * i);
  }
}

static void view_covariance(const struct lathe_latent_view *view, const double *covariance,
                            double seen[4])
{
  memset(seen, 0, 4 * sizeof *seen);
  if (view->dimensions > 2)
    lathe_pca_project_covariance(&view->pca, covariance, seen);
  else
    memcpy(seen, covariance, (size_t)(view->dimensions * view->dimensions) * sizeof *seen);
}

struct parts {
  double *point;      /* [latent] */
  double *covariance; /* [latent, latent] */
  double *points;     /* [n + around_n, 2] */
  int *cluster;       /* [n] */
  struct lathe_ellipse *ellipses;
  char (*names)[32];
  const char **name;
};

static void fill(const struct lathe_latent_plot *plot, struct parts *parts)
{
  const struct lathe_mixture *mixture = plot->mixture;
  const struct lathe_latent_view *view = plot->view;
  int d = view->dimensions;
  view_points(view, plot->latents, plot->n, parts->point, parts->points);
  view_points(view, plot->around, plot->around_n, parts->point, parts->points + 2 * plot->n);
  for (int64_t i = 0; i < plot->n; i++)
    parts->cluster[i] = (int)plot->group[i];
  for (int k = 0; k < mixture->components; k++) {
    lathe_component_name(mixture, k, parts->names[k]);
    parts->name[k] = parts->names[k];
    parts->ellipses[k].name = parts->names[k];
    view_point(view, mixture->means + k * d, parts->ellipses[k].mean);
    lathe_covariance_matrix(mixture, k, parts->covariance);
    view_covariance(view, parts->covariance, parts->ellipses[k].covariance);
  }
}

cairo_t *lathe_latent_page(const char *what, const struct lathe_latent_plot *plot, double size,
                           struct lathe_error *err)
{
  int components = plot->mixture->components, d = plot->view->dimensions;
  const char *use = "the picture of the clusters";
  struct parts p = {
      .point = lathe_allocate(d, 1, sizeof *p.point, use, err),
      .covariance = lathe_allocate(d, d, sizeof *p.covariance, use, err),
      .points = lathe_allocate(plot->n + plot->around_n, 2, sizeof *p.points, use, err),
      .cluster = lathe_allocate(plot->n, 1, sizeof *p.cluster, use, err),
      .ellipses = lathe_allocate(components, 1, sizeof *p.ellipses, use, err),
      .names = lathe_allocate(components, 1, sizeof *p.names, use, err),
      .name = lathe_allocate(components, 1, sizeof *p.name, use, err),
  };
  cairo_t *page = NULL;
  if (p.point && p.covariance && p.points && p.cluster && p.ellipses && p.names && p.name) {
    char across[32], up[32];
    snprintf(across, sizeof across, "%s 0", plot->axis);
    snprintf(up, sizeof up, "%s 1", plot->axis);
    fill(plot, &p);
    struct lathe_scatter scatter = {
        .title = plot->title,
        .xlabel = d > 2 ? "first principal component" : across,
        .ylabel = d > 2    ? "second principal component"
                  : d == 2 ? up
                           : "",
        .points = p.points,
        .cluster = p.cluster,
        .n = plot->n,
        .clusters = plot->groups > 0 ? plot->groups : components,
        .names = plot->groups > 0 ? plot->names : p.name,
        .ellipses = p.ellipses,
        .ellipse_count = components,
        .other_groups = plot->groups > 0,
        .around = p.points + 2 * plot->n,
        .around_n = plot->around_n,
    };
    page = lathe_plot_clusters_page(what, &scatter, size, err);
  }
  free(p.point);
  free(p.covariance);
  free(p.points);
  free(p.cluster);
  free(p.ellipses);
  free(p.names);
  free(p.name);
  return page;
}
