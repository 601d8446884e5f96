/* sample: new images, decoded from latents drawn from the mixture, one component, or the prior. */
#include "allocate.h"
#include "columns.h"
#include "command.h"
#include "finite.h"
#include "generate.h"
#include "picture.h"
#include "session.h"
#include "words.h"
#include <stdlib.h>
#include <string.h>

struct job {
  const struct lathe_call *call;
  struct lathe_run run;
  struct lathe_session session;
  lathe_real *latents, *images;
  int64_t *cluster;
  struct lathe_columns columns;
};

static void job_free(struct job *job)
{
  lathe_columns_close(&job->columns);
  free(job->latents);
  free(job->images);
  free(job->cluster);
  lathe_session_close(&job->session);
}

static bool ends_with(const char *text, const char *end)
{
  size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

static bool write_arrays(struct job *job, int64_t n, struct lathe_error *err)
{
  const struct lathe_model *model = job->call->model;
  struct lathe_columns *columns = &job->columns;
  int64_t shape[4], latent[2] = {n, model->latent};
  int rank = lathe_images_shape(model, n, shape);
  float *data = lathe_columns_add(columns, "data", LATHE_F32, rank, shape, err);
  if (!data)
    return false;
  for (int64_t i = 0; i < n * model->input_size; i++)
    data[i] = (float)job->images[i];
  if (!lathe_is_alone(model)) { /* whose latents are the data */
    lathe_real *z = lathe_columns_add(columns, "latent", lathe_real_dtype(), 2, latent, err);
    if (!z)
      return false;
    memcpy(z, job->latents, (size_t)(n * model->latent) * sizeof *z);
  }
  if (!job->call->options.prior) {
    int64_t *cluster = lathe_columns_add(columns, "cluster", LATHE_I64, 1, shape, err);
    if (!cluster)
      return false;
    memcpy(cluster, job->cluster, (size_t)n * sizeof *cluster);
  }
  return lathe_columns_save(columns, err);
}

static bool draw(struct job *job, int64_t n, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_mixture *mixture = &job->session.mixture;
  uint64_t seed = (uint64_t)options->seed;
  if (options->prior) {
    lathe_draw_prior(n, job->call->model->latent, seed, job->latents);
    return true;
  }
  bool one = lathe_option_given(options, LATHE_OPTION_CLUSTER);
  if (one && options->cluster >= mixture->components)
    return lathe_fail(err, "%s has %d clusters, 0 to %d: there is no --cluster %lld",
                      job->run.folder, mixture->components, mixture->components - 1,
                      (long long)options->cluster);
  int only = one ? (int)options->cluster : -1;
  return lathe_draw_mixture(mixture, only, n, seed, job->latents, job->cluster, err);
}

static bool draw_picture(const struct job *job, int64_t n, struct lathe_error *err)
{
  struct lathe_picture_format format = lathe_picture_format_of(job->call->model, job->images, n);
  return lathe_picture_grid(job->call->options.output, &format, job->images, (int)n, 0, err);
}

static bool sample(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_model *model = job->call->model;
  bool picture = ends_with(options->output, ".png");
  int64_t n = options->count;
  if (!lathe_run_open(&job->run, options->run, model, err) ||
      !lathe_session_load(&job->session, model, &job->run, n, (int)options->threads, err) ||
      !(picture ? lathe_check_output(options->output, err)
                : lathe_columns_open(&job->columns, options->output, err)))
    return false;
  job->latents = lathe_allocate(n, model->latent, sizeof *job->latents, "the latents", err);
  job->images = lathe_allocate(n, model->input_size, sizeof *job->images, "the images", err);
  job->cluster = lathe_allocate(n, 1, sizeof *job->cluster, "the clusters", err);
  if (!job->latents || !job->images || !job->cluster || !draw(job, n, err))
    return false;
  lathe_decode_latents(&job->session, n, job->latents, job->images);
  if (!lathe_expect_finite(model, "what is decoded", job->images, 0, n, model->input_size, err))
    return false;
  bool written = picture ? draw_picture(job, n, err) : write_arrays(job, n, err);
  if (written)
    lathe_note(job->call, options->output, "%lld generated %s", (long long)n,
               lathe_input_words(model));
  return written;
}

enum lathe_status lathe_command_sample(const struct lathe_call *call, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  if (!ends_with(options->output, ".npz") && !ends_with(options->output, ".png"))
    return lathe_usage(err, "sample writes .npz or .png files: give -o such a name, not '%s'",
                       options->output);
  if (options->prior && !lathe_has_prior(call->model))
    return lathe_usage(err, "model %s has no prior but the mixture: leave --prior out",
                       call->model->name);
  if (options->prior && lathe_option_given(options, LATHE_OPTION_CLUSTER))
    return lathe_usage(err, "--prior and --cluster exclude each other: the prior has no clusters");
  struct job job = {.call = call};
  bool done = sample(&job, err);
  job_free(&job);
  return lathe_status_of(done);
}
