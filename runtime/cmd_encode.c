/* encode: the posterior of each image, and its cluster. */
#include "columns.h"
#include "command.h"
#include "words.h"
#include "work.h"

/* What a latent is called that is no mean. */
static const char *mean_name(const struct lathe_model *model)
{
  static const char *const names[] = {
      [LATHE_VARIATIONAL] = "mean", [LATHE_PLAIN] = "code", [LATHE_ALONE] = "data"};
  return names[model->kind];
}

static bool encode(const struct lathe_call *call, struct lathe_work *work,
                   struct lathe_columns *columns, struct lathe_error *err)
{
  if (!lathe_work_open(work, call, false, err) ||
      !lathe_columns_open(columns, call->options.output, err))
    return false;
  int64_t n = work->part.count;
  int64_t latents[2] = {n, call->model->latent};
  int64_t posteriors[2] = {n, work->session.mixture.components};
  lathe_real *mean = NULL, *logvar = NULL;
  double *posterior, *likelihood;
  int64_t *cluster;
  if (!(mean = lathe_columns_add(columns, mean_name(call->model), lathe_real_dtype(), 2, latents,
                                 err)) ||
      (lathe_has_prior(call->model) &&
       !(logvar = lathe_columns_add(columns, "logvar", lathe_real_dtype(), 2, latents, err))) ||
      !(posterior =
            lathe_columns_add(columns, "responsibilities", LATHE_F64, 2, posteriors, err)) ||
      !(cluster = lathe_columns_add(columns, "cluster", LATHE_I64, 1, latents, err)) ||
      !(likelihood = lathe_columns_add(columns, "log_likelihood", LATHE_F64, 1, latents, err)))
    return false;
  lathe_encode_part(&work->session, &work->part, mean, logvar);
  return lathe_assign_clusters(&work->session, n, mean, cluster, posterior, likelihood, err) &&
         lathe_columns_save(columns, err);
}

enum lathe_status lathe_command_encode(const struct lathe_call *call, struct lathe_error *err)
{
  struct lathe_work work;
  struct lathe_columns columns = {0};
  bool done = encode(call, &work, &columns, err);
  if (done)
    lathe_note(call, call->options.output,
               "%s%s, responsibilities, cluster and log-likelihood of %lld %s",
               mean_name(call->model), lathe_has_prior(call->model) ? ", logvar" : "",
               (long long)work.part.count, lathe_input_words(call->model));
  lathe_columns_close(&columns);
  lathe_work_close(&work);
  return lathe_status_of(done);
}
