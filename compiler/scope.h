/* Names of constants and blocks for the checker's suggestions. */
#ifndef SCOPE_H
#define SCOPE_H

#include "suggest.h"

struct binding;

/* Offers the names of all constants, or of all blocks, in a scope. */
void scope_suggest(const struct binding *scope, struct suggestion *near);
void scope_suggest_blocks(const struct binding *scope, struct suggestion *near);

#endif
