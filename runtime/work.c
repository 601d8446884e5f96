#include "work.h"

bool lathe_work_open(struct lathe_work *work, const struct lathe_call *call, bool want_labels,
                     struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  struct lathe_source source = {options->data, options->labels, options->only, want_labels, false};
  *work = (struct lathe_work){0};
  if (!lathe_run_open(&work->run, options->run, call->model, err) ||
      !lathe_dataset_load(&work->data, call->model, &source, err) ||
      !lathe_session_load(&work->session, call->model, &work->run, work->data.count,
                          (int)options->threads, err))
    return false;
  work->part = lathe_part_all(&work->data);
  return true;
}

void lathe_work_close(struct lathe_work *work)
{
  lathe_session_close(&work->session);
  lathe_dataset_free(&work->data);
  *work = (struct lathe_work){0};
}
