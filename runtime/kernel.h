/* How emitted code runs the kernels of a training step. */
#ifndef LATHE_KERNEL_H
#define LATHE_KERNEL_H

#include "state.h"

/* Runs a kernel's tasks on the state's pool, then tells state->after_kernel that kernel number
 * `kernel` of the step is done: `trace` reads values there, before others take their place. */
void lathe_kernel(struct lathe_state *state, int kernel, int tasks, lathe_task *task, void *arg);

#endif
