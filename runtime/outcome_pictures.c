#include "allocate.h"
#include "generate.h"
#include "interpolate.h"
#include "latent_plot.h"
#include "manifold.h"
#include "outcome_parts.h"
#include "picture.h"
#include "unsure.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS = 32, PAIR_COLUMNS = 16, SAMPLE_COLUMNS = 16, SAMPLE_ROWS = 25, MANIFOLD = 20 };

static bool draw_reconstructions(const struct lathe_outcome_picture *picture, const char *path,
                                 struct lathe_error *err)
{
  struct lathe_session *session = picture->session;
  const struct lathe_model *model = session->model;
  const struct lathe_part *part = &picture->show.images.part;
  int64_t count = part->count < PAIRS ? part->count : PAIRS;
  lathe_real *originals =
      lathe_allocate(2 * count, model->input_size, sizeof *originals, "the pictures", err);
  if (!originals)
    return false;
  lathe_real *decoded = originals + count * model->input_size;
  for (int64_t i = 0, n; i < count; i += n) {
    n = lathe_batch_size(session, i, count);
    size_t bytes = (size_t)(n * model->input_size) * sizeof *originals;
    lathe_reconstruct_batch(session, part, i, (int)n);
    memcpy(originals + i * model->input_size, session->images, bytes);
    memcpy(decoded + i * model->input_size, session->decoded, bytes);
  }
  struct lathe_picture_format format = lathe_picture_format_of(model, originals, count);
  bool good = lathe_picture_pairs(path, &format, originals, decoded, (int)count, PAIR_COLUMNS, err);
  free(originals);
  return good;
}

/* The first row is drawn from the prior, where there is one, each other from a component. */
static bool draw_latents(const struct lathe_outcome_picture *picture, bool prior, int rows,
                         lathe_real *latents, struct lathe_error *err)
{
  const struct lathe_mixture *mixture = &picture->session->mixture;
  uint64_t seed = picture->outcome->trainer->settings.seed;
  int64_t cluster[SAMPLE_COLUMNS];
  if (prior)
    lathe_draw_prior(SAMPLE_COLUMNS, mixture->dimensions, seed, latents);
  for (int row = prior; row < rows; row++)
    if (!lathe_draw_mixture(mixture, row - prior, SAMPLE_COLUMNS, seed,
                            latents + row * SAMPLE_COLUMNS * mixture->dimensions, cluster, err))
      return false;
  return true;
}

static bool draw_samples(const struct lathe_outcome_picture *picture, const char *path,
                         struct lathe_error *err)
{
  struct lathe_session *session = picture->session;
  const struct lathe_model *model = session->model;
  bool prior = lathe_has_prior(model);
  int rows = prior + session->mixture.components;
  if (rows > SAMPLE_ROWS)
    rows = SAMPLE_ROWS;
  char names[SAMPLE_ROWS][32] = {"prior"};
  const char *captions[SAMPLE_ROWS];
  for (int row = 0; row < rows; row++) {
    if (row >= prior)
      lathe_component_name(&session->mixture, row - prior, names[row]);
    captions[row] = names[row];
  }
  int64_t n = (int64_t)rows * SAMPLE_COLUMNS;
  lathe_real *latents =
      lathe_allocate(n, model->latent, sizeof *latents, "the sampled latents", err);
  lathe_real *images =
      lathe_allocate(n, model->input_size, sizeof *images, "the sampled images", err);
  bool good = latents && images && draw_latents(picture, prior, rows, latents, err);
  if (good) {
    lathe_decode_latents(session, n, latents, images);
    struct lathe_picture_format format = lathe_picture_format_of(model, images, n);
    good = lathe_picture_rows(path, &format, images, rows, SAMPLE_COLUMNS, captions, err);
  }
  free(latents);
  free(images);
  return good;
}

static bool draw_manifold(const struct lathe_outcome_picture *picture, const char *path,
                          struct lathe_error *err)
{
  return lathe_manifold_picture(picture->session, path, MANIFOLD, 0.05, 0.95, err);
}

