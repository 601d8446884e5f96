/* The parts of `bench`. */
#ifndef LATHE_BENCH_H
#define LATHE_BENCH_H

#include "command.h"
#include "dataset.h"
#include "error.h"
#include "session.h"
#include <stdbool.h>

/* bench --per-layer: takes training steps on batches of `batch` made-up images and prints where
 * their time goes, a row a kernel, then what is outside of kernels, in a table or as JSON. */
bool lathe_bench_layers(const struct lathe_call *call, struct lathe_session *session, int batch,
                        struct lathe_error *err);

/* Made-up images as a file of uint8 would give them, of random bytes, to be freed with
 * lathe_dataset_free. */
bool lathe_bench_images(struct lathe_dataset *dataset, const struct lathe_model *model,
                        struct lathe_error *err);

#endif
