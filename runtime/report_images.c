/* Sections of a report that show images: reconstructions, samples, the manifold, interpolations and
 * the images it is least sure of. */
#include "allocate.h"
#include "generate.h"
#include "latent_plot.h"
#include "manifold.h"
#include "report_parts.h"
#include <stdlib.h>
#include <string.h>

enum {
  PAIRS = 16,
  SAMPLES = 16, /* of each component */
  MOST_COMPONENTS = 25,
  GRID = 20,  /* the manifold, across and down */
  STEPS = 10, /* of an interpolation */
  MOST_PATHS = 8,
  UNSURE = 20,
  CHUNK = 1024, /* points classified at a time */
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
  const struct lathe_part *part = &page->report->images.part;
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
  return !lathe_is_alone(page->model);
}

bool lathe_report_reconstructions(struct lathe_report_page *page, struct lathe_error *err)
{
  const struct lathe_shown *shown = &page->report->images;
  int n = shown->part.count < PAIRS ? (int)shown->part.count : PAIRS;
  lathe_real *images = new_images(page, 2 * n, err);
  if (!images)
    return false;
  lathe_real *decoded = images + (int64_t)n * page->model->input_size;
  for (int i = 0; i < n; i++)
    fetch(page, i, images + (int64_t)i * page->model->input_size);
  lathe_decode_latents(page->report->session, n, shown->evaluation->means, decoded);
  caption(page->out, "Originals");
  bool good = lathe_report_tiles(page, "original", images, n, err);
  fputs("</figure>\n", page->out);
  caption(page->out, "What the decoder makes of their latent means");
  good = good && lathe_report_tiles(page, "reconstruction", decoded, n, err);
  fputs("</figure>\n", page->out);
  free(images);
  return good;
}

/* Points of a mixture alone may be images. */
bool lathe_report_has_samples(const struct lathe_report_page *page)
{
  return !lathe_is_alone(page->model) || page->model->input_rank > 1;
}

/* Draws of one component, or with -1 of the prior. */
static bool write_samples(struct lathe_report_page *page, int component, lathe_real *latents,
                          lathe_real *images, struct lathe_error *err)
{
  struct lathe_session *session = page->report->session;
  const struct lathe_mixture *mixture = &session->mixture;
  const json_t *settings = json_object_get(page->record, "settings");
  uint64_t seed = (uint64_t)json_integer_value(json_object_get(settings, "seed"));
  int64_t cluster[SAMPLES];
  char name[32] = "the prior";
  if (component < 0)
    lathe_draw_prior(SAMPLES, mixture->dimensions, seed, latents);
  else if (!lathe_draw_mixture(mixture, component, SAMPLES, seed, latents, cluster, err))
    return false;
  else
    lathe_component_name(mixture, component, name);
  lathe_decode_latents(session, SAMPLES, latents, images);
  caption(page->out, name);
  bool good = lathe_report_tiles(page, name, images, SAMPLES, err);
  fputs("</figure>\n", page->out);
  return good;
}

