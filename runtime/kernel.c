#include "kernel.h"

void lathe_kernel(struct lathe_state *state, int kernel, int tasks, lathe_task *task, void *arg)
{
  if (state->before_kernel != NULL)
    state->before_kernel(state->before_arg, kernel);
  lathe_parallel(state->pool, tasks, task, arg);
  if (state->after_kernel != NULL)
    state->after_kernel(state->after_arg, kernel);
}
