/* JSON on its way out and in. Numbers are printed with 10 significant digits, where nothing else is
 * said. */
#ifndef LATHE_JSON_H
#define LATHE_JSON_H

#include "error.h"
#include <jansson.h>
#include <stdbool.h>

/* From here on JSON that lacks parts, for want of memory, is neither read nor written: jansson has
 * a reserve, and what lacks parts when this is used up, too, is told from what does not. lathe_main
 * calls it. */
void lathe_json_watch(void);

/* A number, or null when it is not finite (JSON has no NaN). */
json_t *lathe_json_number(double value);

/* A string, for what people have named: where it is not UTF-8, which JSON must be, with a ? for
 * each byte beyond ASCII; null for NULL. */
json_t *lathe_json_text(const char *text);

/* json_dumps, whole: NULL where memory was lacking for any of it, of which jansson 2.14, printing
 * an object's key, takes no notice. NULL for NULL. To be freed. */
char *lathe_json_dumps(const json_t *json, size_t flags);

/* Prints `json` as one line on standard output. The reference is taken; NULL is out of memory. */
bool lathe_json_line(json_t *json, struct lathe_error *err);

/* What a file of a run folder says, a new reference. NULL, with a message, when that cannot be read
 * or is no JSON; `missing` (may be NULL) says whether that is because there is no file. */
json_t *lathe_json_read(const char *path, bool *missing, struct lathe_error *err);

/* Parses JSON, a new reference; NULL, with `why`, when it is none, or *starved when memory was
 * lacking: jansson takes it for a mistake in the text, then. */
json_t *lathe_json_parse(const char *text, size_t size, json_error_t *why, bool *starved);

/* Writes `json`, indented, to a file, whole or not at all. The reference is taken. */
bool lathe_json_write(json_t *json, const char *path, struct lathe_error *err);

/* The same with as many digits as it takes for every number to be read back as it is. */
bool lathe_json_write_exactly(json_t *json, const char *path, struct lathe_error *err);

#endif
