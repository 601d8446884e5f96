/* The table of all diagnostics (diagnostics.def): their codes, and what `lathe explain` says. */
#ifndef DIAGNOSTICS_H
#define DIAGNOSTICS_H

#include "mem.h"
#include <stdbool.h>
#include <stdio.h>

/* CODE_NOT_TEXT, ...: one for each row. */
enum diag_code {
#define DIAGNOSTIC(name, ...) CODE_##name,
#include "diagnostics.def"
  CODES
};

/* Where an example stands; the rest of its description is the same for all. */
enum example_place {
  PLACE_FILE, /* it is a whole file */
  PLACE_BEFORE,
  PLACE_MODEL,
  PLACE_ENCODER,
  PLACE_DECODER,
  PLACE_TRAIN,
  PLACE_BLOCK, /* in the encoder, with a block `down(channels, stride 1)` */
};

struct diagnostic {
  const char *code; /* "E0101" */
  const char *title, *explanation;
  enum example_place place;
  const char *wrong, *right; /* NULL: there is none */
};

const struct diagnostic *diagnostic_of(enum diag_code code);

/* Whether it is a warning, which rejects nothing. */
bool diagnostic_warns(enum diag_code code);

/* An example as a whole description. */
const char *diagnostic_example(struct mem *mem, enum example_place place, const char *text);

/* `lathe explain [CODE]`: all about one, or a line for each (NULL). False when there is none. */
bool diagnostics_explain(FILE *out, const char *code);

/* The reference's table, in Markdown. */
void diagnostics_markdown(FILE *out);

#endif
