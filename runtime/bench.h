/* The parts of `bench`. */
#ifndef LATHE_BENCH_H
#define LATHE_BENCH_H

#include "command.h"
#include "error.h"
#include "session.h"
#include <stdbool.h>

/* bench --per-layer: takes training steps on batches of `batch` made-up images and prints where
 * their time goes, a row a kernel, then what is outside of kernels, in a table or as JSON. */
bool lathe_bench_layers(const struct lathe_call *call, struct lathe_session *session, int batch,
                        struct lathe_error *err);

#endif
