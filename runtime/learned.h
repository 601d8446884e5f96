/* What a run has learned of its data's scale: by what the input is normalised, and the deviations
 * of a Gaussian likelihood. */
#ifndef LATHE_LEARNED_H
#define LATHE_LEARNED_H

#include "session.h"
#include <jansson.h>

/* In words on standard output, a line each, in the units of the data. */
void lathe_learned_print(const struct lathe_session *session);

/* Adds to a JSON object what there is of `shifts`, `scales` (of what is normalised alike) and
 * `deviations` (in the data's units: one, or where variances are learned for each value, or scales
 * differ, one for each value), arrays in PyTorch's order. */
void lathe_learned_put(const struct lathe_session *session, json_t *to);

#endif
