#include "work.h"

/* Words cannot be compared with the numbers that a run's clusters are called by. */
static bool check_names(const struct lathe_work *work, const struct lathe_options *options,
                        struct lathe_error *err)
{
  const struct lathe_mixture *mixture = &work->session.mixture;
  if (work->names.count > 0 || work->data.names.count == 0)
    return true;
  for (int k = 0; k < mixture->components; k++)
    if (mixture->labels[k] >= 0)
      return lathe_fail(err,
                        "the labels of %s are words (`%.60s`), and the clusters of %s have whole "
                        "numbers for names: give labels of that kind",
                        options->labels ? options->labels : options->data, work->data.names.name[0],
                        work->run.folder);
  return true;
}

bool lathe_work_open(struct lathe_work *work, const struct lathe_call *call, bool want_labels,
                     struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  struct lathe_source source = {.data = options->data,
                                .labels = options->labels,
                                .only = options->only,
                                .want_labels = want_labels,
                                .label_column = options->label_column,
                                .names = &work->names};
  *work = (struct lathe_work){0};
  if (!lathe_run_open(&work->run, options->run, call->model, err) ||
      !lathe_run_names(&work->names, options->run, err) ||
      !lathe_dataset_load(&work->data, call->model, &source, err) ||
      !lathe_session_load(&work->session, call->model, &work->run, work->data.count,
                          (int)options->threads, err))
    return false;
  if (!check_names(work, options, err))
    return false;
  work->session.mixture.names = &work->data.names;
  work->part = lathe_part_all(&work->data);
  return true;
}

void lathe_work_close(struct lathe_work *work)
{
  lathe_session_close(&work->session);
  lathe_dataset_free(&work->data);
  lathe_class_names_free(&work->names);
  *work = (struct lathe_work){0};
}