static bool draw_interpolations(const struct lathe_outcome_picture *picture, const char *path,
                                struct lathe_error *err)
{
  enum { COLUMNS = LATHE_INTERPOLATED + 2 };
  struct lathe_session *session = picture->session;
  const struct lathe_model *model = session->model;
  const struct lathe_evaluation *evaluation = picture->show.images.evaluation;
  struct lathe_interpolation paths[LATHE_INTERPOLATIONS];
  int rows = lathe_interpolations(evaluation, session->mixture.components, paths);
  char names[LATHE_INTERPOLATIONS][LATHE_INTERPOLATION_NAME];
  const char *captions[LATHE_INTERPOLATIONS];
  lathe_real *latents =
      lathe_allocate(LATHE_INTERPOLATED, model->latent, sizeof *latents, "the paths' latents", err);
  lathe_real *images = lathe_allocate((int64_t)rows * COLUMNS, model->input_size, sizeof *images,
                                      "the paths' images", err);
  bool good = latents && images;
  for (int row = 0; good && row < rows; row++) {
    lathe_interpolate(session, &picture->show.images.part, evaluation, &paths[row], latents,
                      images + (int64_t)row * COLUMNS * model->input_size);
    lathe_interpolation_name(&session->mixture, evaluation, &paths[row], names[row]);
    captions[row] = names[row];
  }
  if (good) {
    struct lathe_picture_format format =
        lathe_picture_format_of(model, images, (int64_t)rows * COLUMNS);
    good = lathe_picture_rows(path, &format, images, rows, COLUMNS, captions, err);
  }
  free(latents);
  free(images);
  return good;
}

/* Each with its two likeliest clusters. */
static bool draw_unsure(const struct lathe_outcome_picture *picture, const char *path,
                        struct lathe_error *err)
{
  const struct lathe_session *session = picture->session;
  const struct lathe_model *model = session->model;
  const struct lathe_part *part = &picture->show.images.part;
  struct lathe_unsure list[LATHE_UNSURE];
  char names[LATHE_UNSURE][96], best[32], second[32];
  const char *captions[LATHE_UNSURE];
  int count = 0;
  lathe_real *images =
      lathe_allocate(LATHE_UNSURE, model->input_size, sizeof *images, "the pictures", err);
  bool good =
      images && lathe_unsure_find(session, picture->show.images.evaluation, list, &count, err);
  for (int i = 0; good && i < count; i++) {
    const struct lathe_unsure *u = &list[i];
    lathe_dataset_gather(part->dataset, model, part->indices, u->image, 1,
                         images + (int64_t)i * model->input_size);
    lathe_component_name(&session->mixture, u->best, best);
    lathe_component_name(&session->mixture, u->second, second);
    snprintf(names[i], sizeof names[i], "%s: %.0f %%, %s: %.0f %%", best, 100 * u->likelihood[0],
             second, 100 * u->likelihood[1]);
    captions[i] = names[i];
  }
  if (good) {
    struct lathe_picture_format format = lathe_picture_format_of(model, images, count);
    good = lathe_picture_rows(path, &format, images, count, 1, captions, err);
  }
  free(images);
  return good;
}

bool lathe_outcome_draw(const struct lathe_outcome *outcome, struct lathe_error *err)
{
  static const struct {
    enum lathe_run_file file;
    bool (*draw)(const struct lathe_outcome_picture *, const char *, struct lathe_error *);
  } pictures[] = {
      {LATHE_RUN_RECONSTRUCTIONS, draw_reconstructions},
      {LATHE_RUN_SAMPLES, draw_samples},
      {LATHE_RUN_MANIFOLD, draw_manifold},
      {LATHE_RUN_INTERPOLATIONS, draw_interpolations},
      {LATHE_RUN_UNSURE, draw_unsure},
  };
  struct lathe_outcome_picture picture = {
      .outcome = outcome, .session = outcome->session, .show = lathe_outcome_show(outcome)};
  picture.facts = lathe_show_facts(&picture.show);
  for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++) {
    char path[LATHE_PATH];
    if (lathe_run_has(picture.facts, pictures[i].file) &&
        (!lathe_run_path(outcome->folder, pictures[i].file, path, err) ||
         !pictures[i].draw(&picture, path, err)))
      return false;
  }
  return lathe_outcome_plot(&picture, err);
}
