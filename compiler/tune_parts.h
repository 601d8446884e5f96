/* What of a tune file is read (tune_read.c), before it is held against a model (tune_apply.c). */
#ifndef TUNE_PARTS_H
#define TUNE_PARTS_H

#include "tune_file.h"

enum tune_key { KEY_LATHE, KEY_TARGET, KEY_PROCESSOR, KEY_THREADS, KEY_PRECISION, KEY_BATCH, KEYS };

struct tune_value {
  const char *text; /* NULL: not given */
  struct span span;
};

struct tune_entry {
  struct tune_value name, layer; /* "encoder.2", and what it was */
  struct algorithm_set chosen;
  struct span spans[USES]; /* of the algorithms' names */
};

struct tune_content {
  struct tune_value values[KEYS];
  struct tune_entry *entries;
  int count, capacity;
};

/* "lathe", "target", ... */
const char *tune_key_name(enum tune_key key);

/* False when the file is malformed, which has been reported. */
bool tune_read(struct mem *mem, const struct source *source, struct tune_content *content,
               struct diags *diags);

#endif
