#include "json.h"
#include "output.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIGITS = 10 };

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
  int failed = json ? json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS)) : -1;
  json_decref(json);
  if (failed)
    return no_memory(err);
  putchar('\n');
  fflush(stdout); /* a line is an event: whoever reads the pipe sees it now */
  return true;
}

/* The digits that a double needs, at least DIGITS. */
static int digits_of(double value)
{
  char text[32];
  int digits = DIGITS;
  for (; digits < DBL_DECIMAL_DIG; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value)
      break;
  }
  return digits;
}

static int most_digits(const json_t *json)
{
  int most = json_is_real(json) ? digits_of(json_real_value(json)) : DIGITS;
  for (size_t i = 0; i < json_array_size(json); i++) {
    int digits = most_digits(json_array_get(json, i));
    most = digits > most ? digits : most;
  }
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)json, key, value)
  {
    int digits = most_digits(value);
    most = digits > most ? digits : most;
  }
  return most;
}

static bool write_json(json_t *json, int digits, const char *path, struct lathe_error *err)
{
  if (!json)
    return no_memory(err);
  struct lathe_output *output = lathe_output_open(path, err);
  if (output) {
    FILE *stream = lathe_output_stream(output);
    json_dumpf(json, stream, JSON_INDENT(2) | JSON_REAL_PRECISION((size_t)digits));
    fputc('\n', stream);
  }
  json_decref(json);
  return output && lathe_output_commit(output, err);
}

bool lathe_json_write(json_t *json, const char *path, struct lathe_error *err)
{
  return write_json(json, DIGITS, path, err);
}

bool lathe_json_write_exactly(json_t *json, const char *path, struct lathe_error *err)
{
  return write_json(json, json ? most_digits(json) : DIGITS, path, err);
}
