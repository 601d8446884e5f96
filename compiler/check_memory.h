/* Whether a model keeps to the memory that its description allows. */
#ifndef CHECK_MEMORY_H
#define CHECK_MEMORY_H

#include "diag.h"
#include "model.h"

/* Compares what the plan of memory needs with the model's limit, if there is one, and reports when
 * it is too much, with the largest that is in it. False then, or when no plan can be made (which
 * has been said on standard error). */
bool check_memory(struct mem *mem, const struct model *model, struct diags *diags);

#endif
