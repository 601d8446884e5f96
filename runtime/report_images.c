/* Sections of a report that show images: reconstructions, samples, the manifold, interpolations and
 * the images it is least sure of. */
#include "allocate.h"
#include "generate.h"
#include "interpolate.h"
#include "latent_plot.h"
#include "manifold.h"
#include "report_parts.h"
#include "unsure.h"
#include "words.h"
#include <stdlib.h>
#include <string.h>

enum {
  PAIRS = 16,
  SAMPLES = 16, /* of each component */
  MOST_COMPONENTS = 25,
  GRID = 20, /* the manifold, across and down */
};
static const double FROM = 0.05, TO = 0.95; /* the manifold's probabilities */

/* Room for n images of the model. */
static lathe_real *new_images(const struct lathe_report_page *page, int64_t n,
                              struct lathe_error *err)
{
  return lathe_allocate(n, page->model->input_size, sizeof(lathe_real), "the report's images", err);
}

/* Image i of the images shown. */
static void fetch(const struct lathe_report_page *page, int64_t i, lathe_real *image)
{
  const struct lathe_part *part = &page->show->images.part;
  lathe_dataset_gather(part->dataset, page->model, part->indices, i, 1, image);
}

static void caption(FILE *out, const char *text)
{
  fputs("<figure><figcaption>", out);
  lathe_html_text(out, text);
  fputs("</figcaption>\n", out);
}

bool lathe_report_has_reconstructions(const struct lathe_report_page *page)
{
  return lathe_run_has(page->facts, LATHE_RUN_RECONSTRUCTIONS);
}

bool lathe_report_reconstructions(struct lathe_report_page *page, struct lathe_error *err)
{
  static const char *const alt[2] = {"original", "reconstruction"};
  const struct lathe_shown *shown = &page->show->images;
  int n = shown->part.count < PAIRS ? (int)shown->part.count : PAIRS;
  lathe_real *images = new_images(page, 2 * n, err);
  if (!images)
    return false;
  lathe_real *decoded = images + (int64_t)n * page->model->input_size;
  for (int i = 0; i < n; i++)
    fetch(page, i, images + (int64_t)i * page->model->input_size);
  lathe_decode_latents(page->show->session, n, shown->evaluation->means, decoded);
  caption(page->out, "Originals above; below each, what the decoder makes of its latent mean");
  bool good = lathe_report_pairs(page, alt, images, decoded, n, err);
  fputs("</figure>\n", page->out);
  free(images);
  return good;
}

bool lathe_report_has_samples(const struct lathe_report_page *page)
{
  return lathe_run_has(page->facts, LATHE_RUN_SAMPLES);
}

/* Draws of one component, or with -1 of the prior. */
static bool write_samples(struct lathe_report_page *page, int component, lathe_real *latents,
                          lathe_real *images, struct lathe_error *err)
{
  struct lathe_session *session = page->show->session;
  const struct lathe_mixture *mixture = &session->mixture;
  const json_t *settings = json_object_get(page->record, "settings");
  uint64_t seed = (uint64_t)json_integer_value(json_object_get(settings, "seed"));
  int64_t cluster[SAMPLES];
  char name[32] = "the prior", called[48];
  if (component < 0)
    lathe_draw_prior(SAMPLES, mixture->dimensions, seed, latents);
  else if (!lathe_draw_mixture(mixture, component, SAMPLES, seed, latents, cluster, err))
    return false;
  else
    lathe_component_name(mixture, component, name);
  lathe_decode_latents(session, SAMPLES, latents, images);
  bool labelled = component >= 0 && mixture->labels[component] >= 0;
  snprintf(called, sizeof called, "%s%s", labelled ? "label " : "", name);
  caption(page->out, called);
  bool good = lathe_report_tiles(page, called, images, SAMPLES, err);
  fputs("</figure>\n", page->out);
  return good;
}

bool lathe_report_samples(struct lathe_report_page *page, struct lathe_error *err)
{
  const struct lathe_model *model = page->model;
  int components = page->show->session->mixture.components;
  if (components > MOST_COMPONENTS)
    components = MOST_COMPONENTS;
  lathe_real *latents =
      lathe_allocate(SAMPLES, model->latent, sizeof *latents, "the sampled latents", err);
  lathe_real *images = new_images(page, SAMPLES, err);
  bool good = latents && images;
  fprintf(page->out, "<p>New %s, %s each component of the mixture%s.</p>\n",
          lathe_input_words(model),
          lathe_is_alone(model) ? "drawn from" : "decoded from latents that are drawn from",
          lathe_has_prior(model) ? ", and from the standard normal prior" : "");
  for (int k = 0; good && k < components + lathe_has_prior(model); k++)
    good = write_samples(page, k < components ? k : -1, latents, images, err);
  free(latents);
  free(images);
  return good;
}

bool lathe_report_has_manifold(const struct lathe_report_page *page)
{
  return lathe_run_has(page->facts, LATHE_RUN_MANIFOLD);
}

