#include "latent_views.h"
#include <stdlib.h>

/* Of the images `of`, with room for those `beside`, if any. */
static struct lathe_latent_plot plot_of(const char *title, const struct lathe_show *show,
                                        const struct lathe_shown *of,
                                        const struct lathe_shown *beside,
                                        const struct lathe_latent_view *view)
{
  return (struct lathe_latent_plot){
      .title = title,
      .mixture = &show->session->mixture,
      .view = view,
      .n = of->part.count,
      .latents = of->evaluation->means,
      .axis = lathe_is_alone(show->session->model) ? "value" : "z",
      .around = beside ? beside->evaluation->means : NULL,
      .around_n = beside ? beside->part.count : 0,
  };
}

cairo_t *lathe_latents_by_cluster(const char *title, const struct lathe_show *show,
                                  const struct lathe_shown *of,
                                  const struct lathe_latent_view *view, double size,
                                  struct lathe_error *err)
{
  struct lathe_latent_plot plot = plot_of(
      title, show, of,
      lathe_run_has(lathe_show_facts(show), LATHE_RUN_LABELS) ? lathe_show_scored(show) : NULL,
      view);
  plot.group = of->evaluation->clusters;
  return lathe_latent_page(title, &plot, size, err);
}

/* The place of each image's label among `labels`, to be freed; NULL without memory. */
static int64_t *group_by_label(const struct lathe_part *part, const int64_t *labels, int count,
                               struct lathe_error *err)
{
  int64_t *group = lathe_part_labels(part, err);
  for (int64_t i = 0; group && i < part->count; i++) {
    int place = 0;
    while (place < count && labels[place] != group[i])
      place++;
    group[i] = place;
  }
  return group;
}

cairo_t *lathe_latents_by_label(const char *title, const struct lathe_show *show,
                                const struct lathe_shown *of, const struct lathe_latent_view *view,
                                double size, struct lathe_error *err)
{
  const struct lathe_shown *scored = lathe_show_scored(show);
  int64_t labels[LATHE_MOST_LABELS];
  char text[LATHE_MOST_LABELS][32];
  const char *names[LATHE_MOST_LABELS];
  int count = lathe_show_labels(show, labels);
  int64_t *group = group_by_label(&scored->part, labels, count, err);
  if (!group)
    return NULL;
  for (int i = 0; i < count; i++) {
    lathe_label_name(scored->evaluation->names, labels[i], text[i]);
    names[i] = text[i];
  }
  struct lathe_latent_plot plot = plot_of(title, show, scored, of, view);
  plot.group = group;
  plot.groups = count;
  plot.names = names;
  cairo_t *page = lathe_latent_page(title, &plot, size, err);
  free(group);
  return page;
}
