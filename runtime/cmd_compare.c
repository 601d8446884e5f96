/* compare: runs side by side, as text and, with -o, as a page. */
#include "command.h"
#include "compare.h"

enum lathe_status lathe_command_compare(const struct lathe_call *call, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  struct lathe_compare compare;
  if (options->runs.count < 2)
    return lathe_usage(err, "compare needs two run folders or more, and was given '%s' alone",
                       options->runs.words[0]);
  bool done = lathe_compare_read(&compare, options->runs.count, options->runs.words, err) &&
              (!options->output || lathe_compare_write(&compare, options->output, err));
  if (done && !options->quiet)
    lathe_compare_print(&compare, stdout);
  lathe_compare_free(&compare);
  return lathe_status_of(done);
}
