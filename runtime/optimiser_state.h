/* What an optimiser remembers from step to step, as tensors with PyTorch's names for it
 * (optimisers.def): for Adam optimiser.exp_avg.NAME and optimiser.exp_avg_sq.NAME, for SGD with
 * momentum optimiser.momentum_buffer.NAME, NAME being each trained parameter's; and optimiser.step,
 * int64, the steps that it has done. The file's metadata says `optimiser`: "adam". */
#ifndef LATHE_OPTIMISER_STATE_H
#define LATHE_OPTIMISER_STATE_H

#include "error.h"
#include "model.h"
#include "state.h"
#include "tensor_check.h"
#include "tensors.h"
#include <stdbool.h>
#include <stdint.h>

/* "adam", as the description says it. */
const char *lathe_optimiser_name(enum lathe_optimiser optimiser);

/* Adds what the optimiser of `model` keeps in `fixed`, the arena's fixed part. */
bool lathe_optimiser_export_moments(struct lathe_tensors *out, const struct lathe_model *model,
                                    const lathe_real *fixed, struct lathe_error *err);

/* What the names of moment i's tensors begin with: "optimiser.exp_avg.". */
void lathe_moment_prefix(const struct lathe_model *model, int i, char prefix[LATHE_TENSOR_NAME]);

/* Adds the state of model->training's optimiser and the number of steps done. */
bool lathe_optimiser_export(struct lathe_tensors *out, const struct lathe_model *model,
                            const struct lathe_state *state, int64_t steps,
                            struct lathe_error *err);

/* The reverse. A file without any tensor whose name begins with "optimiser." is a fresh start:
 * *steps becomes 0 and the state stays as it is. Otherwise all of them must be there and no others:
 * fails for one that is missing, unknown, of another shape or type, or not finite, and `state` may
 * then have been changed in part; and, naming both, for the state of another optimiser. `name` is
 * what messages call the file. */
bool lathe_optimiser_import(const struct lathe_tensors *in, const char *name,
                            const struct lathe_model *model, struct lathe_state *state,
                            int64_t *steps, struct lathe_error *err);

#endif
