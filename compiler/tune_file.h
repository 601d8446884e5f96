/* The file in which `lathe tune` keeps what it found, beside the description: MODEL.tune.
 *
 *     lathe 0.1.0
 *     target native
 *     processor AMD EPYC 9R14
 *     threads 2
 *     precision float32
 *     batch 64
 *
 *     encoder.2: conv2d 128, kernel 4, stride 2, pad 1; [64, 14, 14] -> [128, 7, 7]
 *       inference blocks   # us: blocks 117.3, winograd 130.2, blas 180.9
 *       forward winograd
 *
 * What it was measured for stands first (every key once), then layers as they were, and below each
 * what is to compute it for which use (uses.def, algorithms.def). From # to the end of its line
 * stands a comment. */
#ifndef TUNE_FILE_H
#define TUNE_FILE_H

#include "chosen.h"
#include "diag.h"

/* Where and for what was measured. */
struct tune_conditions {
  const char *lathe;     /* the version */
  const char *target;    /* a name of targets.def */
  const char *processor; /* as the system calls it */
  int threads;
};

/* The conditions of this machine and this program. */
struct tune_conditions tune_conditions(struct mem *mem, const char *target, int threads);

/* "models/digits.tune" for "models/digits.lathe". */
const char *tune_path(struct mem *mem, const char *description);

/* A layer as the file has it: "linear 512; [784] -> [512]". */
const char *tune_layer(struct mem *mem, const struct layer *layer);

/* The file's text, for the choices of `list`; comments[i] stands behind choice i. */
const char *tune_text(struct mem *mem, const struct model *model,
                      const struct tune_conditions *conditions, const struct chosen *list,
                      const char *const *comments, int count);

/* Has the model's layers computed as the file says, whose text `source` is, where it fits: where
 * layer, precision, batch (for training) and target are still the same. What does not is left to
 * the cost model, with a warning; measurements of another processor or version are used, with a
 * warning. False when the file is malformed, which `diags` (about `source`) then says. */
bool tune_apply(struct mem *mem, struct model *model, const struct tune_conditions *here,
                const struct source *source, struct diags *diags);

#endif
