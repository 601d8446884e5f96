/* From what is written to what it means: names, numbers, shapes and settings are checked against
 * the tables of rules.h. */
#ifndef LATHE_CHECK_H
#define LATHE_CHECK_H

#include "expand.h"
#include "model.h"

/* The typed model, in the pool; NULL when `diags` holds any error (those of parser and expansion
 * included). */
struct model *check(struct mem *mem, const struct expanded *ast, struct diags *diags);

#endif