bool lathe_report_manifold(struct lathe_report_page *page, struct lathe_error *err)
{
  lathe_real *latents = lathe_allocate(GRID * GRID, 2, sizeof *latents, "the grid's latents", err);
  lathe_real *images = new_images(page, GRID * GRID, err);
  const char *alt = "images decoded over the latent plane";
  FILE *out = page->out;
  bool good = latents && images;
  if (good) {
    struct lathe_picture_format format = page->format;
    format.scale = 1;
    lathe_manifold_latents(GRID, FROM, TO, latents);
    lathe_decode_latents(page->show->session, GRID * GRID, latents, images);
    fputs(
        "<p>What is decoded all over the latent plane, z 0 growing to the right and z 1 downwards; "
        "equal areas are equally probable under the prior.</p>\n<div class=\"plane\"><div "
        "class=\"ends up\">",
        out);
    fprintf(out, "<span>%.2f</span><span>z 1 (probability)</span><span>%.2f</span></div>\n", TO,
            FROM);
    good = lathe_html_picture(out, lathe_report_tile(page), alt,
                              lathe_picture_tiles_page(alt, &format, images, GRID, GRID, err), err);
    fprintf(out,
            "<div></div><div class=\"ends\"><span>%.2f</span><span>z 0 (probability)</span>"
            "<span>%.2f</span></div></div>\n",
            FROM, TO);
  }
  free(latents);
  free(images);
  return good;
}

bool lathe_report_has_interpolations(const struct lathe_report_page *page)
{
  return lathe_run_has(page->facts, LATHE_RUN_INTERPOLATIONS);
}

bool lathe_report_interpolations(struct lathe_report_page *page, struct lathe_error *err)
{
  struct lathe_session *session = page->show->session;
  const struct lathe_shown *shown = &page->show->images;
  struct lathe_interpolation paths[LATHE_INTERPOLATIONS];
  int count = lathe_interpolations(shown->evaluation, session->mixture.components, paths);
  lathe_real *latents = lathe_allocate(LATHE_INTERPOLATED, page->model->latent, sizeof *latents,
                                       "the paths' latents", err);
  lathe_real *images = new_images(page, LATHE_INTERPOLATED + 2, err);
  bool good = latents && images;
  fprintf(page->out,
          "<p>Between two %s, each at its end as it is: what is decoded along the straight line "
          "from one's latent mean to the other's.</p>\n",
          lathe_input_words(page->model));
  for (int i = 0; good && i < count; i++) {
    char name[LATHE_INTERPOLATION_NAME];
    lathe_interpolate(session, &shown->part, shown->evaluation, &paths[i], latents, images);
    lathe_interpolation_name(&session->mixture, shown->evaluation, &paths[i], name);
    caption(page->out, name);
    good = lathe_report_tiles(page, name, images, LATHE_INTERPOLATED + 2, err);
    fputs("</figure>\n", page->out);
  }
  free(latents);
  free(images);
  return good;
}

bool lathe_report_has_unsure(const struct lathe_report_page *page)
{
  return lathe_run_has(page->facts, LATHE_RUN_UNSURE);
}

static bool write_unsure(struct lathe_report_page *page, const struct lathe_unsure *u,
                         lathe_real *image, struct lathe_error *err)
{
  const struct lathe_mixture *mixture = &page->show->session->mixture;
  const struct lathe_part *part = &page->show->images.part;
  char best[32], second[32], room[LATHE_CLASS_TEXT];
  FILE *out = page->out;
  lathe_component_name(mixture, u->best, best);
  lathe_component_name(mixture, u->second, second);
  fetch(page, u->image, image);
  fputs("<figure>", out);
  bool good = lathe_report_tiles(page, "an image that two clusters claim", image, 1, err);
  fputs("<figcaption>", out);
  lathe_html_printf(out, "%s: %.0f %%", best, 100 * u->likelihood[0]);
  fputs("<br />", out);
  lathe_html_printf(out, "%s: %.0f %%", second, 100 * u->likelihood[1]);
  if (part->dataset->labels.count > 0) {
    int64_t place = part->indices ? part->indices[u->image] : u->image;
    const int64_t *labels = part->dataset->labels.data;
    fputs("<br />", out);
    lathe_html_printf(out, "label: %s", lathe_class_text(mixture->names, labels[place], room));
  }
  fputs("</figcaption></figure>\n", out);
  return good;
}

bool lathe_report_unsure(struct lathe_report_page *page, struct lathe_error *err)
{
  struct lathe_unsure list[LATHE_UNSURE];
  int count;
  lathe_real *image = new_images(page, 1, err);
  bool good = image && lathe_unsure_find(page->show->session, page->show->images.evaluation, list,
                                         &count, err);
  fputs("<p>", page->out);
  lathe_html_printf(page->out,
                    "Of %s, those whose likeliest cluster is the least likely, with its "
                    "probability and the next one's.",
                    page->show->images.name);
  fputs("</p>\n<div class=\"cards\">\n", page->out);
  for (int i = 0; good && i < count; i++)
    good = write_unsure(page, &list[i], image, err);
  fputs("</div>\n", page->out);
  free(image);
  return good;
}
