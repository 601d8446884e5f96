/* `lathe summary`: what a model consists of and what it will cost. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "compile.h"

void summary_print(FILE *out, const struct compilation *c);

/* One JSON object on one line; false when memory runs out. */
bool summary_json(FILE *out, const struct compilation *c);

#endif
