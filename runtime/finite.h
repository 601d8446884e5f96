/* Whether numbers are numbers. */
#ifndef LATHE_FINITE_H
#define LATHE_FINITE_H

#include "error.h"
#include "model.h"
#include "real.h"
#include "state.h"
#include <stdbool.h>
#include <stddef.h>

/* Whether none of `count` values is NaN or infinite. */
bool lathe_all_finite(const lathe_real *values, size_t count);

/* The same of `each` values for each of n images, of which `first` is the first; fails, naming the
 * image, if one is not finite. `what` is what the values are: "the latent mean". */
bool lathe_expect_finite(const struct lathe_model *model, const char *what,
                         const lathe_real *values, int64_t first, int64_t n, int64_t each,
                         struct lathe_error *err);

/* Whether all that lasts from step to step is: parameters, buffers, the optimiser's state. */
bool lathe_state_finite(const struct lathe_state *state, const struct lathe_model *model);

enum { LATHE_FINITE_SHARES = 1024 };

/* The same of one share of LATHE_FINITE_SHARES of the parameters and the optimiser's state: so
 * little that it can be looked at in every step, another in each. */
bool lathe_share_finite(const struct lathe_state *state, const struct lathe_model *model,
                        int64_t step);

#endif
