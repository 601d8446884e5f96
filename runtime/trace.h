/* The values of one training step (model->values), copied as they arise: they share memory, and
 * most are gone when the step returns. README.md, "Tensor names", says how they are called. */
#ifndef LATHE_TRACE_H
#define LATHE_TRACE_H

#include "error.h"
#include "model.h"
#include "state.h"
#include "tensor_check.h"
#include "tensors.h"
#include <stdbool.h>

/* What `trace` calls a value. */
void lathe_value_name(const struct lathe_value *value, char name[LATHE_TENSOR_NAME]);

struct lathe_trace {
  const struct lathe_model *model;
  struct lathe_state *state;
  int images;
  void **to;  /* [value_count]: where each value goes; owned by the tensors that hold it */
  int copied; /* how many values have been */
};

/* Adds a tensor to `out` for each value of a step with n images, and has `state` fill them in its
 * next training step. Shapes and order are PyTorch's, [n, channels, height, width]. The type is
 * that of lathe_real; losses are double. lathe_trace_stop is needed after failure too. */
bool lathe_trace_start(struct lathe_trace *trace, const struct lathe_model *model,
                       struct lathe_state *state, int n, struct lathe_tensors *out,
                       struct lathe_error *err);

/* Watches no longer. Fails when a value has not been seen since lathe_trace_start. */
bool lathe_trace_stop(struct lathe_trace *trace, struct lathe_error *err);

#endif
