/* How emitted code runs the kernels of a training step. */
#ifndef LATHE_KERNEL_H
#define LATHE_KERNEL_H

#include "state.h"

/* Runs a kernel's tasks on the state's pool. state->before_kernel is told that kernel number
 * `kernel` of the step begins, and state->after_kernel that it is done: `bench` takes the time
 * between them, `trace` reads values after it, before others take their place. */
void lathe_kernel(struct lathe_state *state, int kernel, int tasks, lathe_task *task, void *arg);

#endif
