/* The latent space of what is shown, as pages for canvas.h: by cluster, and by label. */
#ifndef LATHE_LATENT_VIEWS_H
#define LATHE_LATENT_VIEWS_H

#include "latent_plot.h"
#include "shown.h"

/* The latent means of `of`, each in the colour of its likeliest component. Both pages have the same
 * axes. */
cairo_t *lathe_latents_by_cluster(const char *title, const struct lathe_show *show,
                                  const struct lathe_shown *of,
                                  const struct lathe_latent_view *view, double size,
                                  struct lathe_error *err);

/* Those of the images that have labels, which there must be (LATHE_RUN_HAS_LABELS), to be looked at
 * beside the page of `of`. */
cairo_t *lathe_latents_by_label(const char *title, const struct lathe_show *show,
                                const struct lathe_shown *of, const struct lathe_latent_view *view,
                                double size, struct lathe_error *err);

#endif
