/* A model taken through all passes up to emission: its programs, scheduled and planned, and the
 * layout of the arena's fixed part. */
#ifndef COMPILE_H
#define COMPILE_H

#include "lower.h"
#include "schedule.h"

/* What `dump` can print: what the parser, expansion and the passes make. */
enum stage {
  STAGE_AST,
  STAGE_EXPANDED,
  STAGE_GRAPH,
  STAGE_BACKWARD,
  STAGE_SCHEDULE,
  STAGE_PLAN,
  STAGE_NONE
};

struct compilation {
  struct mem *mem;
  const struct model *model;
  struct parameters *parameters;
  struct schedule *programs[PROGRAM_COUNT];

  /* Elements. Parameters are [0, trained), buffers follow, then up to fixed_inference the tables
   * that programs make of them, then gradients and the optimiser's moments (0: it has none), then
   * temporaries of the whole batch. */
  int64_t trained, gradients, moments[LATHE_MOMENTS];
  int64_t tables[PROGRAM_COUNT]; /* where a program's tables begin */
  int64_t fixed_inference, fixed_training;
  int64_t fixed_temporaries; /* where the temporaries of the whole batch begin */
  int64_t per_image_inference, per_image_training;
  int64_t scratch;
  int64_t em_doubles;
  int64_t parameter_count; /* trained values, without the padding between tensors */
  double flops_forward, flops_step;
};

/* Runs the passes; prints the model after `dump` to `out` if that is one of them. NULL when a
 * verifier finds the compiler at fault (it has said so on standard error). */
struct compilation *compile(struct mem *mem, const struct model *model, enum stage dump, FILE *out);

/* Whether the optimiser keeps what optimisers.def names as moment `i`. */
bool optimiser_keeps(const struct lathe_training *t, int i);

/* Trained values of one layer. */
int64_t layer_parameters(const struct compilation *c, const struct layer *layer);

#endif
