#include "json.h"
#include "file.h"
#include "output.h"
#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 10, RESERVE = 1 << 18 };

/* What jansson gets when malloc has nothing: 2.14 takes no notice, in some places, of memory that
 * it did not get. It reads a string that is cut off, prints an object without a key, or gives up.
 */
static struct {
  _Alignas(16) unsigned char bytes[RESERVE];
  atomic_size_t used;
} reserve;

/* Of this thread, that the reserve had nothing either: another may be writing a record of its own.
 */
static _Thread_local bool starved_before;

static void *take_memory(size_t size)
{
  void *memory = malloc(size);
  if (memory)
    return memory;
  size_t rounded = (size + 15) / 16 * 16, at = atomic_fetch_add(&reserve.used, rounded);
  if (rounded >= size && at <= RESERVE && rounded <= RESERVE - at)
    return reserve.bytes + at;
  atomic_fetch_sub(&reserve.used, rounded);
  starved_before = true;
  return NULL;
}

static void give_memory(void *memory)
{
  uintptr_t at = (uintptr_t)memory, begin = (uintptr_t)reserve.bytes;
  if (at < begin || at >= begin + RESERVE) /* of the reserve, nothing is taken twice */
    free(memory);
}

void lathe_json_watch(void)
{
  json_set_alloc_funcs(take_memory, give_memory);
}

json_t *lathe_json_number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

json_t *lathe_json_text(const char *text)
{
  if (!text)
    return json_null();
  json_t *json = json_string(text);
  char *ascii = json ? NULL : strdup(text);
  for (char *c = ascii; c && *c; c++)
    if ((unsigned char)*c >= 0x80)
      *c = '?';
  if (ascii)
    json = json_string(ascii);
  free(ascii);
  return json;
}

static bool no_memory(struct lathe_error *err)
{
  return lathe_fail(err, "not enough memory to write the results as JSON; free some memory");
}

char *lathe_json_dumps(const json_t *json, size_t flags)
{
  char *text = json ? json_dumps(json, flags) : NULL;
  char *own = text && !starved_before ? strdup(text) : NULL;
  give_memory(text);
  return own;
}

bool lathe_json_line(json_t *json, struct lathe_error *err)
{
  char *text = lathe_json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
  json_decref(json);
  if (!text)
    return no_memory(err);
  puts(text);
  free(text);
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
  /* As text first: json_dumpf tells a lack of memory, half way, from a full disk in no way. */
  char *text = lathe_json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION((size_t)digits));
  json_decref(json);
  if (!text)
    return no_memory(err);
  struct lathe_output *output = lathe_output_open(path, err);
  if (output)
    fprintf(lathe_output_stream(output), "%s\n", text);
  free(text);
  return output && lathe_output_commit(output, err);
}

json_t *lathe_json_parse(const char *text, size_t size, json_error_t *why, bool *starved)
{
  lathe_json_watch();
  json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, why);
  *starved = !json && starved_before;
  starved_before &= json != NULL; /* nothing of it is left to be written */
  return json;
}

json_t *lathe_json_read(const char *path, bool *missing, struct lathe_error *err)
{
  json_error_t why;
  bool starved;
  size_t size;
  char *text = lathe_file_text(path, &size, missing, err);
  if (!text)
    return NULL;
  json_t *json = lathe_json_parse(text, size, &why, &starved);
  if (starved)
    lathe_fail(err, "%s cannot be read: no memory for it", path);
  else if (!json)
    lathe_fail(err, "%s is damaged (line %d: %s): train again", path, why.line, why.text);
  free(text);
  return json;
}

bool lathe_json_write(json_t *json, const char *path, struct lathe_error *err)
{
  return write_json(json, DIGITS, path, err);
}

bool lathe_json_write_exactly(json_t *json, const char *path, struct lathe_error *err)
{
  return write_json(json, json ? most_digits(json) : DIGITS, path, err);
}
