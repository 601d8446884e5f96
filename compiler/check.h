/* From what is written to what it means: names, numbers, shapes and settings are checked against
 * the tables of rules.h. */
#ifndef LATHE_CHECK_H
#define LATHE_CHECK_H

#include "ast.h"
#include "diag.h"
#include "model.h"

/* The typed model, in the pool; NULL when `diags` holds any error (the parser's included). */
struct model *check(struct mem *mem, const struct ast_model *ast, struct diags *diags);

#endif
