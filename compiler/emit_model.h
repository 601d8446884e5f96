/* All the files of one model's emitted C. */
#ifndef EMIT_MODEL_H
#define EMIT_MODEL_H

#include "compile.h"

enum { EMITTED_FILES = 8 };

struct emitted_file {
  const char *name; /* "digits_mlp_forward.c" */
  const char *text;
  size_t length;
};

struct emitted {
  struct emitted_file files[EMITTED_FILES];
  int count;
};

struct emitted *emit_model(const struct compilation *c);

/* The architecture in 16 hex digits: models with the same one can use each other's runs. */
const char *model_fingerprint(const struct compilation *c);

#endif
