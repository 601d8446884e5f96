/* manifold: a picture of what is decoded all over a latent plane. */
#include "command.h"
#include "manifold.h"
#include <string.h>

static bool draw(const struct lathe_call *call, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  struct lathe_run run;
  struct lathe_session session;
  if (!lathe_run_open(&run, options->run, call->model, err) ||
      !lathe_check_output(options->output, err) ||
      !lathe_session_load(&session, call->model, &run, 0, (int)options->threads, err))
    return false;
  bool drawn = lathe_manifold_picture(&session, options->output, (int)options->grid, options->from,
                                      options->to, err);
  lathe_session_close(&session);
  if (drawn)
    lathe_note(call, options->output, "%lld x %lld pictures", (long long)options->grid,
               (long long)options->grid);
  return drawn;
}

enum lathe_status lathe_command_manifold(const struct lathe_call *call, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  if (!(options->from > 0 && options->from < options->to && options->to < 1))
    return lathe_usage(err,
                       "--from and --to are probabilities with 0 < from < to < 1, not %g and %g",
                       options->from, options->to);
  const char *end = strrchr(options->output, '.');
  if (!end || strcmp(end, ".png") != 0)
    return lathe_usage(err, "manifold writes a .png file: give -o such a name, not '%.500s'",
                       options->output);
  if (call->model->latent != 2)
    return lathe_status_of(lathe_fail(
        err,
        "a manifold needs a latent of 2 dimensions, and model %s has %d: see its samples "
        "with sample -o FILE.png",
        call->model->name, call->model->latent));
  return lathe_status_of(draw(call, err));
}
