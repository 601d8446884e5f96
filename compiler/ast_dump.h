/* `lathe dump`: what the parser made of a description, and what expansion made of that. */
#ifndef AST_DUMP_H
#define AST_DUMP_H

#include "ast.h"
#include <stdio.h>

/* Prints statements, one a line, indented by the blocks around them, each behind the line and
 * column where it stands (of an included file also its name); attributes below their statement;
 * operations as (operator operand ...); names of constants with their values once these are known.
 */
void ast_dump(FILE *out, const struct source *source, const struct ast_node *items);

#endif
