/* encode: the posterior of each image, and its cluster. */
#include "columns.h"
#include "command.h"
#include "work.h"

static bool encode(const struct lathe_call *call, struct lathe_work *work,
                   struct lathe_columns *columns, struct lathe_error *err)
{
  if (!lathe_work_open(work, call, false, err) ||
      !lathe_columns_open(columns, call->options.output, err))
    return false;
  int64_t n = work->part.count;
  int64_t latents[2] = {n, call->model->latent};
  int64_t posteriors[2] = {n, work->session.mixture.components};
  lathe_real *mean = lathe_columns_add(columns, "mean", lathe_real_dtype(), 2, latents, err);
  lathe_real *logvar =
      mean ? lathe_columns_add(columns, "logvar", lathe_real_dtype(), 2, latents, err) : NULL;
  double *posterior =
      logvar ? lathe_columns_add(columns, "responsibilities", LATHE_F64, 2, posteriors, err) : NULL;
  int64_t *cluster =
      posterior ? lathe_columns_add(columns, "cluster", LATHE_I64, 1, latents, err) : NULL;
  if (!cluster)
    return false;
  lathe_encode_part(&work->session, &work->part, mean, logvar);
  return lathe_assign_clusters(&work->session, n, mean, cluster, posterior, err) &&
         lathe_columns_save(columns, err);
}

enum lathe_status lathe_command_encode(const struct lathe_call *call, struct lathe_error *err)
{
  struct lathe_work work;
  struct lathe_columns columns = {0};
  bool done = encode(call, &work, &columns, err);
  if (done)
    lathe_note(call, call->options.output,
               "mean, logvar, responsibilities and cluster of %lld images",
               (long long)work.part.count);
  lathe_columns_close(&columns);
  lathe_work_close(&work);
  return lathe_status_of(done);
}
