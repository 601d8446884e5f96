/* JSON on its way out. Numbers are printed with 10 significant digits,
 * where nothing else is said. */
#ifndef LATHE_JSON_H
#define LATHE_JSON_H

#include "error.h"
#include <jansson.h>
#include <stdbool.h>

/* A number, or null when it is not finite (JSON has no NaN). */
json_t *lathe_json_number(double value);

/* Prints `json` as one line on standard output. The reference is taken; NULL is out of memory. */
bool lathe_json_line(json_t *json, struct lathe_error *err);

/* Writes `json`, indented, to a file, whole or not at all. The reference is taken. */
bool lathe_json_write(json_t *json, const char *path, struct lathe_error *err);

/* The same with as many digits as it takes for every number to be read back as it is. */
bool lathe_json_write_exactly(json_t *json, const char *path, struct lathe_error *err);

#endif
