/* reconstruct: images encoded to their posterior means and decoded again. */
#include "columns.h"
#include "command.h"
#include "finite.h"
#include "work.h"

static bool reconstruct(const struct lathe_call *call, struct lathe_work *work,
                        struct lathe_columns *columns, struct lathe_error *err)
{
  if (!lathe_work_open(work, call, false, err) ||
      !lathe_columns_open(columns, call->options.output, err))
    return false;
  const struct lathe_array *images = &work->data.images;
  float *out = lathe_columns_add(columns, "data", LATHE_F32, images->rank, images->shape, err);
  if (!out)
    return false;
  for (int64_t i = 0, n; i < work->part.count; i += n) {
    n = lathe_batch_size(&work->session, i, work->part.count);
    lathe_reconstruct_batch(&work->session, &work->part, i, (int)n);
    if (!lathe_expect_finite(work->session.model, "the reconstruction", work->session.decoded, i, n,
                             call->model->input_size, err))
      return false;
    for (int64_t j = 0; j < n * call->model->input_size; j++)
      *out++ = (float)work->session.decoded[j];
  }
  return lathe_columns_save(columns, err);
}

enum lathe_status lathe_command_reconstruct(const struct lathe_call *call, struct lathe_error *err)
{
  struct lathe_work work;
  struct lathe_columns columns = {0};
  bool done = reconstruct(call, &work, &columns, err);
  if (done)
    lathe_note(call, call->options.output, "%lld reconstructions", (long long)work.part.count);
  lathe_columns_close(&columns);
  lathe_work_close(&work);
  return lathe_status_of(done);
}
