/* The latent space as a plot: means of images as dots, the mixture's components as ellipses. */
#ifndef LATHE_LATENT_PLOT_H
#define LATHE_LATENT_PLOT_H

#include "canvas.h"
#include "error.h"
#include "linalg.h"
#include "mixture.h"
#include "pool.h"
#include "real.h"
#include <stdbool.h>
#include <stdint.h>

/* How a latent space of any dimension is looked at: two numbers a point, the latents themselves or
 * their first two principal components. */
struct lathe_latent_view {
  struct lathe_pca pca; /* dimensions 0: the latents are shown as they are */
  int dimensions;
};

/* A view for latents [n, dimensions]; lathe_latent_view_free accepts a zeroed one. */
bool lathe_latent_view_new(struct lathe_latent_view *view, int64_t n, int dimensions,
                           const lathe_real *latents, struct lathe_pool *pool,
                           struct lathe_error *err);
void lathe_latent_view_free(struct lathe_latent_view *view);

/* What a picture calls component k: "8" where it has a name, else "cluster 2". */
void lathe_component_name(const struct lathe_mixture *mixture, int k, char name[32]);

/* The page, for canvas.h, which `what` names it to, of a size as plot.h has it: latents [n, D]
 * coloured by component, where group[n] is each one's; or by the groups of another division,
 * `groups` of them with names. */
struct lathe_latent_plot {
  const char *title;
  const struct lathe_mixture *mixture;
  const struct lathe_latent_view *view;
  int64_t n;
  const lathe_real *latents;
  const int64_t *group;
  int groups;               /* 0: they are the components; else ellipses are black */
  const char *const *names; /* [groups] */
  const char *axis;         /* what a dimension is called: "z" */
  const lathe_real *around; /* [around_n, D]: what the axes have room for besides */
  int64_t around_n;
};
cairo_t *lathe_latent_page(const char *what, const struct lathe_latent_plot *plot, double size,
                           struct lathe_error *err);

#endif
