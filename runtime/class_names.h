/* Names of classes: labels that are words. The rest of the runtime has whole numbers for labels; a
 * name's is its place in the list. A run keeps its list, in alphabetic order, so that the same name
 * has the same number in whatever file it is met later. */
#ifndef LATHE_CLASS_NAMES_H
#define LATHE_CLASS_NAMES_H

#include "error.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LATHE_CLASSES_MOST = 4096, LATHE_CLASS_TEXT = 24 };

/* All zero: none, labels are numbers. */
struct lathe_class_names {
  int count;
  char **name; /* [count] */
};

void lathe_class_names_free(struct lathe_class_names *names);

/* Where `name` (`length` bytes of it) is in the list; -1: nowhere. */
int lathe_class_find(const struct lathe_class_names *names, const char *name, size_t length);

/* Adds a name at the end. Fails beyond LATHE_CLASSES_MOST and without memory. */
bool lathe_class_add(struct lathe_class_names *names, const char *name, struct lathe_error *err);

/* The name of a label, or the number as text, in `room`, where it has none. `names` may be NULL. */
const char *lathe_class_text(const struct lathe_class_names *names, int64_t label,
                             char room[LATHE_CLASS_TEXT]);

/* The same in at most `size` - 1 bytes of `text`, of which the last are "..." where it was cut. */
void lathe_class_brief(const struct lathe_class_names *names, int64_t label, char *text,
                       size_t size);

/* The list as JSON, a new reference; null when there is none. And back: *names is overwritten;
 * fails when `json` is neither a list of texts nor absent (NULL) nor null. */
json_t *lathe_class_names_json(const struct lathe_class_names *names);
bool lathe_class_names_take(struct lathe_class_names *names, const json_t *json,
                            struct lathe_error *err);

#endif
