#include "json.h"
#include "output.h"
#include <math.h>
#include <stdio.h>

json_t *lathe_json_number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

static bool no_memory(struct lathe_error *err)
{
  return lathe_fail(err, "not enough memory to write the results as JSON; free some memory");
}

bool lathe_json_line(json_t *json, struct lathe_error *err)
{
  int failed = json ? json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(10)) : -1;
  json_decref(json);
  if (failed)
    return no_memory(err);
  putchar('\n');
  fflush(stdout); /* a line is an event: whoever reads the pipe sees it now */
  return true;
}

bool lathe_json_write(json_t *json, const char *path, struct lathe_error *err)
{
  if (!json)
    return no_memory(err);
  struct lathe_output *output = lathe_output_open(path, err);
  if (output) {
    FILE *stream = lathe_output_stream(output);
    json_dumpf(json, stream, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    fputc('\n', stream);
  }
  json_decref(json);
  return output && lathe_output_commit(output, err);
}