bool lathe_report_samples(struct lathe_report_page *page, struct lathe_error *err)
{
  const struct lathe_model *model = page->model;
  int components = page->report->session->mixture.components;
  if (components > MOST_COMPONENTS)
    components = MOST_COMPONENTS;
  lathe_real *latents =
      lathe_allocate(SAMPLES, model->latent, sizeof *latents, "the sampled latents", err);
  lathe_real *images = new_images(page, SAMPLES, err);
  bool good = latents && images;
  fprintf(page->out, "<p>New images, %s each component of the mixture%s.</p>\n",
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
  return page->model->latent == 2 && lathe_has_prior(page->model);
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
    lathe_decode_latents(page->report->session, GRID * GRID, latents, images);
    fputs(
        "<p>What is decoded all over the latent plane; equal areas are equally probable under the "
        "prior.</p>\n<div class=\"plane\"><div class=\"ends up\">",
        out);
    fprintf(out, "<span>%.2f</span><span>z 1 (probability)</span><span>%.2f</span></div>\n", TO,
            FROM);
    good = lathe_html_picture(out, "tile", alt,
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

/* The first image of each cluster that has any, up to MOST_PATHS; of a single one the first two. */
static int choose_ends(const struct lathe_report_page *page, int64_t ends[MOST_PATHS])
{
  const struct lathe_evaluation *evaluation = page->report->images.evaluation;
  int components = page->report->session->mixture.components, count = 0;
  for (int k = 0; k < components && count < MOST_PATHS; k++)
    for (int64_t i = 0; i < evaluation->images; i++)
      if (evaluation->clusters[i] == k) {
        ends[count++] = i;
        break;
      }
  if (count == 1 && evaluation->images > 1) {
    ends[0] = 0;
    ends[count++] = 1;
  }
  return count;
}

bool lathe_report_has_interpolations(const struct lathe_report_page *page)
{
  return page->report->images.part.count > 1 && !lathe_is_alone(page->model);
}

/* From image a to image b: both as they are, and between them the decoded points of the straight
 * line through their latent means. */
static bool write_path(struct lathe_report_page *page, int64_t a, int64_t b, lathe_real *latents,
                       lathe_real *images, struct lathe_error *err)
{
  struct lathe_session *session = page->report->session;
  const struct lathe_evaluation *evaluation = page->report->images.evaluation;
  int d = page->model->latent;
  int64_t size = page->model->input_size;
  const lathe_real *from = evaluation->means + a * d, *to = evaluation->means + b * d;
  char names[2][32], text[96];
  for (int step = 0; step < STEPS; step++) {
    lathe_real share = (lathe_real)step / (lathe_real)(STEPS - 1);
    for (int j = 0; j < d; j++)
      latents[step * d + j] = (1 - share) * from[j] + share * to[j];
  }
  fetch(page, a, images);
  lathe_decode_latents(session, STEPS, latents, images + size);
  fetch(page, b, images + (STEPS + 1) * size);
  lathe_component_name(&session->mixture, (int)evaluation->clusters[a], names[0]);
  lathe_component_name(&session->mixture, (int)evaluation->clusters[b], names[1]);
  snprintf(text, sizeof text, "From %s to %s", names[0], names[1]);
  caption(page->out, text);
  bool good = lathe_report_tiles(page, text, images, STEPS + 2, err);
  fputs("</figure>\n", page->out);
  return good;
}

bool lathe_report_interpolations(struct lathe_report_page *page, struct lathe_error *err)
{
  int64_t ends[MOST_PATHS];
  int count = choose_ends(page, ends);
  lathe_real *latents =
      lathe_allocate(STEPS, page->model->latent, sizeof *latents, "the paths' latents", err);
  lathe_real *images = new_images(page, STEPS + 2, err);
  bool good = latents && images;
  fputs("<p>Between two images, each at its end as it is: what is decoded along the straight line "
        "from one's latent mean to the other's.</p>\n",
        page->out);
  int paths = count > 2 ? count : count - 1; /* round to the first again */
  for (int i = 0; good && i < paths; i++)
    good = write_path(page, ends[i], ends[(i + 1) % count], latents, images, err);
  free(latents);
  free(images);
  return good;
}

/* An image, and how likely its two likeliest components are. */
struct unsure {
  int64_t image;
  int best, second;
  double likelihood[2];
};

bool lathe_report_has_unsure(const struct lathe_report_page *page)
{
  return page->report->session->mixture.components > 1 &&
         (!lathe_is_alone(page->model) || page->model->input_rank > 1);
}

static struct unsure judge(int64_t image, int components, const double *posterior)
{
  struct unsure u = {.image = image, .best = 0, .second = -1};
  for (int k = 1; k < components; k++)
    if (posterior[k] > posterior[u.best]) {
      u.second = u.best;
      u.best = k;
    } else if (u.second < 0 || posterior[k] > posterior[u.second]) {
      u.second = k;
    }
  u.likelihood[0] = posterior[u.best];
  u.likelihood[1] = posterior[u.second];
  return u;
}

/* Keeps the list [*count <= UNSURE] sorted by the likelihood of the best component. */
static void insert(struct unsure list[UNSURE], int *count, struct unsure u)
{
  if (*count == UNSURE && u.likelihood[0] >= list[UNSURE - 1].likelihood[0])
    return;
  int at = *count < UNSURE ? (*count)++ : UNSURE - 1;
  for (; at > 0 && list[at - 1].likelihood[0] > u.likelihood[0]; at--)
    list[at] = list[at - 1];
  list[at] = u;
}

static bool find_unsure(const struct lathe_report_page *page, struct unsure list[UNSURE],
                        int *count, struct lathe_error *err)
{
  const struct lathe_session *session = page->report->session;
  const struct lathe_evaluation *evaluation = page->report->images.evaluation;
  int components = session->mixture.components;
  int64_t cluster[CHUNK];
  double *posterior =
      lathe_allocate(CHUNK, components, sizeof *posterior, "the clusters' probabilities", err);
  bool good = posterior != NULL;
  *count = 0;
  for (int64_t i = 0, n; good && i < evaluation->images; i += n) {
    n = evaluation->images - i < CHUNK ? evaluation->images - i : CHUNK;
    good = lathe_assign_clusters(session, n, evaluation->means + i * page->model->latent, cluster,
                                 posterior, NULL, err);
    for (int64_t j = 0; good && j < n; j++)
      insert(list, count, judge(i + j, components, posterior + j * components));
  }
  free(posterior);
  return good;
}

static bool write_unsure(struct lathe_report_page *page, const struct unsure *u, lathe_real *image,
                         struct lathe_error *err)
{
  const struct lathe_mixture *mixture = &page->report->session->mixture;
  const struct lathe_part *part = &page->report->images.part;
  char best[32], second[32];
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
    lathe_html_printf(out, "label: %lld", (long long)labels[place]);
  }
  fputs("</figcaption></figure>\n", out);
  return good;
}

bool lathe_report_unsure(struct lathe_report_page *page, struct lathe_error *err)
{
  struct unsure list[UNSURE];
  int count;
  lathe_real *image = new_images(page, 1, err);
  bool good = image && find_unsure(page, list, &count, err);
  fputs("<p>", page->out);
  lathe_html_printf(page->out,
                    "Of %s, those whose likeliest cluster is the least likely, with its "
                    "probability and the next one's.",
                    page->report->images.name);
  fputs("</p>\n<div class=\"cards\">\n", page->out);
  for (int i = 0; good && i < count; i++)
    good = write_unsure(page, &list[i], image, err);
  fputs("</div>\n", page->out);
  free(image);
  return good;
}
